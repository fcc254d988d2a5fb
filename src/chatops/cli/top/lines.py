"""Plain lines on the terminal: the widgets everything here is shown with."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from chatops.cli.top.spans import Spans, Style, filled

STYLES: Final[dict[Style, RichStyle]] = {
    "": RichStyle(),
    "dim": RichStyle(dim=True),
    "head": RichStyle(bold=True),
    "good": RichStyle(color="green"),
    "warn": RichStyle(color="yellow"),
    "bad": RichStyle(color="red", bold=True),
    "spark": RichStyle(color="cyan"),
    "title": RichStyle(bold=True, underline=True),
    "group": RichStyle(color="blue", bold=True),
}
"""The 16 colours that every terminal has, as its owner chose them; never by colour alone."""
_CURSOR: Final = RichStyle(reverse=True)
MOVES: Final[dict[str, str]] = {
    "up,k": "move(-1)", "down,j": "move(1)", "pageup,ctrl+b": "page(-1)",
    "pagedown,ctrl+f,space": "page(1)", "home": "move(-1000000)", "end": "move(1000000)",
}  # fmt: skip
"""The keys that move in every list, and what they do."""
Source = Callable[[int, int], Spans]
"""A line by its number and width."""


def strip_of(spans: Spans, width: int, *, marked: bool = False) -> Strip:
    """A line as Textual wants it; a marked one is all in one style, so that it can be read on
    every terminal."""
    return Strip(
        [
            Segment(text, _CURSOR if marked else STYLES[style])
            for text, style in filled(spans, width)
        ],
        width,
    )


class Line(Widget):
    """One line."""

    DEFAULT_CSS = "Line { height: 1; }"

    class Clicked(Message):
        """A click on a place of the line."""

        def __init__(self, line: Line, x: int) -> None:
            super().__init__()
            self.line = line
            self.x = x

        @property
        def control(self) -> Line:
            return self.line

    def __init__(self, *, id: str) -> None:  # noqa: A002  (Textual's name)
        super().__init__(id=id)
        self._spans: Spans = []

    def show(self, spans: Spans) -> None:
        """Put this there."""
        if spans != self._spans:
            self._spans = spans
            self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip_of(self._spans, self.size.width)

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked(self, event.x))


class Lines(ScrollView, can_focus=True):
    """As many lines as there are, of which only those in view are made; with a ``cursor`` one of
    them is marked, and can be chosen."""

    DEFAULT_CSS = "Lines { scrollbar-size-vertical: 1; overflow-x: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, action, show=False) for keys, action in MOVES.items()
    ]

    class Moved(Message):
        """The cursor is on another line."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    class Chosen(Message):
        """A line was clicked that the cursor was on, at that place of it."""

        def __init__(self, x: int) -> None:
            super().__init__()
            self.x = x

    def __init__(self, source: Source, *, cursor: bool, id: str) -> None:  # noqa: A002  (Textual's)
        super().__init__(id=id)
        self._source = source
        self._cursor = cursor
        self.count = 0
        self.at = 0

    def show(self, count: int, at: int | None = None) -> None:
        """There are so many lines now, and the cursor is at that one."""
        self.at = min(max(self.at if at is None else at, 0), max(count - 1, 0))
        if count != self.count:
            self.count = count
            self.virtual_size = Size(1, count)
        if self._cursor and at is not None:
            self._keep_in_view()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        number, width = y + round(self.scroll_y), self.scrollable_content_region.width
        if number >= self.count:
            return Strip.blank(width)
        marked = self._cursor and number == self.at
        return strip_of(self._source(number, width), width, marked=marked)

    def action_move(self, by: int) -> None:
        """One line up or down, or many."""
        if not self._cursor:
            self.scroll_to(y=self.scroll_y + by, animate=False, force=True)
            return
        self.at = min(max(self.at + by, 0), max(self.count - 1, 0))
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Moved(self.at))

    def action_page(self, by: int) -> None:
        """A screenful."""
        self.action_move(by * max(self.size.height - 1, 1))

    def on_click(self, event: events.Click) -> None:
        number = event.y + round(self.scroll_y)
        if not self._cursor or number >= self.count:
            return
        if number == self.at:
            self.post_message(self.Chosen(event.x))
        else:
            self.action_move(number - self.at)

    def _keep_in_view(self) -> None:
        top, height = round(self.scroll_y), max(self.size.height, 1)
        if self.at < top:
            self.scroll_to(y=self.at, animate=False, force=True, immediate=True)
        elif self.at >= top + height:
            self.scroll_to(y=self.at - height + 1, animate=False, force=True, immediate=True)
