"""Each claim of the threat model names a test, and there is such a test."""

from __future__ import annotations

import ast
import functools
import re

from tests.support.source import ROOT

PAGE = ROOT / "docs" / "topics" / "threat-model.md"
ATTACKERS = 10
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_RULE = "| --- | --- |"


@functools.cache
def sections() -> dict[str, list[str]]:
    """The lines under each attacker, by the heading."""
    found: dict[str, list[str]] = {}
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, *lines = part.splitlines()
        found[heading] = lines
    return found


def claims(lines: list[str]) -> list[str]:
    """The rows of tables, without their heads."""
    return [
        line
        for at, line in enumerate(lines)
        if line.startswith("|") and line != _RULE and _RULE not in lines[at + 1 : at + 2]
    ]


@functools.cache
def defined(path: str) -> frozenset[str]:
    """The tests that a file has; none when there is no such file."""
    file = ROOT / path
    tree = ast.parse(file.read_text(encoding="utf-8") if file.is_file() else "")
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, functions))


def test_each_claim_names_one_test_that_exists() -> None:
    wrong = []
    for row in claims([line for lines in sections().values() for line in lines]):
        named = _NAMED.findall(row.rpartition("|")[0].rpartition("|")[2])
        if len(named) != 1 or named[0][1] not in defined(named[0][0]):
            wrong.append(row)
    assert wrong == []


def test_whatever_else_it_names_exists_too() -> None:
    named = re.findall(r"(tests/[\w/.]+)::(\w+)", PAGE.read_text(encoding="utf-8"))
    assert [one for one in named if one[1] not in defined(one[0])] == []


def test_of_each_attacker_it_says_what_they_can_and_cannot() -> None:
    assert len(sections()) == ATTACKERS
    for heading, lines in sections().items():
        assert len(claims(lines)) >= 5, heading
        assert re.search(r"\bcan\b|\bhas\b", " ".join(lines[:4])), heading
