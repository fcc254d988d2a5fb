"""``chatops cp`` as a user has it: real hub, agents and command line."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pexpect
import pytest

from tests.support.memory import Growth, MiB, peak_rss
from tests.support.processes import PROGRAM, Bench, bench
from tests.support.waiting import until

POLICY = """
[policy]
allow = ["files"]

[policy.files]
folders = ["{folder}"]
write = ["{folder}/in"]
"""


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A hub with ``web-1``, which may read in ``there`` and write in ``there/in``, and ``web-2``,
    where nobody said anything of writing."""
    with bench(tmp_path_factory.mktemp("copies")) as made:
        made.start_hub()
        made.login()
        (made.folder / "there" / "in").mkdir(parents=True)
        (made.folder / "here").mkdir()
        config = made.folder / "agent.toml"
        config.write_text(POLICY.format(folder=made.folder / "there"))
        config.chmod(0o600)
        made.start_agent("web-1", made.add_server("web-1"), "--config", str(config))
        made.start_agent("web-2", made.add_server("web-2"), "--allow", "files")
        until(lambda: online(made) == 2, what="both agents")
        yield made


def online(hub: Bench) -> int:
    return len(hub.run("servers", "list", "--status", "online", "-q").out.split())


@pytest.fixture
def here(copies: Bench, request: pytest.FixtureRequest) -> Path:
    """An empty folder of the one who types."""
    folder: Path = copies.folder / "here" / request.node.name
    folder.mkdir()
    return folder


@pytest.fixture
def there(copies: Bench, request: pytest.FixtureRequest) -> Path:
    """An empty folder that may be written to on web-1."""
    folder: Path = copies.folder / "there" / "in" / request.node.name
    folder.mkdir()
    return folder


def names_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def facts(path: Path) -> tuple[bytes, int, int]:
    found = path.stat()
    return path.read_bytes(), found.st_mode, found.st_mtime_ns


def audited(hub: Bench, action: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = hub.run(
        "audit", "list", "--action", action, "-o", "json"
    ).json()
    return found


def test_a_file_is_the_same_there_and_back(copies: Bench, here: Path, there: Path) -> None:
    source = here / "some file"
    source.write_bytes(os.urandom(3_000_000))
    source.chmod(0o640)
    os.utime(source, ns=(1, 1_600_000_000_123_456_789))
    up = copies.run("cp", str(source), f"web-1:{there}/", "-o", "json")
    assert up.code == 0
    (result,) = up.json()
    assert facts(there / "some file") == facts(source)
    digest = subprocess.run(["sha256sum", source], capture_output=True, text=True, check=True)
    assert result["sha256"] == digest.stdout.split()[0]
    assert (result["server"], result["files"], result["bytes"]) == ("web-1", 1, 3_000_000)
    down = copies.run("cp", f"web-1:{there}/some file", str(here / "back"))
    assert (down.code, down.stdout) == (0, b"")
    assert facts(here / "back") == facts(source)
    sent, done = audited(copies, "files.write")[-2:]
    assert (sent["outcome"], done["outcome"]) == ("sent", "ok")
    assert result["sha256"] in str(done["detail"])
    assert str(there) in str(done["detail"])


def test_the_folder_that_may_be_written_in_takes_a_copy_by_its_bare_name(
    copies: Bench, here: Path
) -> None:
    (here / "into it").write_text("x")
    place = copies.folder / "there" / "in"
    assert copies.run("cp", str(here / "into it"), f"web-1:{place}").code == 0
    assert (place / "into it").read_text() == "x"


@pytest.mark.parametrize("count", [2000, pytest.param(10_000, marks=pytest.mark.soak)])
def test_many_files_and_odd_names_go_in_one_stream(
    copies: Bench, here: Path, there: Path, count: int
) -> None:
    root = here / "tree"
    (root / "sub").mkdir(parents=True)
    for number in range(count):
        (root / "sub" / f"file-{number}").write_text(str(number))
    (root / "new\nline").write_text("n")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff")).write_text("no UTF-8")
    (root / "out").symlink_to("/etc/passwd")
    up = copies.run("cp", "-r", str(root), f"web-1:{there}")
    assert up.code == 0
    assert "skipped: out: it is a link that leads out" in up.err
    down = copies.run("cp", "-r", f"web-1:{there}/tree", str(here / "back"))
    assert down.code == 0
    (root / "out").unlink()
    assert subprocess.run(["diff", "-r", root, here / "back"], check=False).returncode == 0


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_bar_shows_what_of_a_folder_is_copied_and_fits_the_screen(
    copies: Bench, here: Path, there: Path, way: str
) -> None:
    root = there / "from" if way == "down" else here / "a folder with a very long name"
    root.mkdir()
    for number in range(300):
        (root / str(number)).write_bytes(bytes(10_000))
    ends = [f"web-1:{root}", str(here)] if way == "down" else [str(root), f"web-1:{there}"]
    child = pexpect.spawn(
        PROGRAM[0], [*PROGRAM[1:], "cp", "-r", *ends],
        env={**copies.environ, "TERM": "xterm-256color"}, dimensions=(24, 80), timeout=45,
        encoding="utf-8",
    )  # fmt: skip
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", child.before))
    assert any("300 files 2.9/2.9 MiB" in line for line in lines)
    assert max(map(len, lines[:-2])) <= 80
    assert lines[-2].startswith("copied 300 files, 2.86 MiB to ")


@pytest.mark.parametrize("gib", [1, pytest.param(4, marks=pytest.mark.soak)])
def test_a_sparse_file_stays_sparse(copies: Bench, here: Path, there: Path, gib: int) -> None:
    source = here / "sparse"
    with source.open("wb") as file:
        file.truncate(gib << 30)
        file.seek(gib << 29)
        file.write(b"deep inside")
    assert copies.run("cp", str(source), f"web-1:{there}", "-q", timeout=300).code == 0
    copy = there / "sparse"
    assert (copy.stat().st_size, copy.stat().st_blocks < 1000) == (gib << 30, True)
    with copy.open("rb") as file:
        file.seek(gib << 29)
        assert file.read(11) == b"deep inside"
    copy.unlink()


@pytest.mark.parametrize("megabytes", [100, pytest.param(1000, marks=pytest.mark.soak)])
def test_memory_of_both_ends_is_bounded(
    copies: Bench, here: Path, there: Path, megabytes: int
) -> None:
    """Of a file with as much in it as is given, and a hole of the same size."""
    source, small = here / "large", here / "small"
    small.write_bytes(b"x")
    with source.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(500_000) * 2)
        file.truncate(2 * file.tell())
    agent = Growth(copies.programs[1].process.pid)
    usual = peak_of(copies, "cp", str(small), f"web-1:{there}")
    up = peak_of(copies, "cp", str(source), f"web-1:{there}")
    down = peak_of(copies, "cp", f"web-1:{there}/large", str(here / "back"))
    assert (here / "back").stat().st_size == source.stat().st_size
    assert agent.peak < 30 * MiB
    assert up - usual < 30 * MiB
    assert down - usual < 30 * MiB
    for file in (source, there / "large", here / "back"):
        file.unlink()


def peak_of(hub: Bench, *words: str) -> int:
    """The most memory, in bytes, that the command line took of a copy that succeeded."""
    running = subprocess.Popen([*PROGRAM, *words], env=hub.environ, stderr=subprocess.DEVNULL)
    peak = 0

    def ended() -> bool:
        nonlocal peak
        with suppress(OSError, AssertionError):  # it is about to end
            peak = max(peak, peak_rss(running.pid))
        return running.poll() is not None

    until(ended, within=300, what="the copy")
    assert running.returncode == 0
    return peak


def test_what_the_policy_does_not_allow_is_refused_and_audited(
    copies: Bench, here: Path, there: Path
) -> None:
    (here / "file").write_text("x")
    outside = there.parent.parent / "outside"
    (there / "way").symlink_to("/etc")
    wrong = [
        ("cp", str(here / "file"), f"web-1:{outside}"),
        ("cp", str(here / "file"), f"web-1:{there}/way/x"),
        ("cp", str(here / "file"), f"web-1:{there}/../../x"),
        ("cp", f"web-1:{there}/way/passwd", str(here / "stolen")),
        ("cp", str(here / "file"), f"web-2:{there}/x"),
    ]
    for words in wrong:
        found = copies.run(*words)
        assert (found.code, found.stdout) == (5, b""), words
        assert "policy" in found.err
        if words[1] == str(here / "file"):
            assert "files.folders" not in found.err
            assert "write = [" in found.err
    assert not outside.exists()
    assert not (here / "stolen").exists()
    outcomes = [one["outcome"] for one in audited(copies, "files.write")[-8:]]
    assert outcomes == ["sent", "refused"] * 4
    assert audited(copies, "files.read")[-1]["outcome"] == "refused"


def test_a_wrong_line_says_what_is_wrong(copies: Bench, here: Path, there: Path) -> None:
    (here / "file").write_text("x")
    (there / "a file").write_text("x")
    (here / "over" / "a file").mkdir(parents=True)
    for words, code, text in [
        (("a", "b"), 2, "both SRC and DST are here"),
        (("web-1:/a", "web-2:/b"), 2, "on servers"),
        (("web-*:/a", "b"), 2, "several servers"),
        ((str(here), f"web-1:{there}"), 2, "is a folder"),
        ((str(here / "none"), f"web-1:{there}"), 4, "no such file"),
        ((str(here / "file"), f"web-1:{there}/none/x"), 4, "no such folder"),
        ((str(here / "file"), "web-9:/x"), 4, "web-9"),
        ((f"web-1:{there}/none", "x"), 4, "no such file"),
        ((str(here / "file"), f"web-1:{there}/a file/x"), 6, "no folder"),
        ((str(here / "file"), f"web-1:{there}/a file/x/y"), 6, "through a file"),
        (("/proc/cpuinfo", f"web-1:{there}/x"), 2, "has no size"),
        (("web-1:/proc/cpuinfo", "x"), 5, "policy"),
        (("-r", str(here), f"web-1:{there}/a file"), 6, "no folder"),
        ((f"web-1:{there}/a file", str(here / "file" / "x")), 6, "not a directory"),
        ((f"web-1:{there}/a file", str(here / "over")), 6, "is a folder"),
    ]:
        found = copies.run("cp", *words)
        assert (found.code, found.stdout) == (code, b""), words
        assert text in found.err


def test_a_link_as_destination_stays_one(copies: Bench, here: Path, there: Path) -> None:
    (here / "file").write_text("new")
    for folder in (here, there):
        (folder / "real").write_text("old")
        (folder / "link").symlink_to("real")
    assert copies.run("cp", str(here / "file"), f"web-1:{there}/link").code == 0
    assert copies.run("cp", f"web-1:{there}/link", str(here / "link")).code == 0
    for folder in (here, there):
        assert (folder / "link").is_symlink()
        assert (folder / "real").read_text() == "new"
    (here / "out").symlink_to("/dev/stdout")
    found = copies.run("cp", f"web-1:{there}/real", str(here / "out"))
    assert (found.code, found.stdout) == (6, b"")
    assert "is not replaced" in found.err
    assert (here / "out").is_symlink()


def test_who_may_only_look_is_told_whom_to_ask(copies: Bench, here: Path) -> None:
    token = copies.run("tokens", "create", "looks", "--role", "viewer", "-o", "json").json()[
        "token"
    ]
    for words in [("cp", "web-1:/etc/hosts", str(here)), ("cp", "/etc/hosts", "web-1:/tmp/x")]:
        found = copies.run(*words, "--token", token)
        assert (found.code, names_in(here)) == (5, [])
        assert "hint: ask the server's owner or an administrator" in found.err


def test_to_several_servers_the_exit_code_says_that_one_failed(
    copies: Bench, here: Path, there: Path
) -> None:
    (here / "file").write_text("for all")
    found = copies.run("cp", str(here / "file"), f"web-*:{there}", "-o", "json")
    assert found.code == 1
    by_name = {one["server"]: one["error"] for one in found.json()}
    assert by_name["web-1"] is None
    assert by_name["web-2"]["code"] == "refused"
    assert "not copied: web-2: " in found.err
    assert (there / "file").read_text() == "for all"


def test_no_space_and_no_permission_leave_the_old_file(
    copies: Bench, here: Path, there: Path
) -> None:
    assert os.geteuid() == 0, "this test mounts a tmpfs: run it as root"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", there], check=True)
    try:
        (there / "file").write_text("old")
        (here / "file").write_bytes(os.urandom(3_000_000))
        found = copies.run("cp", str(here / "file"), f"web-1:{there}/file")
        assert found.code == 1
        assert f"{there}/file: no space left on device" in found.err
        assert names_in(there) == ["file"]
        root = copies.folder / "there" / "too large"
        root.mkdir()
        (root / "1").write_bytes(b"first")
        (here / "file").rename(root / "2")
        for number, ends in enumerate(
            [(f"{root}", f"web-1:{there}/0"), (f"web-1:{root}", f"{there}/1")]
        ):
            found = copies.run("cp", "-r", *ends, "-o", "json")
            (result,) = found.json()
            assert (found.code, result["files"], result["bytes"]) == (1, 1, 5)
            assert "no space" in result["error"]["message"]
            assert names_in(there / str(number)) == ["1"]
        assert audited(copies, "files.write")[-1]["detail"]["files"] == 1
        (root / "2").rename(here / "file")
        subprocess.run(["mount", "-o", "remount,ro", there], check=True)
        found = copies.run("cp", "-q", str(here / "file"), f"web-1:{there}/file")
        assert found.code == 1
        assert "read-only file system" in found.err
        assert (there / "file").read_text() == "old"
    finally:
        subprocess.run(["umount", there], check=True)


@pytest.mark.parametrize("cuts", [3, pytest.param(30, marks=pytest.mark.soak)])
def test_a_killed_hub_costs_only_the_rest(hub: Bench, cuts: int) -> None:
    """At random moments: what is there is the old file, or the whole new one."""
    hub.start_agent("web-1", hub.add_server("web-1"), "--allow", "exec,files")
    until(lambda: online(hub) == 1, what="the agent")
    source, target = hub.folder / "source", hub.folder / "target"
    size = 40_000_000 * cuts
    source.write_bytes(os.urandom(size))
    target.write_bytes(b"old")
    running, port = hub.programs[0], hub.url.rpartition(":")[2]
    copy = hub.start("cp", "cp", str(source), f"web-1:{target}", "-o", "json")
    for least in sorted(random.sample(range(size * 3 // 4), cuts)):
        until(partial(has_more, hub.folder, least), what="a part of it")
        running.stop(signal.SIGKILL)
        assert target.read_bytes() == b"old"
        running = hub.start_hub(None, "--port", port)
    assert copy.process.wait(60 + 10 * cuts) == 0
    assert target.read_bytes() == source.read_bytes()
    said = copy.said.decode()
    assert f'"sent_bytes": {size}' in said
    assert "it is back" in said
    assert partly(hub.folder) == 0


def test_a_killed_agent_leaves_nothing_behind(hub: Bench) -> None:
    """It has forgotten the copy, which begins anew by itself."""
    key = hub.add_server("web-1")
    agent = hub.start_agent("web-1", key, "--allow", "exec,files")
    until(lambda: online(hub) == 1, what="the agent")
    source, target = hub.folder / "source", hub.folder / "target"
    source.write_bytes(os.urandom(4_000_000) * 40)
    target.write_bytes(b"old")
    copy = hub.start("cp", "cp", str(source), f"web-1:{target}")
    until(partial(has_more, hub.folder, 1), what="a part of it")
    agent.stop(signal.SIGKILL)
    copy.says(rb"trying again")
    (part,) = hub.folder.glob(".chatops-*.part")
    assert target.read_bytes() == b"old"
    hub.start_agent("web-1", key, "--allow", "exec,files")
    until(lambda: not part.exists(), what="that what was left behind is gone")
    assert copy.process.wait(60) == 0
    assert target.read_bytes() == source.read_bytes()
    assert partly(hub.folder) == 0


def has_more(folder: Path, least: int) -> bool:
    return partly(folder) > least


def partly(folder: Path) -> int:
    """Bytes of a file that is not whole yet."""
    return sum(one.stat().st_size for one in folder.glob(".chatops-*.part"))


def test_a_terminal_that_goes_away_leaves_nothing_behind(
    copies: Bench, here: Path, there: Path
) -> None:
    (there / "file").write_bytes(os.urandom(4_000_000) * 50)
    copy = copies.start("cp", "cp", f"web-1:{there}/file", str(here))
    until(lambda: partly(here) > 0, what="the beginning")
    copy.send(signal.SIGHUP)
    assert copy.process.wait(30) == 129
    assert names_in(here) == []
    (there / "file").unlink()


def test_what_a_killed_command_leaves_goes_with_the_next_copy(
    copies: Bench, here: Path, there: Path
) -> None:
    (there / "file").write_bytes(os.urandom(4_000_000) * 50)
    copy = copies.start("cp", "cp", f"web-1:{there}/file", str(here))
    until(lambda: partly(here) > 0, what="the beginning")
    copy.stop(signal.SIGKILL)
    (left,) = names_in(here)
    assert left.endswith(".part")
    assert copies.run("cp", f"web-1:{there}/file", str(here)).code == 0
    assert names_in(here) == ["file"]
    (there / "file").unlink()


def test_ctrl_c_leaves_nothing_behind(copies: Bench, here: Path, there: Path) -> None:
    (here / "file").write_bytes(os.urandom(4_000_000) * 50)
    copy = copies.start("cp", "cp", str(here / "file"), f"web-1:{there}")
    until(lambda: partly(there) > 0, what="the beginning")
    copy.send(signal.SIGINT)
    assert copy.process.wait(30) == 130
    until(lambda: names_in(there) == [], what="that nothing is left")
    until(lambda: audited(copies, "files.write")[-1]["outcome"] == "cancelled", what="the audit")
    (here / "file").unlink()
