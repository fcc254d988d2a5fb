"""No secret that was used reaches a log, an error, an argument or another program's environment
listing: a busy hour of hub, agent and command line at debug level, read for each of them."""

from __future__ import annotations

import json
import signal
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

from chatops.cli.profiles import Profiles
from tests.support.processes import PASSWORD, Bench
from tests.support.waiting import until

WRONG = "hunter2-hunter2-hunter2"
PRIVATE = "of-the-deployment-4711"
HOOK = "path-of-the-hook-4711"
SIGNING = "signs-the-hook-4711"

_HOOK = f"http://127.0.0.1:9/{HOOK}?key={HOOK}\n{SIGNING}\n"


def test_no_secret_is_told(place: Bench) -> None:
    place.start_hub(None, "--log-level", "debug")
    place.login()
    made = place.run("servers", "add", "web-1", "--key", "-o", "json").json()["key"]
    secrets = [PASSWORD, WRONG, PRIVATE, HOOK, SIGNING, made["key"], made["join"], *_profile(place)]
    agent = place.start_agent("web-1", made["key"], "--allow", "exec", "--log-level", "debug")
    said = list(_busy(place, made["key"]))
    secrets += _profile(place)  # signing in again gave new ones
    said += [path.read_text() for path in place.folder.glob("*.log")]
    arguments = _arguments(place)
    place.run("keys", "revoke", made["id"], "--yes")
    assert agent.process.wait(15) == 3
    said += [agent.said.decode(), *_history(place)]
    secrets += tomllib.loads((place.folder / "hub" / "secrets.toml").read_text()).values()
    # Two sign-ins within one second have the same access token.
    assert len(secrets) == 14
    assert len(set(secrets)) >= 13
    for secret in secrets:
        for text in said:
            assert secret not in text, _around(text, secret)
        for line in arguments:
            assert secret not in line
    assert any("cok_***" in text for text in said), "what was to be struck out was there"
    assert any("Traceback" in text for text in said), "tracebacks were looked at too"


def _busy(place: Bench, key: str) -> Iterator[str]:
    """All that the command line and the hub's answers say when much goes right and wrong."""
    token = _profile(place)[0]
    lines: list[tuple[list[str], str, dict[str, str]]] = [
        (["login", place.url, "-u", "admin", "--password-stdin"], WRONG, {}),
        (["login", place.url, "-u", "admin", "--password-stdin"], PASSWORD, {}),
        (["status"], "", {"CHATOPS_TOKEN": f"{token}x"}),
        (["status"], "", {"CHATOPS_TOKEN": key}),
        (["status"], "", {"CHATOPS_TOKEN": f"{token} {token}"}),
        (["whoami"], "", {"CHATOPS_HUB": f"http://admin:{WRONG}@127.0.0.1:1"}),
        (["whoami"], "", {"CHATOPS_TOKEN": token}),
        (["servers", "show", key], "", {}),
        (["users", "create", "ann", "--role", "operator", "--password-stdin"], WRONG, {}),
        (["passwd"], WRONG, {}),
        (["keys", "list"], "", {}),
        (["exec", "--env", f"TOKEN={PRIVATE}", "web-1", "true"], "", {}),
        (["exec", "--env", f"TOKEN={PRIVATE}", "web-2", "true"], "", {}),
        (["channels", "add", "hook", "-", "--secret-stdin"], _HOOK, {}),
        (["channels", "add", "json", "-"], f"json://u:{HOOK}@127.0.0.1:9/{HOOK}", {}),
        (["channels", "add", "none", "-"], f"slack://{HOOK}", {}),
        (["channels", "test", "hook"], "", {}),
        (["channels", "test", "json"], "", {}),
        (["channels", "log", "json", "-o", "json"], "", {}),
        (["channels", "list", "-o", "json"], "", {}),
        (["commands", "list", "-o", "json"], "", {}),
        (["audit", "list", "-o", "json"], "", {}),
        (["events", "-o", "json"], "", {}),
        (["agent", "check"], "", {"CHATOPS_HUB": place.url, "CHATOPS_KEY": f"{key}x"}),
        (["agent"], "", {"CHATOPS_HUB": place.url, "CHATOPS_KEY": f"{key[:-4]}abcd"}),
        (["agent"], "", {"CHATOPS_JOIN": f"coj_{key}"}),
    ]
    for words, stdin, environ in lines:
        for more in ([], ["--debug"]) if words[0] not in ("agent", "exec") else ([],):
            done = place.run(*words, *more, stdin=stdin, **environ)
            yield done.out + done.err
    for path in (f"/servers/{key}", f"/{key}?token={token}", f"/events?server={key}"):
        for bearer in (token, f"{token}x", key, WRONG):
            yield _get(f"{place.url}/api/v1{path}", bearer)


def _get(url: str, bearer: str) -> str:
    """What the hub answers."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {bearer}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return str(answer.read())
    except HTTPError as error:
        return str(error.read())


def _profile(place: Bench) -> list[str]:
    """The access and refresh token in use."""
    (profile,) = Profiles(place.folder / "config").read().profiles.values()
    assert profile.token
    assert profile.refresh_token
    return [profile.token, profile.refresh_token]


def _arguments(place: Bench) -> list[str]:
    """The command lines of everything that runs now."""
    found = []
    for pid in place.alive():
        with suppress(OSError):
            found.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode())
    assert found
    return found


def _history(place: Bench) -> list[str]:
    """What the hub tells of the past, and what a killed one says when it is back."""
    hub = place.programs[0]
    told = [
        place.run(*words, "-o", "json").out for words in (["audit", "list"], ["commands", "list"])
    ]
    assert json.loads(told[0])
    hub.send(signal.SIGTERM)
    until(lambda: hub.process.poll() is not None, what="the hub's end")
    return [*told, hub.said.decode()]


def _around(text: str, secret: str) -> str:
    at = text.index(secret)
    return text[max(0, at - 200) : at].replace(secret, "…")
