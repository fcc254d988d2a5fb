"""The first screen: the table of all servers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Input

from chatops.cli import show
from chatops.cli.top import bars, columns, order
from chatops.cli.top.fleet import Row
from chatops.cli.top.lines import MOVES, Line, Lines
from chatops.cli.top.spans import Spans
from chatops.cli.top.state import State
from chatops.units import format_time

_EMPTY: Final = "no server matches this TARGET now; those that come will show up here"
_FILTERED: Final = "no server fits the filter; / changes it"
_OF_TABLE: Final = frozenset(
    ("open", "filter", "sort", "reverse", "group", "alerts", "move", "page")
)


class FleetScreen(Screen[None]):
    """Servers as lines; the one under the cursor stays under it when their order changes.

    All its keys have priority: each is carried out before the next one is looked at, so that what
    is typed fast arrives where it is meant to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", key_display="Enter", priority=True),
        Binding("enter", "keep", "Keep", key_display="Enter", priority=True),
        Binding("slash", "filter", "Filter", key_display="/", priority=True),
        Binding("s", "sort", "Sort", priority=True),
        Binding("S,shift+s", "reverse", "Reverse", key_display="S", priority=True),
        Binding("g", "group", "Group", priority=True),
        Binding("A,shift+a", "alerts", "Alerts", key_display="A", priority=True),
        Binding("escape", "clear", "Clear", key_display="Esc", priority=True),
        *(Binding(keys, action, show=False, priority=True) for keys, action in MOVES.items()),
    ]

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._lines: list[order.Line] = []
        self._placed: list[columns.Placed] = []
        self._chosen: str | None = None

    def compose(self) -> ComposeResult:
        yield Line(id="status")
        yield Line(id="trouble")
        yield Line(id="head")
        yield Lines(self._line, cursor=True, id="servers")
        yield Input(placeholder="web-*  tag:env=prod  part of a name", compact=True, id="words")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).display = False
        self.query_one(Lines).focus()
        self.paint()

    def on_resize(self) -> None:
        self.paint()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While words are typed no key means anything else; Esc means something with a filter."""
        typing = self.query_one(Input).display if self.is_mounted else False
        if action == "keep":
            return typing
        if action == "clear":
            return typing or bool(self._state.order.words)
        return not (typing and action in _OF_TABLE)

    def paint(self) -> None:
        """Show what is known now."""
        state, table = self._state, self.query_one(Lines)
        width = table.scrollable_content_region.width
        self._placed = columns.fit(columns.COLUMNS, max(width - 1, 1))
        self._lines = order.arrange(state.fleet.rows.values(), state.order)
        self._paint_bars(self.size.width)
        table.show(max(len(self._lines), 1), self._place())
        state.want_past(self._in_view(table))

    def action_open(self) -> None:
        """Show the server under the cursor in full."""
        if isinstance(row := self._under_cursor(), Row):
            self.app.open_server(row.server.id)  # type: ignore[attr-defined]  # TopApp

    def action_move(self, by: int) -> None:
        """The cursor up or down."""
        self.query_one(Lines).action_move(by)

    def action_page(self, by: int) -> None:
        """A screenful."""
        self.query_one(Lines).action_page(by)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._look(sort=order.after(self._state.order.sort, list(order.SORTS)), reverse=False)

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._look(reverse=not self._state.order.reverse)

    def action_group(self) -> None:
        """Group by the next tag, or not at all."""
        keys = order.tag_keys(self._state.fleet.rows.values())
        self._look(group=order.after(self._state.order.group, keys, none=True))

    def action_alerts(self) -> None:
        """Show all open alerts."""
        self.app.open_alerts()  # type: ignore[attr-defined]  # TopApp

    def action_filter(self) -> None:
        """Ask for the words of the filter."""
        words = self.query_one(Input)
        words.value, words.display = self._state.order.words, True
        self.set_focus(words)
        self.refresh_bindings()

    async def action_keep(self) -> None:
        """Leave the words as they are."""
        words = self.query_one(Input)
        await _typed(words)
        words.display = False
        self._look(words=words.value)
        self.set_focus(self.query_one(Lines))
        self.refresh_bindings()

    async def action_clear(self) -> None:
        """End the filter."""
        words = self.query_one(Input)
        await _typed(words)
        words.value = ""
        await self.action_keep()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._look(words=event.input.value)  # the event may be older than what is there now

    def on_lines_moved(self, event: Lines.Moved) -> None:
        row = self._under_cursor()
        self._chosen = row.server.id if isinstance(row, Row) else None
        self._state.want_past(self._in_view(self.query_one(Lines)))

    def on_lines_chosen(self, event: Lines.Chosen) -> None:
        column = columns.column_at(self._placed, event.x)
        row = self._under_cursor()
        if column is not None and column.sort == "alerts" and isinstance(row, Row) and row.alerts:
            self.app.open_server(row.server.id, "alerts")  # type: ignore[attr-defined]  # TopApp
        else:
            self.action_open()

    def on_line_clicked(self, event: Line.Clicked) -> None:
        column = columns.column_at(self._placed, event.x) if event.line.id == "head" else None
        if column is None or column.sort is None:
            return
        again = column.sort == self._state.order.sort
        self._look(sort=column.sort, reverse=again and not self._state.order.reverse)

    def _look(self, **changed: object) -> None:
        self._state.order = replace(self._state.order, **changed)  # type: ignore[arg-type]
        self.paint()

    def _paint_bars(self, width: int) -> None:
        state = self._state
        shown = sum(isinstance(line, Row) for line in self._lines)
        clock = "PAUSED" if state.paused else show.clock(format_time(state.moment.now)) or ""
        status = bars.status(state.fleet, shown, state.order, state.target, clock, width)
        self.query_one("#status", Line).show(status)
        paint_trouble(self, state, width)
        blocks = state.moment.blocks
        self.query_one("#head", Line).show(columns.head(self._placed, state.order, blocks=blocks))

    def _line(self, number: int, width: int) -> Spans:
        if not self._lines:
            return [(_FILTERED if self._state.fleet.rows else _EMPTY, "dim")]
        if number >= len(self._lines):
            return []
        one = self._lines[number]
        if isinstance(one, Row):
            return columns.line(one, self._placed, self._state.moment)
        return columns.group_line(one, self._state.moment)

    def _place(self) -> int | None:
        """Where the chosen server stands now; None: leave the cursor where it is."""
        for at, one in enumerate(self._lines):
            if isinstance(one, Row) and one.server.id == self._chosen:
                return at
        return None

    def _under_cursor(self) -> order.Line | None:
        at = self.query_one(Lines).at
        return self._lines[at] if at < len(self._lines) else None

    def _in_view(self, table: Lines) -> list[Row]:
        top = round(table.scroll_y)
        lines = self._lines[top : top + table.size.height]
        return [one for one in lines if isinstance(one, Row)]


def paint_trouble(screen: Screen[None], state: State, width: int, gone: str | None = None) -> None:
    """The line that says what is wrong; it takes no room when nothing is."""
    text = state.trouble or gone
    line = screen.query_one("#trouble", Line)
    line.display = text is not None
    if text is not None:
        line.show(bars.banner(text, width))


async def _typed(words: Input) -> None:
    """Wait until it has taken the keys that were meant for it: it does that in its own time."""
    done = asyncio.Event()
    if words.call_later(done.set):
        await done.wait()
