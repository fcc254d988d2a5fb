"""`chatops tail` as a user has it: forms, a terminal, and a stream that neither the end of the hub
nor a stopped terminal makes a hole in."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_cli_terminal import terminal
from tests.support.processes import PROGRAM, Bench, bench
from tests.support.waiting import until

FIELDS = ["server", "ts", "level", "source", "message"]
ODD = "level=error \x1b[31mred\x1b[0m [bold]markup[/]\tü"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Two servers that ship a file each, with lines in it."""
    with bench(tmp_path_factory.mktemp("tail")) as made:
        made.start_hub()
        made.login()
        for name in ("web-1", "web-2"):
            log = made.folder / f"{name}.log"
            log.write_text(f"level=info first of {name}\nlevel=warning second of {name}\n")
            made.start_agent(name, made.add_server(name), "--log", f"{log}@start")
        until(lambda: made.run("tail", "all", "--grep", "second").out.count("\n") == 2)
        yield made


def test_forms_of_one_and_of_several(place: Bench) -> None:
    log = place.folder / "web-1.log"
    (last,) = place.run("tail", "web-1", "-n", "1", "--grep", "of web-1").out.splitlines()
    assert last.split()[2:] == ["warning", str(log), "level=warning", "second", "of", "web-1"]
    worse = place.run("tail", "web-*", "--level", "warning", "--grep", "^level").out.splitlines()
    assert {line[:8] for line in worse} == {"web-1 | ", "web-2 | "}
    found = place.run("tail", "web-*", "-o", "json", "--grep", "first|second").json()
    assert sorted(one["server"] for one in found) == ["web-1", "web-1", "web-2", "web-2"]
    assert [list(one) for one in found] == [FIELDS] * 4
    lines = place.run("tail", "web-1", "-o", "ndjson", "--grep", "first").out.splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["level=info first of web-1"]
    assert place.run("tail", "web-1", "-q", "--grep", "first").out == "level=info first of web-1\n"
    assert place.run("tail", "web-1", "-o", "json", "--grep", "no such line").out == "[]\n"
    of_one = place.run("tail", "web-*", "-o", "json", "--source", str(log)).json()
    assert {(one["server"], one["source"]) for one in of_one} == {("web-1", str(log))}
    assert place.run("tail", "web-1", "-o", "json", "--source", "unit:none").out == "[]\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nope",), 4),
        (("x*",), 4),
        (("web-1", "--grep", "(?=x)"), 2),
        (("web-1", "--source", "/x", "--unit", "y"), 2),
        (("web-1", "--level", "loud"), 2),
        (("web-1", "-f", "-o", "json"), 2),
        (("web-1", "--raw", "-o", "json"), 2),
        (("web-1:/var/log/x", "--unit", "u"), 2),
        (("web-1", "--container", "app"), 5),
    ],
)
def test_what_cannot_be_is_an_error_alone(place: Bench, words: tuple[str, ...], code: int) -> None:
    done = place.run("tail", *words)
    assert (done.code, done.stdout) == (code, b"")
    assert done.err.startswith(("error: ", '{"error":'))


def test_odd_lines_are_shown_escaped_and_raw_as_they_are(place: Bench) -> None:
    with (place.folder / "web-2.log").open("a") as log:
        log.write(f"{ODD}\n")
    until(lambda: "markup" in place.run("tail", "web-2", "--grep", "markup").out)
    shown = place.run("tail", "web-2", "-n", "1", "--grep", "markup", FORCE_COLOR="1")
    assert "level=error \\x1b[31mred\\x1b[0m [bold]markup[/]\tü\n" in shown.out
    assert place.run("tail", "web-2", "-n", "1", "--grep", "markup", "--raw").out == f"{ODD}\n"


def test_at_a_terminal_it_goes_on_until_ctrl_c(place: Bench) -> None:
    with terminal(place, "tail", "web-*", "--grep", "at the terminal", columns=200) as child:
        for name in ("web-1", "web-2"):
            with (place.folder / f"{name}.log").open("a") as log:
                log.write(f"level=error {name} at the terminal\n")
            child.expect(rf"\x1b\[\d+m{name}\x1b\[0m \| .*\x1b\[31merror.*at the terminal\r\n")
        child.sendintr()
        child.expect_exact("^C")
        child.wait()
    assert child.exitstatus == 130
    with terminal(place, "logs", "search", "second", columns=80) as child:
        for name in ("web-1", "web-2"):
            child.expect(rf"{name}\x1b\[0m \| .*warning.* level=warning second of {name}\r\n")
        child.wait()


def test_a_reader_that_leaves_ends_it_quietly(place: Bench) -> None:
    words = [*PROGRAM, "tail", "web-1", "-f"]
    with subprocess.Popen(
        words, env=place.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as cli:
        assert cli.stdout is not None
        assert cli.stderr is not None
        cli.stdout.readline()
        cli.stdout.close()
        until(lambda: add(place, "web-1", "more") or cli.poll() is not None)
        assert (cli.returncode, cli.stderr.read()) == (141, b"")


def add(place: Bench, name: str, *texts: str) -> None:
    """Lines for a server's log."""
    with (place.folder / f"{name}.log").open("a") as log:
        log.writelines(f"{text}\n" for text in texts)


def test_no_line_is_missing_or_comes_twice_when_the_hub_is_killed_and_the_reader_stopped(
    tmp_path: Path,
) -> None:
    """Lines are shipped all the time; whatever is away has them when it is back."""
    with bench(tmp_path) as place:
        hub = place.start_hub()
        place.login()
        add(place, "web-1", "line 0")
        log = str(place.folder / "web-1.log")
        place.start_agent("web-1", place.add_server("web-1"), "--log", f"{log}@start")
        out = place.start("tail", "tail", "web-1", "-f", "--raw", "--grep", "^line [0-9]+$")
        out.says(rb"^line 0$")
        add(place, "web-1", *lines(1, 500))
        hub.stop(signal.SIGKILL)
        add(place, "web-1", *lines(500, 1000))
        out.says(rb"the connection to the hub is lost")
        place.start_hub(None, "--port", place.url.rpartition(":")[2])
        out.says(rb"the hub is back")
        out.send(signal.SIGSTOP)
        add(place, "web-1", *lines(1000, 15_000))
        until(lambda: "line 14999" in place.run("tail", "web-1", "-n", "1", "-q").out)
        out.send(signal.SIGCONT)
        add(place, "web-1", *lines(15_000, 15_100))
        out.says(rb"^line 15099$")
        told = [one.decode() for one in out.said.splitlines() if one.startswith(b"line ")]
        assert told == lines(0, 15_100)
        assert out.stop(signal.SIGINT) == 130


def lines(begin: int, end: int) -> list[str]:
    """Numbered lines."""
    return [f"line {number}" for number in range(begin, end)]
