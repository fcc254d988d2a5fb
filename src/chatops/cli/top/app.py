"""The program: screens, the keys that work on all of them, and its ends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import App
from textual.binding import Binding, BindingType

from chatops.cli.exits import DONE, INTERRUPTED
from chatops.cli.top.alert_list import AlertList
from chatops.cli.top.alert_screens import AlertScreen, AlertsScreen
from chatops.cli.top.fleet_screen import FleetScreen
from chatops.cli.top.help_screen import HelpScreen
from chatops.cli.top.lines import Lines
from chatops.cli.top.server_screen import ServerScreen
from chatops.cli.top.state import State

TICK: Final = 1.0
"""Seconds from one picture to the next; a key is answered at once."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


_PAINTED: Final = (FleetScreen, ServerScreen, AlertsScreen, AlertScreen)


class TopApp(App[int]):
    """Its result is the exit code."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "chatops top"
    CSS = """
    Screen { background: ansi_default; color: ansi_default; }
    #trouble, #said, #note { display: none; }
    Lines { height: 1fr; }
    #words { dock: bottom; margin-bottom: 1; }
    Footer { background: ansi_default; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        Binding("r", "retry", show=False),
        Binding("ctrl+z", "suspend_process", show=False),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]

    def __init__(self, state: State, hung_up: Callable[[], bool] = lambda: False) -> None:
        super().__init__(ansi_color=True)
        self._hung_up = hung_up
        self.theme = "ansi-dark"
        self.animation_level = "none"
        self._state = state

    def get_default_screen(self) -> FleetScreen:
        return FleetScreen(self._state)

    def on_mount(self) -> None:
        self.set_interval(TICK, self.tick)
        self.app_resume_signal.subscribe(self, self._draw_anew)
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.exit, 128 + number)

    def tick(self) -> None:
        """Take what has come, and show it. Not everybody whose terminal is gone gets a signal; and
        Textual would read its end again and again."""
        if self._hung_up():
            self.exit(128 + signal.SIGHUP)
            return
        self._state.catch_up()
        self.paint()

    def paint(self) -> None:
        """Show what is known now."""
        shown = self.screen
        # A screen is mounted a moment before what is on it.
        if isinstance(shown, _PAINTED) and shown.is_running and shown.query(Lines):
            shown.paint()

    def open_server(self, server_id: str, panel: str = "overview") -> None:
        """Show one server in full, with that panel first."""
        self._state.open(server_id)
        self.push_screen(ServerScreen(self._state, panel), lambda _: self.paint())

    def open_alerts(self) -> None:
        """Show all open alerts."""
        self.push_screen(AlertsScreen(self._state), lambda _: self.paint())

    def on_alert_list_wanted(self, event: AlertList.Wanted) -> None:
        """Show one alert in full, or acknowledge it."""
        if event.details:
            self._state.sight.open(event.alert)
            self.push_screen(AlertScreen(self._state), lambda _: self.paint())
        else:
            self._state.sight.acknowledge(event.alert)
            self.paint()

    def action_pause(self) -> None:
        """Stand still, or go on."""
        self._state.pause()
        self.paint()

    def action_retry(self) -> None:
        """Try the hub again."""
        self._state.feed.retry()

    def action_help(self) -> None:
        """Show what the keys do."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())

    async def action_quit(self) -> None:
        self.exit(DONE)

    def action_interrupt(self) -> None:
        """Ctrl-C."""
        self.exit(INTERRUPTED)

    def _draw_anew(self, _: object) -> None:
        """The terminal showed something else meanwhile."""
        for widget in self.screen.walk_children(with_self=True):
            widget.refresh()

    def _fatal_error(self) -> None:
        """Textual would print a traceback; the command tells its user what went wrong."""
        self._close_messages_no_wait()

    @property
    def failure(self) -> Exception | None:
        """What ended it, if that was a fault."""
        return self._exception
