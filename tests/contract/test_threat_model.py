"""Each claim of the threat model names a test, and there is such a test."""

from __future__ import annotations

import re

from tests.support.source import ROOT

PAGE = ROOT / "docs" / "topics" / "threat-model.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[str]:
    """The rows of its tables that claim something."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and "proved by" not in line
            and not line.startswith("| ---")]  # fmt: skip


def test_each_claim_names_a_test_that_exists() -> None:
    wrong = []
    for row in rows():
        named = _TEST.findall(row)
        there = [(ROOT / path).read_text(encoding="utf-8").find(f"def {name}(") >= 0
                 for path, name in named if (ROOT / path).is_file()]  # fmt: skip
        if len(named) != 1 or there != [True]:
            wrong.append(row)
    assert wrong == []
    assert len(rows()) > 30
