"""The list of containers, with the keys that do something to the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from chatops.cli.top import container_lines
from chatops.cli.top.confirm_screen import ConfirmScreen
from chatops.cli.top.container_lines import AnyContainer
from chatops.cli.top.container_sight import DISTURBING
from chatops.cli.top.lines import Lines
from chatops.cli.top.spans import Spans, safe
from chatops.cli.top.state import State
from chatops.protocol.rest import ContainerVerb


class ContainerList(Lines):
    """The cursor stays on its container when others come and go. What disturbs or destroys asks
    first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "change('start')", "Start"),
        Binding("t", "change('stop')", "Stop"),
        Binding("R", "change('restart')", "Restart"),
        Binding("P", "pause", "Pause/go on"),
        Binding("K", "change('kill')", "Kill"),
        Binding("D", "change('rm')", "Remove"),
    ]

    def __init__(self, state: State, *, id: str) -> None:  # noqa: A002  (Textual's name)
        super().__init__(self._container_line, cursor=True, id=id)
        self._state = state
        self._found: Sequence[AnyContainer] = ()
        self._chosen: str | None = None

    def show_containers(self, found: Sequence[AnyContainer]) -> None:
        """These are there now."""
        self._found = found
        ids = [one.id for one in found]
        place = ids.index(self._chosen) if self._chosen in ids else None
        self.show(max(len(found), 1), place)
        self._keep_chosen()

    def action_move(self, by: int) -> None:
        """The cursor up or down."""
        super().action_move(by)
        self._keep_chosen()
        self._state.engine.said = None
        self.app.paint()  # type: ignore[attr-defined]  # TopApp

    def action_pause(self) -> None:
        """Pause the one under the cursor, or let it go on."""
        if self.at < len(self._found):
            paused = self._found[self.at].state == "paused"
            self.action_change("unpause" if paused else "pause")

    def action_change(self, verb: ContainerVerb) -> None:
        """Do that to the one under the cursor, if the user means it."""
        detail = self._state.detail
        if self.at >= len(self._found) or detail is None:
            return
        one, server = self._found[self.at], detail.server

        def sure(answer: bool | None) -> None:  # noqa: FBT001  (Textual calls it)
            if answer:
                self._state.engine.change(server, one, verb)
            self.app.paint()  # type: ignore[attr-defined]  # TopApp

        if verb in DISTURBING:
            named = f"{safe(one.name, 40)} on {safe(server.name, 24)}"
            self.app.push_screen(ConfirmScreen(f"{DISTURBING[verb]} {named}?"), sure)
        else:
            sure(answer=True)

    def _keep_chosen(self) -> None:
        self._chosen = self._found[self.at].id if self.at < len(self._found) else None

    def _container_line(self, number: int, width: int) -> Spans:
        if number < len(self._found):
            return container_lines.line(self._found[number], width)
        detail = self._state.detail
        return [(container_lines.why_none(detail), "dim")] if detail is not None else []
