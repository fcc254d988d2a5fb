"""The screens of alerts: all that are open, and one in full."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer

from chatops.cli import show
from chatops.cli.top import alert_lines, bars
from chatops.cli.top.alarms import MOST_ALERTS
from chatops.cli.top.alert_list import AlertList
from chatops.cli.top.fleet_screen import paint_trouble
from chatops.cli.top.lines import Line, Lines
from chatops.cli.top.spans import Spans, safe
from chatops.cli.top.state import State
from chatops.units import format_time

_BACK = Binding("escape,backspace", "back", "Back", key_display="Esc", priority=True)


class AlertsScreen(Screen[None]):
    """All open alerts of the servers that are watched."""

    BINDINGS: ClassVar[list[BindingType]] = [_BACK]

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def compose(self) -> ComposeResult:
        yield Line(id="status")
        yield Line(id="trouble")
        yield Line(id="head")
        yield AlertList(self._state, id="alerts")
        yield Line(id="said")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(AlertList).focus()
        self.paint()

    def on_resize(self) -> None:
        self.paint()

    def paint(self) -> None:
        """Show what is known now."""
        state, found = self._state, self.query_one(AlertList)
        fleet, moment = state.fleet, state.moment
        words: Spans = [(safe(state.target, 20), "head"), alert_lines.count_words(fleet.tally)]
        if fleet.tally.open >= MOST_ALERTS:
            words.append((f"  the newest {MOST_ALERTS}", "warn"))
        clock = "PAUSED" if state.paused else show.clock(format_time(moment.now)) or ""
        self.query_one("#status", Line).show(bars.at_right(words, clock, self.size.width))
        width = found.scrollable_content_region.width
        self.query_one("#head", Line).show(alert_lines.head(width))
        found.show_alerts(fleet.alerts)
        paint_said(self, state)
        paint_trouble(self, state, self.size.width)

    def action_back(self) -> None:
        """To the servers."""
        self._state.sight.close()
        self.dismiss()


class AlertScreen(Screen[None]):
    """One alert, with what its agent told when it fired: ``state.sight``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _BACK,
        Binding("a", "acknowledge", "Acknowledge"),
    ]

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._lines: list[Spans] = []

    def compose(self) -> ComposeResult:
        yield Line(id="status")
        yield Line(id="trouble")
        yield Lines(self._line, cursor=False, id="alert")
        yield Line(id="said")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Lines).focus()
        self.paint()

    def on_resize(self) -> None:
        self.paint()

    def paint(self) -> None:
        """Show what is known now."""
        sight, body = self._state.sight, self.query_one(Lines)
        if sight.shown is None:
            return
        width = max(body.scrollable_content_region.width, 1)
        self._lines = alert_lines.detail(sight.shown, sight.full, width, sight.note)
        title = safe(f"{alert_lines.where(sight.shown)}: {sight.shown.threshold_name}", width)
        self.query_one("#status", Line).show([(title, "head")])
        paint_said(self, self._state)
        paint_trouble(self, self._state, self.size.width)
        body.show(len(self._lines))

    def action_acknowledge(self) -> None:
        """Take care of it."""
        if self._state.sight.shown is not None:
            self._state.sight.acknowledge(self._state.sight.shown)
            self.paint()

    def action_back(self) -> None:
        """To the list."""
        self._state.sight.close()
        self.dismiss()

    def _line(self, number: int, width: int) -> Spans:
        return self._lines[number] if number < len(self._lines) else []


def paint_said(screen: Screen[None], state: State) -> None:
    """The line that says what became of what the user did last."""
    line, said = screen.query_one("#said", Line), state.sight.said or state.engine.said
    line.display = said is not None
    if said is not None:
        line.show([said])
