"""The repository as a stranger meets it: its files, and nothing of the machine it was made on."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest

from chatops import __version__
from tests.support.source import ROOT

# Spelled so that this file does not find itself.
MACHINE = re.compile("/(wor[k]|roo[t]|farm|hom[e]/[a-z]+)/|bash_job[s]|sit[e]-packages/pip")
HOMES_IN_EXAMPLES = re.compile("/hom[e]/(user|me|ada|you)/")


def tracked() -> list[str]:
    """The repository's files: those of git, with what is new and not ignored."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize(
    "name",
    [".ci/run", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "docs/index.md",
     "pyproject.toml", "requirements-dev.lock", "src/chatops/py.typed",
     "tests/debian-packages.txt"],
)  # fmt: skip
def test_what_is_expected_is_there(name: str) -> None:
    path = ROOT / name
    assert path.is_file()
    assert path.stat().st_size or name.endswith("py.typed")


def test_nothing_tells_of_the_machine_it_was_made_on() -> None:
    found = []
    for name in tracked():
        text = (ROOT / name).read_bytes().decode(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE.search(HOMES_IN_EXAMPLES.sub("", line)):
                found.append(f"{name}:{number}")
    assert found == []


def test_nothing_left_over_is_in_it() -> None:
    marks = re.compile(
        "TOD" + "O|FIXM" + "E|XX" + "X:|^<<<<<<< |^>>>>>>> |breakpoin" + "t\\(", re.M
    )
    found = [
        name
        for name in tracked()
        if marks.search((ROOT / name).read_bytes().decode(errors="replace"))
    ]
    assert found == []


def test_the_changelog_names_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(__version__)}\]", changelog, re.MULTILINE)


def test_the_licence_is_what_the_project_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_every_dependency_has_a_lower_bound_and_its_line_of_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    reasons = (ROOT / "docs" / "decisions" / "0002-libraries.md").read_text(encoding="utf-8")
    for line in project["dependencies"] + project["optional-dependencies"]["dev"]:
        name, bound = re.fullmatch(r"([a-z0-9-]+)(?:\[[a-z0-9]+\])?(>=.+)", line).groups()  # type: ignore[union-attr]  # a line of another form fails here
        assert bound
        assert f"\n| {name} |" in reasons, f"{name} has no line in 0002-libraries.md"


def test_the_lock_file_pins_every_dependency_and_names_no_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    form = re.compile(r"([a-z0-9-]+)==[0-9A-Za-z.+!]+")
    assert [pin for pin in pins if not form.fullmatch(pin)] == []
    names = {pin.partition("==")[0] for pin in pins}
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {re.split(r"[\[>]", line)[0] for line in wanted} <= names


def test_links_between_the_documents_lead_somewhere() -> None:
    broken = []
    for name in tracked():
        if not name.endswith(".md"):
            continue
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" not in target and not ((ROOT / name).parent / target).exists():
                broken.append(f"{name}: {target}")
    assert broken == []
