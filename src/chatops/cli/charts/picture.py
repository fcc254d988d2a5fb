"""A page of charts as SVG, by Rich's export. The picture loads nothing from anywhere.

Not every program that shows SVG knows ``textLength``, or keeps blanks: each word has a place of
its own, so that no character moves another, however wide it is in the font that is there.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from html import escape, unescape
from pathlib import Path
from typing import Final

from chatops.errors import InvalidInput

WIDTH: Final = 100
HEIGHT: Final = 20
"""Of each chart, in columns and rows."""
_ASPECT: Final = 0.602
"""How wide a character of DejaVu Sans Mono or Menlo is, as a part of the font's size."""
_CELL: Final = 20 * _ASPECT
_TEXT: Final = re.compile(r'<text class="(\S+)" x="(\S+)" y="(\S+)" textLength.*?>([^<]*)</text>')
_WORD: Final = re.compile("[^\N{NO-BREAK SPACE}]+")
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
    picture = console.export_svg(
        title="", code_format=_SVG, font_aspect_ratio=_ASPECT, unique_id="chart"
    )
    return _TEXT.sub(lambda match: "".join(_words(*match.groups())), picture)


def _words(style: str, x: str, y: str, text: str) -> Iterator[str]:
    """The words of a text, each at its place."""
    from rich.cells import cell_len

    plain = unescape(text)
    for word in _WORD.finditer(plain):
        at, wide = (_CELL * cell_len(part) for part in (plain[: word.start()], word[0]))
        yield (
            f'<text class="{style}" x="{float(x) + at:.1f}" y="{y}" textLength="{wide:.1f}">'
            f"{escape(word[0])}</text>"
        )


def write_picture(file: Path, text: str) -> None:
    """Write a file, in the place of an older one: such pictures are made again and again.

    Raises:
        InvalidInput: it cannot be written there.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"--svg: {file} cannot be written: {error.strerror}") from None
