"""The shape of the source: packages, sizes, docstrings, annotations."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.source import ROOT, SRC, Module, modules

LONGEST = 350
LONGER = {
    "chatops.protocol.rest": 600,  # every REST body in one short place, as STYLE.md wants it
}
DOCUMENTED = ("chatops.protocol", "chatops.client", "chatops.server.services")
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def folders(top: Path) -> list[Path]:
    return sorted({path.parent for path in top.rglob("*.py")})


@pytest.mark.parametrize("top", [SRC / "chatops", ROOT / "tests"], ids=lambda path: path.name)
def test_every_folder_with_modules_is_a_package(top: Path) -> None:
    missing = [str(path.relative_to(ROOT)) for path in folders(top)
               if not (path / "__init__.py").exists()]  # fmt: skip
    assert missing == []


def test_no_module_is_too_long() -> None:
    long = {
        module.name: module.lines
        for module in modules().values()
        if module.lines > LONGER.get(module.name, LONGEST)
    }
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        module.name
        for module in modules().values()
        if module.tree.body and not ast.get_docstring(module.tree)
    ]
    assert silent == []


def public(module: Module) -> Iterator[tuple[str, Definition]]:
    """Public classes and functions of a module, and public methods of its public classes."""
    for node in module.tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield f"{module.name}.{node.name}", node
            for inner in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(inner, Definition) and not inner.name.startswith("_"):
                    yield f"{module.name}.{node.name}.{inner.name}", inner


def says_itself(node: Definition) -> bool:
    """A struct that only lists its fields: their names and types are its description."""
    return isinstance(node, ast.ClassDef) and all(
        isinstance(one, ast.AnnAssign) for one in node.body
    )


def test_what_others_build_on_is_documented() -> None:
    silent = [
        name
        for module in modules().values()
        if module.name.startswith(DOCUMENTED)
        for name, node in public(module)
        if not ast.get_docstring(node) and not says_itself(node)
    ]
    assert silent == []


def test_the_unit_tests_lie_as_their_modules_do() -> None:
    unit = ROOT / "tests" / "unit"
    stray = [
        path for path in folders(unit) if not (SRC / "chatops" / path.relative_to(unit)).is_dir()
    ]
    assert stray == []


def test_every_limit_is_kept_somewhere() -> None:
    """A bound that nobody looks at is none."""
    limits = modules()["chatops.protocol.limits"]
    names = {
        node.target.id
        for node in limits.tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    used = {
        node.id if isinstance(node, ast.Name) else node.attr
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    assert names - used == set()


def test_no_test_sleeps_is_skipped_or_expected_to_fail() -> None:
    banned = {"pytest.skip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail",
              "pytest.importorskip", "time.sleep"}  # fmt: skip
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in banned
    ]
    assert found == []
