"""docs/reference/limits.md: every bound of chatops.protocol.limits, and where to change it."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from chatops.options import options_of
from chatops.protocol import limits
from chatops.server import settings
from docs.gen.markdown import code, prose, table

PAGE: Final = "reference/limits.md"
INTRODUCTION: Final = """# Limits

What one peer may take of the other, in one place: `chatops.protocol.limits`. Sizes are bytes, times
seconds. Where a setting of the hub is named, its default is the limit, and an administrator of
the control host may choose another ([settings](settings.md)).

Over HTTP a limit is answered 413, 429 or 503; the last two carry `Retry-After`. A socket is closed
for a reason of [the table](wire.md) (`busy`, `too_many`, `too_large`, `auth_timeout`, `silent`).

"""


class _Limit(NamedTuple):
    section: str
    name: str
    meaning: str


def render() -> str:
    """The page."""
    named = _settings()
    sections: dict[str, list[list[str]]] = {}
    for limit in _limits():
        value = getattr(limits, limit.name)
        row = [code(limit.name), _shown(value), code(named.get(limit.name, "")), limit.meaning]
        sections.setdefault(limit.section, []).append(row)
    head = ["limit", "value", "setting", "meaning"]
    return INTRODUCTION + "\n".join(
        f"## {name}\n\n" + table(head, rows) for name, rows in sections.items()
    )


def _limits() -> Iterator[_Limit]:
    """Every constant with what is said below it, under the comment that it stands below."""
    source = Path(limits.__file__).read_text(encoding="utf-8")
    titles = {
        number: match[1]
        for number, line in enumerate(source.splitlines(), start=1)
        if (match := re.fullmatch(r"# (\w+[^(]*?)(?: \(.*\))?", line))
    }
    body = ast.parse(source).body
    for node, below in itertools.pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(below, ast.Expr):
            assert isinstance(node.target, ast.Name)
            assert isinstance(below.value, ast.Constant)
            title = titles[max(line for line in titles if line < node.lineno)]
            yield _Limit(title, node.target.id, prose(str(below.value.value)))


def _settings() -> dict[str, str]:
    """The setting whose default is a limit, by the limit's name: as the declaration writes it."""
    tree = ast.parse(Path(settings.__file__).read_text(encoding="utf-8"))
    known = {one.name for one in options_of(settings.HubSettings)}
    return {
        node.value.args[0].id: node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id in known
        and isinstance(node.value, ast.Call)
        and node.value.args
        and isinstance(node.value.args[0], ast.Name)
    }


def _shown(value: Any) -> str:
    if isinstance(value, int) and value >= 4 * limits.KiB and value % limits.KiB == 0:
        whole = value // limits.MiB
        return f"{whole} MiB" if whole * limits.MiB == value else f"{value // limits.KiB} KiB"
    return f"{value:,}" if isinstance(value, int) else f"{value:g} s"
