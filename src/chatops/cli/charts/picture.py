"""A page of charts as SVG, by Rich's export. The picture loads nothing from anywhere."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chatops.errors import InvalidInput

WIDTH: Final = 100
HEIGHT: Final = 20
"""Of each chart, in columns and rows."""
_SVG: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px "DejaVu Sans Mono", Menlo, Consolas, \
monospace; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect width="100%" height="100%" rx="6" fill="#292929"/>
<g transform="translate({terminal_x}, 25)" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def svg(rows: Sequence[str]) -> str:
    """Rows of text with colours, as a picture."""
    from rich.console import Console
    from rich.text import Text

    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False
    )
    for row in rows:
        console.print(Text.from_ansi(row), no_wrap=True, crop=True)
    return console.export_svg(title="", code_format=_SVG, unique_id="chart")


def write_picture(file: Path, text: str) -> None:
    """Write a file, in the place of an older one: such pictures are made again and again.

    Raises:
        InvalidInput: it cannot be written there.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"--svg: {file} cannot be written: {error.strerror}") from None
