"""The second screen: one server in full, in panels."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer

from chatops.cli.top import bars, panels
from chatops.cli.top.fleet_screen import paint_trouble
from chatops.cli.top.lines import Line, Lines
from chatops.cli.top.spans import Spans
from chatops.cli.top.state import State

PANELS: Final[dict[str, panels.Panel]] = {
    "overview": panels.overview,
    "cores": panels.cores,
    "disks": panels.disks,
    "network": panels.network,
}


class ServerScreen(Screen[None]):
    """What ``state.detail`` has."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "Back"),
        Binding("right,tab,l", "turn(1)", "Panel", key_display="→"),
        Binding("left,shift+tab,h", "turn(-1)", show=False),
        *(Binding(str(at + 1), f"panel({at})", show=False) for at in range(len(PANELS))),
    ]

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._panel = "overview"
        self._lines: list[Spans] = []

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

    @property
    def _title(self) -> str:
        detail = self._state.detail
        name = detail.server.name if detail is not None else ""
        return f"{name} (paused)" if self._state.paused else name

    def _turn_to(self, name: str) -> None:
        self._panel = name
        self.query_one(Lines).scroll_to(y=0, animate=False, force=True, immediate=True)
        self.paint()

    def _line(self, number: int, width: int) -> Spans:
        return self._lines[number] if number < len(self._lines) else []
