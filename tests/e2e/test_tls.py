"""A hub that speaks TLS, and all that talk to it, as processes."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatops.cli.profiles import Profiles
from chatops.client.address import parse_address
from chatops.client.tls import fingerprint_at
from chatops.protocol.join import Join, decode_join
from tests.e2e.test_cli_terminal import ended, terminal
from tests.support.certificates import issued, self_signed
from tests.support.processes import PASSWORD, Bench, Program, bench
from tests.support.waiting import until

_FINGERPRINT = re.compile(rb"fingerprint \(SHA-256\) is ([0-9a-f]{64})")
SIGN_IN = ("-u", "admin", "--password-stdin")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Such a hub for all tests that end neither it nor its agent."""
    with bench(tmp_path_factory.mktemp("secure")) as made:
        yield secured(made)


def secured(place: Bench) -> Bench:
    """A hub with a certificate of its own, its admin signed in, with an agent ``web-1``."""
    hub = place.start_hub(None, "--tls-self-signed")
    found = _FINGERPRINT.search(hub.said)
    assert found
    pinned = ("--fingerprint", found[1].decode())
    done = place.run("login", place.url, *SIGN_IN, *pinned, stdin=PASSWORD)
    assert done.code == 0, done.err
    start_agent(place)
    return place


def join_of(place: Bench, name: str) -> tuple[str, Join]:
    """A new server's join string, and what is in it."""
    done = place.run("servers", "add", name, "--key", "-o", "json")
    assert done.code == 0, done.err
    text = done.json()["key"]["join"]
    return text, decode_join(text)


def start_agent(place: Bench, *flags: str) -> Program:
    """An agent ``web-1`` that knows nothing but its join string."""
    text, _ = join_of(place, "web-1")
    words = ["agent", "--data-dir", str(place.folder / "agent"), "--interval", "1s"]
    agent = place.start("agent", *words, "--allow", "exec", *flags, CHATOPS_JOIN=text)
    agent.says(rb"^connected to https://\S+ as web-1")
    return agent


def shown(place: Bench) -> str:
    """The fingerprint that a new connection sees."""
    return fingerprint_at(parse_address(place.url), 10.0)


def test_everything_works_over_a_pinned_certificate(secure: Bench) -> None:
    assert secure.url.startswith("https://127.0.0.1:")
    _, join = join_of(secure, "web-2")
    assert join == Join(secure.url, join.key, shown(secure))
    done = secure.run("exec", "web-1", "echo out; echo err >&2; exit 3")
    assert (done.code, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
    data = bytes(range(256)) * 8192
    done = secure.run("exec", "-i", "web-1", "cat", stdin=data)
    assert (done.code, done.stdout == data) == (0, True)
    done = secure.run("exec", "web-*", "echo x")
    assert b"web-1 | x" in done.stdout
    done = secure.run("status", "-o", "json")
    assert done.json()["url"] == secure.url


def test_attach_and_watch_over_tls(secure: Bench, tmp_path: Path) -> None:
    go = tmp_path / "go"
    line = f"echo begun; while ! test -e {go}; do sleep 0.05; done; echo over"
    made = secure.run("exec", "--detach", "web-1", line)
    assert made.code == 0, made.err
    attached = secure.start("attach", "commands", "attach", made.out.strip())
    attached.says(rb"^begun$")
    go.touch()
    attached.says(rb"^over$")
    assert attached.process.wait(15) == 0
    watching = secure.start("watch", "metrics", "watch", "web-1", "-o", "ndjson")
    watching.says(rb'"cpu')
    watching.stop(signal.SIGINT)


def test_an_unknown_certificate_is_refused_and_at_a_terminal_asked_about(place: Bench) -> None:
    place.start_hub(None, "--tls-self-signed")
    done = place.run("login", place.url, *SIGN_IN, stdin=PASSWORD)
    assert done.code == 7
    assert shown(place) in done.err
    with terminal(place, "login", place.url, "-u", "admin", columns=200) as child:
        child.expect_exact(shown(place))
        child.expect(re.escape("[y/N] "))
        child.sendline("n")
        assert ended(child)[0] == 7
    with terminal(place, "login", place.url, "-u", "admin", columns=200) as child:
        child.expect(re.escape("[y/N] "))
        child.sendline("y")
        child.expect("password: ")
        child.sendline(PASSWORD)
        assert ended(child)[0] == 0
    (profile,) = Profiles(place.folder / "config").read().profiles.values()
    assert profile.fingerprint == shown(place)
    assert place.run("servers", "list").code == 0


def test_the_certificate_stays_when_the_hub_starts_again(place: Bench) -> None:
    hub = place.start_hub(None, "--tls-self-signed")
    before = shown(place)
    assert hub.stop() == 0
    place.start_hub(None, "--tls-self-signed")
    assert shown(place) == before


def test_join_strings_follow_a_certificate_that_was_replaced(place: Bench) -> None:
    hub = place.start_hub(None, "--tls-self-signed")
    before = shown(place)
    other = self_signed(place.folder)
    (place.folder / "hub" / "tls-self-signed.pem").write_bytes(other.file.read_bytes())
    hub.send(signal.SIGHUP)
    until(lambda: shown(place) != before, what="the new certificate")
    pin = ("--fingerprint", other.fingerprint)
    done = place.run("login", place.url, *SIGN_IN, *pin, stdin=PASSWORD)
    assert done.code == 0, done.err
    assert join_of(place, "web-1")[1].fingerprint == other.fingerprint


def test_an_agent_that_is_stuck_does_not_delay_the_end(place: Bench) -> None:
    hub, agent = secured(place).programs
    agent.send(signal.SIGSTOP)
    try:
        assert hub.stop() == 0
    finally:
        agent.send(signal.SIGCONT)


@pytest.fixture
def own(place: Bench) -> Bench:
    """A hub with a certificate of an authority, its admin signed in."""
    chain, key = issued(place.folder)
    place.start_hub(None, "--tls-cert", str(chain), "--tls-key", str(key))
    done = place.run(
        "login", place.url, *SIGN_IN, "--ca-file", str(place.folder / "ca.pem"), stdin=PASSWORD
    )
    assert done.code == 0, done.err
    return place


def test_a_certificate_of_an_authority(own: Bench) -> None:
    _, join = join_of(own, "web-2")
    assert join.fingerprint is None
    start_agent(own, "--ca-file", str(own.folder / "ca.pem"))
    assert own.run("exec", "web-1", "echo x").out == "x\n"


def replace(own: Bench) -> None:
    """Put a new certificate with a new key into the hub's files."""
    new = own.folder / "new"
    new.mkdir()
    for path in issued(new):
        shutil.move(path, own.folder / path.name)


def test_sighup_reads_the_certificate_again_and_connections_stay(
    own: Bench, tmp_path: Path
) -> None:
    hub = own.programs[0]
    agent = start_agent(own, "--ca-file", str(own.folder / "ca.pem"))
    go = tmp_path / "go"
    running = own.start(
        "running", "exec", "web-1", f"echo begun; while ! test -e {go}; do sleep 0.05; done; echo y"
    )
    running.says(rb"^begun$")
    before = shown(own)
    replace(own)
    assert shown(own) == before
    hub.send(signal.SIGHUP)
    until(lambda: shown(own) != before, what="the new certificate")
    go.touch()
    running.says(rb"^y$")
    assert running.process.wait(15) == 0
    assert agent.said.count(b"connected to ") == 1
    assert hub.process.poll() is None


def test_a_broken_certificate_is_an_error_in_the_log_and_the_old_one_stays(own: Bench) -> None:
    hub = own.programs[0]
    before = shown(own)
    (own.folder / "chain.pem").write_text("no certificate")
    hub.send(signal.SIGHUP)
    hub.says(rb"(?i)error.*the certificate in use stays: .*chain\.pem")
    assert shown(own) == before
    replace(own)
    (own.folder / "key.pem").chmod(0o644)
    hub.send(signal.SIGHUP)
    hub.says(rb"stays: the key in .*key\.pem may be read by others")
    assert shown(own) == before
    assert b"Traceback" not in hub.said


def test_a_hub_without_tls_survives_sighup(place: Bench) -> None:
    hub = place.start_hub()
    hub.send(signal.SIGHUP)
    place.login()
    assert hub.stop() == 0


def test_a_hub_whose_terminal_is_gone_ends(place: Bench) -> None:
    words = ("serve", "--port", "0", "--data-dir", str(place.folder / "hub"))
    with terminal(place, *words) as child:
        child.expect("chatops hub ready at ")
        pid = child.pid
        child.close(force=False)  # the kernel sends SIGHUP
    until(lambda: pid not in place.alive(), what="its end")


def refused(place: Bench, *words: str) -> str:
    """What ``chatops serve`` says when it does not start."""
    done = place.run("serve", "--port", "0", "--data-dir", str(place.folder / "hub"), *words)
    assert done.code in (1, 2), done
    assert "Traceback" not in done.err
    assert "hint:" in done.err
    return done.err


def test_settings_that_cannot_be_are_refused(place: Bench) -> None:
    chain, key = (str(path) for path in issued(place.folder))
    assert "go together" in refused(place, "--tls-cert", chain)
    assert "exclude" in refused(place, "--tls-self-signed", "--tls-cert", chain, "--tls-key", key)
    encrypted = place.folder / "encrypted.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", encrypted],
        check=True,
    )
    encrypted.chmod(0o600)
    assert "is encrypted" in refused(place, "--tls-cert", chain, "--tls-key", str(encrypted))
    Path(key).chmod(0o644)
    assert "may be read" in refused(place, "--tls-cert", chain, "--tls-key", key)
    assert "everybody" in refused(place, "--trusted-proxy", "0.0.0.0/0")


def test_join_strings_never_say_0_0_0_0(place: Bench) -> None:
    hub = place.start_hub(None, "--host", "0.0.0.0", "--insecure")
    assert b"--public-url" in hub.said
    address = parse_address(place.url)._replace(host="127.0.0.1").url
    done = place.run("login", address, *SIGN_IN, stdin=PASSWORD)
    assert done.code == 0, done.err
    text, join = join_of(place, "web-1")
    host = parse_address(join.hub).host
    assert host not in ("0.0.0.0", "127.0.0.1", "localhost")
    agent = place.run("agent", "--data-dir", str(place.folder / "agent"), CHATOPS_JOIN=text)
    assert agent.code == 2
    assert "--insecure" in agent.err
    pasted = place.run("keys", "create", "web-1", "--name", "again")
    assert "chatops agent --allow exec,docker --insecure" in pasted.out
    done = place.run("login", join.hub, *SIGN_IN, stdin=PASSWORD)
    assert done.code == 2
    assert "--insecure" in done.err


def test_off_loopback_with_tls_needs_no_flag(place: Bench) -> None:
    place.start_hub(None, "--host", "0.0.0.0", "--tls-self-signed")
    assert place.url.startswith("https://0.0.0.0:")


def test_plain_http_to_a_hub_with_tls_is_told_apart(secure: Bench) -> None:
    plain = secure.url.replace("https:", "http:")
    done = secure.run("login", plain, *SIGN_IN, stdin=PASSWORD)
    assert done.code == 7
    assert "Traceback" not in done.err
