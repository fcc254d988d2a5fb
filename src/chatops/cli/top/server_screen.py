"""The second screen: one server in full, in panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer

from chatops.cli.top import alert_lines, bars, container_lines, panels, table_panels
from chatops.cli.top.alert_list import AlertList
from chatops.cli.top.alert_screens import paint_said
from chatops.cli.top.container_list import ContainerList
from chatops.cli.top.detail import Detail
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
}
CONTAINERS: Final = "containers"
ALERTS: Final = "alerts"
NAMES: Final = (*PANELS, CONTAINERS, ALERTS)
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
        *(Binding(str(at + 1), f"panel({at})", show=False) for at in range(len(NAMES))),
    ]

    def __init__(self, state: State, panel: str = "overview") -> None:
        super().__init__()
        self._state = state
        self._panel = panel
        self._lines: Sequence[Spans | Late] = []

    def compose(self) -> ComposeResult:
        yield Line(id="tabs")
        yield Line(id="trouble")
        yield Line(id="note")
        yield Line(id="head")
        yield Lines(self._line, cursor=False, id="panel")
        yield ContainerList(self._state, id="containers")
        yield AlertList(self._state, id="alerts")
        yield Line(id="said")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._turn_to(self._panel)

    def on_resize(self) -> None:
        self.paint()

    def paint(self) -> None:
        """Show what is known now."""
        state, detail = self._state, self._state.detail
        if detail is None:
            return
        if self._panel == ALERTS:
            self._paint_alerts()
        elif self._panel == CONTAINERS:
            self._paint_containers(detail)
        else:
            self._paint_panel(detail)
        self.query_one("#tabs", Line).show(bars.tabs(NAMES, self._panel, self._title))
        paint_said(self, state)
        paint_trouble(self, state, self.size.width, state.gone)

    def _paint_panel(self, detail: Detail) -> None:
        body = self.query_one("#panel", Lines)
        width = max(body.scrollable_content_region.width, 1)
        self._lines = PANELS[self._panel](detail, width, self._state.moment)
        body.show(len(self._lines))

    def _paint_containers(self, detail: Detail) -> None:
        found = self.query_one(ContainerList)
        width = max(found.scrollable_content_region.width, 1)
        self.query_one("#head", Line).show(container_lines.head(width))
        found.show_containers(container_lines.known(detail))
        note, why = self.query_one("#note", Line), detail.notes.get("containers")
        note.display = why is not None
        note.show([(safe(why), "warn")])

    def _paint_alerts(self) -> None:
        found = self.query_one(AlertList)
        width = found.scrollable_content_region.width
        self.query_one("#head", Line).show(alert_lines.head(width))
        found.show_alerts(self._state.alerts_of_open())

    def action_back(self) -> None:
        """To the fleet."""
        self._state.close()
        self._state.sight.close()
        self.dismiss()

    def action_turn(self, by: int) -> None:
        """The next panel, or the one before."""
        self._turn_to(NAMES[(NAMES.index(self._panel) + by) % len(NAMES)])

    def action_panel(self, at: int) -> None:
        """The panel of a number."""
        self._turn_to(NAMES[at])

    def on_line_clicked(self, event: Line.Clicked) -> None:
        name = bars.tab_at(NAMES, self._title, event.x) if event.line.id == "tabs" else None
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
        room = self.size.width - bars.width_of_tabs(NAMES) - len(paused)
        return safe(name, max(room, _SHORTEST)) + paused

    def _turn_to(self, name: str) -> None:
        self._panel = name
        self._state.look_at(name)
        panel = self.query_one("#panel", Lines)
        lists: dict[str, Lines] = {
            CONTAINERS: self.query_one(ContainerList), ALERTS: self.query_one(AlertList)
        }  # fmt: skip
        for one, shown in lists.items():
            shown.display = one == name
        panel.display = name in PANELS
        self.query_one("#head").display = name in lists
        self.query_one("#note").display = False
        self.set_focus(lists.get(name, panel))
        panel.scroll_to(y=0, animate=False, force=True, immediate=True)
        self.paint()
        self.call_after_refresh(self.paint)  # what is shown first has no width before

    def _line(self, number: int, width: int) -> Spans:
        one = self._lines[number] if number < len(self._lines) else []
        return one() if callable(one) else one
