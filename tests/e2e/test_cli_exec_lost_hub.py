"""A hub that dies while ``chatops exec`` watches, and comes back."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import with_agent
from tests.support.lossy import losing
from tests.support.processes import PASSWORD, PROGRAM, Bench, Finished, bench
from tests.support.waiting import until

Process = subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A fleet of two."""
    with bench(tmp_path_factory.mktemp("two")) as made:
        made.start_hub()
        made.login()
        with_agent(made)
        made.start_agent("web-2", made.add_server("web-2"), "--allow", "exec")
        yield made


def start(place: Bench, *words: str) -> Process:
    return subprocess.Popen(
        [*PROGRAM, "exec", *words], env=place.environ, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def ended(process: Process, rest: bytes = b"") -> Finished:
    """What came of it when it was given the ``rest`` of its input."""
    out, err = process.communicate(rest, timeout=90)
    return Finished(process.returncode, out, err)


NUMBERS = range(1, 40_001)
LINE = "seq 1 20000; touch {0}; while ! test -e {1}; do sleep 0.05; done; seq 20001 40000; exit 5"
FORMS = {"lines": [], "group": ["--group"], "ndjson": ["-o", "ndjson"]}
HALF = b"".join(b"%d\n" % number for number in range(50_000))


@pytest.fixture(scope="module")
def cut(two: Bench, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finished]:
    """What those said, by their names, who watched while the hub was killed and started again:
    three in a form of FORMS, ``input``, who had written half of it, and ``control-c``, who
    pressed it meanwhile."""
    folder = tmp_path_factory.mktemp("cut")
    go, pids = folder / "go", folder / "pids"
    watching = {
        name: start(two, *words, "web-*", LINE.format(folder / name, go))
        for name, words in FORMS.items()
    }
    control_c = start(two, "web-*", f"echo $$ >> {pids}; exec sleep 600")
    fed = start(two, "-i", "web-1", "md5sum")
    assert fed.stdin is not None
    fed.stdin.write(HALF)
    fed.stdin.flush()
    until(lambda: all((folder / name).exists() for name in FORMS), what="half of the output")
    until(lambda: pids.exists() and len(pids.read_text().split()) == 2, what="remote pids")
    two.programs[0].stop(signal.SIGKILL)
    stderr = control_c.stderr
    assert stderr is not None
    until(lambda: b"trying to attach" in stderr.readline(), what="the loss")
    control_c.send_signal(signal.SIGINT)
    two.start_hub(None, "--port", two.url.rpartition(":")[2])
    go.touch()
    done = {name: ended(process) for name, process in watching.items()}
    return done | {"control-c": ended(control_c), "input": ended(fed, HALF)}


@pytest.mark.parametrize("form", FORMS)
def test_several_go_on_where_they_were_cut(cut: dict[str, Finished], form: str) -> None:
    done = cut[form]
    assert done.code == 1, done.err
    assert "trying to attach again for 60 s\nthe hub is back\n" in done.err
    assert "missing" not in done.err
    for name in ("web-1", "web-2"):
        if form == "ndjson":
            events = [json.loads(line) for line in done.out.splitlines()]
            mine = [one for one in events if one.get("server") == name]
            assert [one["event"] for one in mine].count("start") == 1
            text = "".join(one["data"] for one in mine if one["event"] == "stdout")
            assert events[-1]["event"] == "summary"
        else:
            head = f"{name} | "
            lines = done.out.splitlines()
            text = "\n".join(one.removeprefix(head) for one in lines if one.startswith(head))
        assert text.split() == [str(number) for number in NUMBERS]


def test_input_goes_on_where_it_was_cut(cut: dict[str, Finished]) -> None:
    done = cut["input"]
    assert done.code == 0, done.err[-500:]
    summed = subprocess.run(["md5sum"], input=HALF * 2, capture_output=True, check=True)
    assert done.stdout == summed.stdout
    assert "the hub is back" in done.err


def test_control_c_while_the_hub_is_away_cancels_when_it_is_back(cut: dict[str, Finished]) -> None:
    done = cut["control-c"]
    assert done.code == 130, done.err
    assert "web-1: cancelled" in done.err
    assert "web-2: cancelled" in done.err


@pytest.mark.parametrize("words", [["web-1"], ["-i", "web-1"], ["--detach", "web-1"], ["*-1"]])
def test_an_answer_that_was_lost_is_asked_for_again(
    two: Bench, tmp_path: Path, words: list[str]
) -> None:
    """The hub has the run, and the command line never heard of it: still it runs only once."""
    file, own = tmp_path / "runs", {"CHATOPS_CONFIG_DIR": str(tmp_path / "config")}
    with losing(int(two.url.rpartition(":")[2]), b"POST /api/v1/commands ") as relay:
        login = ["login", relay.url, "-u", "admin", "--password-stdin"]
        assert two.run(*login, stdin=PASSWORD, **own).code == 0
        done = two.run("exec", *words, f"echo x >> {file}; echo out", stdin="", **own)
        assert relay.lost == 1
        assert done.code == 0, done.err
        assert "trying to attach again for 60 s" in done.err
        if "--detach" in words:
            assert two.run("commands", "wait", done.out.strip(), **own).code == 0
        else:
            assert done.out.endswith("out\n")
    assert file.read_text() == "x\n"
