"""The generated pages say what the program does: committed == generated."""

from __future__ import annotations

import pytest

from chatops.cli.exits import EXIT
from chatops.errors import STATUS
from docs.gen import DOCS, HEAD, generators, page

GENERATED = ["reference/cli.md", "reference/errors.md", "reference/exit-codes.md",
             "reference/metrics.md", "reference/settings.md", "reference/wire.md"]  # fmt: skip
"""Pages that must be generated, whatever generators there are."""


@pytest.mark.parametrize("generator", generators())
def test_a_page_is_what_its_generator_gives(generator: str) -> None:
    path, text = page(generator)
    assert path.exists(), "run `make docs` and commit the page"
    assert path.read_text(encoding="utf-8") == text, "run `make docs` and commit the page"


def test_every_page_that_is_to_be_generated_is() -> None:
    made = {str(page(generator)[0].relative_to(DOCS)) for generator in generators()}
    assert set(GENERATED) <= made


def test_no_page_claims_to_be_generated_that_is_not() -> None:
    made = {page(generator)[0] for generator in generators()}
    claims = {
        path for path in DOCS.rglob("*.md") if path.read_text("utf-8").startswith(HEAD.strip())
    }
    assert claims == made


def test_every_error_has_an_exit_code() -> None:
    assert set(STATUS) <= set(EXIT)
    assert set(EXIT) <= set(STATUS), "an exit code for an error that does not exist"


def test_every_page_is_reached_from_the_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")} - {"index.md"}
    assert {name for name in pages if f"({name})" not in index} == set()
