"""The lines above and below the lists: what is shown, and what is wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from chatops.cli.top.alert_lines import count_words
from chatops.cli.top.fleet import Fleet
from chatops.cli.top.order import Order
from chatops.cli.top.spans import Spans, Style, left, safe, width_of
from chatops.text import counted


def status(
    fleet: Fleet, shown: int, order: Order, target: str, time_text: str, width: int
) -> Spans:
    """How many servers there are, how many online, alerts; and how they are looked at."""
    all_of = list(fleet.rows.values())
    online = sum(row.server.status == "online" for row in all_of)
    found: Spans = [
        (safe(target, 20), "head"),
        (f"  {counted(len(all_of), 'server')} ", ""),
        (f"{online} online", "good" if online == len(all_of) else "warn"),
        count_words(fleet.tally),
    ]
    if order.group is not None:
        found.append((f"  group {safe(order.group, 12)}", "dim"))
    if order.words:
        found.append((f"  filter {safe(order.words, 16)} ({shown})", "warn"))
    found.append((f"  sort {order.sort}", "dim"))
    return at_right(found, time_text, width)


def at_right(spans: Spans, text: str, width: int) -> Spans:
    """``text`` at the end of a line, if there is room."""
    room = width - width_of(spans) - len(text) - 1
    return [*spans, (" " * room, ""), (text, "")] if room >= 0 else spans


def tabs(names: Iterable[str], chosen: str, title: str) -> Spans:
    """A server's name and the panels to choose from, each with its number."""
    found: Spans = [(title, "head"), (" ", "")]
    for number, name in enumerate(names, 1):
        style: Style = "title" if name == chosen else "dim"
        found += [(" ", ""), (f"{number} {name}", style)]
    return found


def width_of_tabs(names: Iterable[str]) -> int:
    """Columns that they take without the title."""
    return width_of(tabs(names, "", ""))


def tab_at(names: Iterable[str], title: str, x: int) -> str | None:
    """The panel whose tab is at that place."""
    begin = width_of([(title, "")]) + 1
    for number, name in enumerate(names, 1):
        end = begin + 1 + len(f"{number} {name}")
        if begin < x < end:
            return name
        begin = end
    return None


def banner(text: str, width: int) -> Spans:
    """What is wrong, over the whole line."""
    return [(left(text, width), "bad")]
