"""What ``chatops metrics plot`` does: it asks for as fine a history as its width shows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chatops.cli.absent import Seen, or_absent, say_absent
from chatops.cli.charts.draw import Canvas
from chatops.cli.charts.lines import Line, by_unit, lines_of, step_for
from chatops.cli.charts.page import page, rows_beside
from chatops.cli.charts.picture import HEIGHT, WIDTH, svg, write_picture
from chatops.cli.context import Cli
from chatops.cli.figures import has_blocks
from chatops.cli.history import HISTORIES, print_rows, say_gaps, say_longer
from chatops.errors import InvalidInput
from chatops.protocol.target import parse_target
from chatops.text import escape

STDOUT: Final = Path("-")
_AXIS: Final = 8
"""Columns that the labels of values take, about."""
_PROMPT: Final = 2
_TALLEST: Final = 20
_SHORTEST: Final = 10
"""Rows of a chart; on a small terminal they scroll away rather than get any lower."""


def plot(
    cli: Cli,
    target: str,
    names: Sequence[str],
    *,
    since: float,
    until: float | None,
    step: float | None,
    picture: Path | None,
) -> None:
    """Print the charts, or the rows of them in a machine's form, or make a picture.

    Raises:
        NotFound: no server has any of the METRICs.
        InvalidInput: the picture cannot be written, or another form is asked for, too.
    """
    rows_only = cli.out.form != "table" or cli.out.quiet
    if picture is not None and rows_only:
        raise InvalidInput("--svg makes a picture, and no other form", hint="leave -o and -q out")
    terminal = shutil.get_terminal_size((80, 24))
    width = WIDTH if picture else terminal.columns
    end = time.time() if until is None else until
    wanted = step or step_for(end - since, 2 * (width - _AXIS))
    found = cli.client.metrics.histories(target, names, since=since, until=until, step=wanted)
    seen = Seen()
    rows = or_absent(cli, target, names, seen.of(found))
    if rows_only:
        print_rows(cli.out, rows, HISTORIES)
        cli.out.flush()
        say_absent(cli, target, names, seen.found)
        return
    lines = lines_of(rows)
    say_absent(cli, target, names, seen.found)
    if not lines:
        cli.out.say("there is nothing to draw: --since looks further back, as in --since 7d")
        return
    charts = by_unit(lines, names)
    height = HEIGHT if picture else _height(charts, terminal.lines, fits=cli.out.is_terminal())
    canvas = Canvas(
        width, height, since, end,
        color=picture is not None or cli.out.colored(),
        blocks=picture is not None or has_blocks(cli.environ) or not cli.out.is_terminal(),
    )  # fmt: skip
    text = list(page(charts, found.step, canvas))
    if picture == STDOUT:
        cli.out.raw(svg(text).encode())
    elif picture is not None:
        write_picture(picture, svg(text))
        cli.out.say(f"the picture is in {escape(str(picture))}")
    else:
        cli.out.text("\n".join(text))
        cli.out.flush()
    if step is not None:
        say_longer(cli.out, found.step, step)
    say_gaps(cli.out, found.gaps, several=parse_target(target).one is None, local=True)


def _height(charts: Sequence[Sequence[Line]], rows: int, *, fits: bool) -> int:
    """Rows of each chart: on a terminal one page holds them if that leaves them readable."""
    if not fits:
        return _TALLEST
    room = (rows - _PROMPT - rows_beside(charts)) // len(charts)
    return min(max(room, min(_SHORTEST, rows - _PROMPT - 2)), _TALLEST)
