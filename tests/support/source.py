"""The source tree as data: modules, what each imports, and what it defines."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

When = Literal["load", "call", "typing"]
ROOT: Final = Path(__file__).parents[2]
SRC: Final = ROOT / "src"


@dataclass(frozen=True, slots=True)
class Import:
    """``module`` imports ``target``: when it is loaded, when a function of it is called, or
    only for the type checker (``if TYPE_CHECKING``)."""

    module: str
    target: str
    line: int
    when: When

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the package."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def lines(self) -> int:
        """Length of the file."""
        return self.path.read_text(encoding="utf-8").count("\n")


@functools.cache
def modules() -> dict[str, Module]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted((SRC / "chatops").rglob("*.py")):
        name = ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        found[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8")))
    return found


@functools.cache
def imports() -> tuple[Import, ...]:
    """Every import statement and constant ``import_module`` of the package."""
    return tuple(one for module in modules().values() for one in _imports_of(module))


def _imports_of(module: Module) -> Iterator[Import]:
    for node, when in _walk(module.tree, "load"):
        for target in _targets(module, node):
            yield Import(module.name, target, getattr(node, "lineno", 0), when)


def _walk(node: ast.AST, when: When) -> Iterator[tuple[ast.AST, When]]:
    for child in ast.iter_child_nodes(node):
        yield child, when
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _walk(child, "call")
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from _walk(child, "typing")
        else:
            yield from _walk(child, when)


def _targets(module: Module, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _base(module, node)
        for alias in node.names:
            below = f"{base}.{alias.name}"
            yield below if below in modules() else base
    elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"}:
        yield _leading_text(node.args[0]) if node.args else ""


def _base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    depth = node.level - (module.path.name == "__init__.py")
    parts = module.name.split(".")
    return ".".join([*parts[: len(parts) - depth], *([node.module] if node.module else [])])


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _leading_text(node: ast.expr) -> str:
    """The constant beginning of a string or f-string, without a dot at its end."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0] if isinstance(node.values[0], ast.Constant) else node
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.rstrip(".")
    return "a computed name"
