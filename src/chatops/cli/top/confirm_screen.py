"""A question before something is done that disturbs or destroys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Footer

from chatops.cli.top.lines import Line


class ConfirmScreen(ModalScreen[bool]):
    """One line over what was there; its result is whether the user means it."""

    CSS = """
    ConfirmScreen { background: transparent; }
    ConfirmScreen #question { height: 1; margin-bottom: 1; dock: bottom; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes"),
        Binding("n,escape,enter,q", "dismiss(False)", "No", key_display="n"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        yield Line(id="question")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Line).show([(self._question, "bad"), ("  y: yes, n: no", "")])
