"""What the keys do."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer

from chatops.cli.top.lines import Lines
from chatops.cli.top.spans import Spans

_HELP: Final = """\
Fleet
  up down j k  PgUp PgDn  Home End    move
  Enter, or a second click            open the server under the cursor
  /        filter: web-*  tag:env=prod  !db-1  or a part of name, system or tag;
           several words must all fit; Enter keeps it, Esc ends it
  s  S     sort by the next column, reverse; a click on a title does both
  g        group by the next tag
  A        all open alerts; those of one server: a second click on its AL, or panel 7

Alerts
  a        acknowledge the one under the cursor (operators)
  Enter    details, with what the agent told when it fired

One server
  right left Tab  1 … 7               panels; a click on a tab does it too
  c  m                                processes by cpu, by memory
  s t R P K D                         container: start, stop, restart, pause or go on,
                                      kill, remove (operators)
  Esc                                 back to the fleet

Everywhere
  p        pause: the screen stands still, nothing is lost
  r        try the hub again now, when it is gone
  ?        this page
  Ctrl-Z   suspend, fg comes back
  q        quit

Colours: a per cent is yellow from 75 and red from 90. Dim values are old: the
server has been silent for 30 s, or the hub is gone. A sparkline's character is
30 s; a blank is a gap. SEEN is by the hub's clock."""


class HelpScreen(Screen[None]):
    """One page of text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,question_mark", "dismiss", "Back", key_display="Esc"),
    ]

    def compose(self) -> ComposeResult:
        yield Lines(self._line, cursor=False, id="help")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Lines).show(len(_HELP.splitlines()))
        self.query_one(Lines).focus()

    def paint(self) -> None:
        """Nothing here changes."""

    def _line(self, number: int, width: int) -> Spans:
        text = _HELP.splitlines()[number]
        return [(text, "" if text.startswith(" ") else "head")]
