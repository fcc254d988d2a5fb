"""The second screen: one server in full, in panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer

from chatops.cli.top import bars, panels, table_panels
from chatops.cli.top.fleet_screen import paint_trouble
from chatops.cli.top.lines import Line, Lines
from chatops.cli.top.spans import Late, Spans, safe
from chatops.cli.top.state import State

PANELS: Final[dict[str, panels.Panel]] = {
    "overview": panels.overview,
    "cores": panels.cores,
    "disks": panels.disks,
    "network": panels.network,
    "processes": table_panels.processes,
    "containers": table_panels.containers,
}
_SHORTEST: Final = 8
"""Columns that a name has at least, whatever becomes of the tabs."""


class ServerScreen(Screen[None]):
    """What ``state.detail`` has."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "Back", key_display="Esc", priority=True),
        Binding("right,tab,l", "turn(1)", "Panel", key_display="Tab"),
        Binding("c", "by('cpu')", show=False),
        Binding("m", "by('memory')", show=False),
        Binding("left,shift+tab,h", "turn(-1)", show=False),
        *(Binding(str(at + 1), f"panel({at})", show=False) for at in range(len(PANELS))),
    ]

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._panel = "overview"
        self._lines: Sequence[Spans | Late] = []

    def compose(self) -> ComposeResult:
        yield Line(id="tabs")
        yield Line(id="trouble")
        yield Lines(self._line, cursor=False, id="panel")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Lines).focus()
        self.paint()

    def on_resize(self) -> None:
        self.paint()

    def paint(self) -> None:
        """Show what is known now."""
        state, detail = self._state, self._state.detail
        if detail is None:
            return
        body = self.query_one(Lines)
        width = max(body.scrollable_content_region.width, 1)
        self._lines = PANELS[self._panel](detail, width, state.moment)
        self.query_one("#tabs", Line).show(bars.tabs(PANELS, self._panel, self._title))
        paint_trouble(self, state, self.size.width, state.gone)
        body.show(len(self._lines))

    def action_back(self) -> None:
        """To the fleet."""
        self._state.close()
        self.dismiss()

    def action_turn(self, by: int) -> None:
        """The next panel, or the one before."""
        names = list(PANELS)
        self._turn_to(names[(names.index(self._panel) + by) % len(names)])

    def action_panel(self, at: int) -> None:
        """The panel of a number."""
        self._turn_to(list(PANELS)[at])

    def on_line_clicked(self, event: Line.Clicked) -> None:
        name = bars.tab_at(PANELS, self._title, event.x) if event.line.id == "tabs" else None
        if name is not None:
            self._turn_to(name)

    def action_by(self, what: Literal["cpu", "memory"]) -> None:
        """Sort processes."""
        if self._state.detail is not None:
            self._state.detail.by = what
            self._turn_to("processes")

    @property
    def _title(self) -> str:
        """The server's name, as long as the tabs leave room for it."""
        detail = self._state.detail
        name = detail.server.name if detail is not None else ""
        paused = " PAUSED" if self._state.paused else ""
        room = self.size.width - bars.width_of_tabs(PANELS) - len(paused)
        return safe(name, max(room, _SHORTEST)) + paused

    def _turn_to(self, name: str) -> None:
        self._panel = name
        self._state.look_at_processes(wanted=name == "processes")
        self.query_one(Lines).scroll_to(y=0, animate=False, force=True, immediate=True)
        self.paint()

    def _line(self, number: int, width: int) -> Spans:
        one = self._lines[number] if number < len(self._lines) else []
        return one() if callable(one) else one
