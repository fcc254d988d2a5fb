"""What a wheel and an sdist hold, with the web console and without."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.source import ROOT

CONSOLE = {"index.html": "<!doctype html>", "assets/app-1a2b.js": "app()"}
COPIED = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore",
          "scripts/release.sh", "scripts/web.sh")  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a checkout as a build looks at."""
    made = tmp_path / "checkout"
    for name in COPIED:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, made / name)
    package = made / "src" / "chatops"
    package.mkdir(parents=True)
    shutil.copy(ROOT / "src" / "chatops" / "__init__.py", package)
    for name in ("src/main.tsx", "node_modules/big/index.js"):
        (made / "web" / name).parent.mkdir(parents=True)
        (made / "web" / name).touch()
    (made / ".venv").symlink_to(sys.prefix)
    return made


def make_console(checkout: Path) -> None:
    for name, text in CONSOLE.items():
        path = checkout / "web" / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)


def build(folder: Path, *kinds: str) -> Path:
    """The folder with what hatchling made of a source tree."""
    words = [f"--target={kind}" for kind in kinds]
    done = run(folder, sys.executable, "-m", "hatchling", "build", "-d", "out", *words)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def in_wheel(folder: Path) -> set[str]:
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def in_wheel_of_the_console(folder: Path) -> set[str]:
    return {name for name in in_wheel(folder) if "/console/" in name}


PACKAGED = {f"chatops/server/console/{name}" for name in CONSOLE}


def test_a_release_has_the_console_and_so_has_a_wheel_made_from_its_sdist(checkout: Path) -> None:
    make_console(checkout)
    done = run(checkout, "scripts/release.sh")
    assert done.returncode == 0, done.stderr
    assert in_wheel_of_the_console(checkout / "dist") == PACKAGED
    (sdist,) = (checkout / "dist").glob("*.tar.gz")
    assert run(checkout, "tar", "-xzf", str(sdist)).returncode == 0
    source = checkout / sdist.name.removesuffix(".tar.gz")
    assert {"web/src/main.tsx", "web/dist/index.html", "hatch_build.py", "scripts/web.sh"} <= {
        path.relative_to(source).as_posix() for path in source.rglob("*")
    }
    assert not (source / "web" / "node_modules").exists()
    assert in_wheel_of_the_console(build(source, "wheel")) == PACKAGED


def test_without_the_console_there_is_a_package_and_no_release(checkout: Path) -> None:
    assert "chatops/__init__.py" in in_wheel(build(checkout, "wheel", "sdist"))
    assert in_wheel_of_the_console(checkout / "out") == set()
    done = run(checkout, "scripts/release.sh")
    assert (done.returncode, done.stderr) == (
        1, "error: the web console is not built, and a release has it\nhint: make web\n"
    )  # fmt: skip
    assert not (checkout / "dist").exists()


def test_a_console_that_is_older_than_its_source_is_not_released(checkout: Path) -> None:
    make_console(checkout)
    os.utime(checkout / "web" / "dist" / "index.html", (1e9, 1e9))
    done = run(checkout, "scripts/release.sh")
    assert (done.returncode, done.stderr.splitlines()[-2:]) == (
        1, ["error: the web console is older than its source", "hint: make web"]
    )  # fmt: skip
    assert not (checkout / "dist").exists()


def test_an_editable_install_takes_no_copy_along(checkout: Path) -> None:
    make_console(checkout)
    hook = runpy.run_path(str(ROOT / "hatch_build.py"))["ConsoleHook"]
    data: dict[str, dict[str, str]] = {"force_include": {}}
    hook(str(checkout), {}, None, None, "", "wheel").initialize("editable", data)
    assert data["force_include"] == {}
