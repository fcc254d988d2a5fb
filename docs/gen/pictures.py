"""The pictures of ``chatops top`` in docs/: its screens with a fleet that never was."""

from __future__ import annotations

import asyncio
import html
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from chatops.cli.top.app import TopApp
from chatops.cli.top.link import Trouble
from chatops.cli.top.news import Told
from chatops.cli.top.state import State
from chatops.errors import HubUnreachable
from docs.gen import DOCS
from docs.gen.top_scene import alert_detail, opened, scene

FOLDER: Final = DOCS / "images"
_CELL: Final = 12.2
"""Width of a character in Rich's pictures."""
_BLANK: Final = "\u00a0"
_TEXT: Final = re.compile(
    r'(<text [^>]*x=")([\d.]+)("[^>]*textLength=")[\d.]+"([^>]*)>([^<]*)</text>'
)
Steps = Callable[[Any, State], Awaitable[None]]


async def _fleet(pilot: Any, state: State) -> None:
    await pilot.press("s")


async def _groups(pilot: Any, state: State) -> None:
    await pilot.press("g", "g")


async def _gone(pilot: Any, state: State) -> None:
    error = HubUnreachable("cannot reach the hub at https://hub.example.org: connection refused")
    now = time.monotonic()
    state.feed.link.down("list", Trouble(error, now - 41.6, now + 7.4, 5))  # the same for 0.9 s
    pilot.app.paint()


async def _server(pilot: Any, state: State) -> None:
    opened(state)
    pilot.app.open_server("id-0001")
    opened(state)
    await pilot.pause()
    pilot.app.paint()


async def _processes(pilot: Any, state: State) -> None:
    await _server(pilot, state)
    await pilot.press("5")


async def _containers(pilot: Any, state: State) -> None:
    await _server(pilot, state)
    await pilot.press("6", "K")


async def _alerts(pilot: Any, state: State) -> None:
    await pilot.press("A")


async def _alert(pilot: Any, state: State) -> None:
    await pilot.press("A", "enter")
    assert state.sight.shown is not None
    shown = state.sight.shown
    state.feed.news.append(Told(shown.id, "alert", alert_detail(shown)))
    pilot.app.tick()


PICTURES: Final[dict[str, tuple[Steps, tuple[int, int]]]] = {
    "top-fleet": (_fleet, (120, 30)),
    "top-groups": (_groups, (80, 24)),
    "top-alerts": (_alerts, (80, 24)),
    "top-alert": (_alert, (80, 24)),
    "top-hub-gone": (_gone, (80, 24)),
    "top-server": (_server, (120, 30)),
    "top-processes": (_processes, (80, 24)),
    "top-containers": (_containers, (80, 24)),
}


def draw(name: str) -> str:
    """A picture as SVG."""
    steps, size = PICTURES[name]
    with _utc():
        svg = asyncio.run(_drawn(steps, size))
    svg = svg.replace("&#160;", _BLANK)
    svg = re.sub(r"@font-face {.*?}\n", "", svg, flags=re.DOTALL)  # nothing is fetched for it
    return re.sub(r"terminal-\d+", name, _TEXT.sub(_without_blanks, svg))


def _without_blanks(match: re.Match[str]) -> str:
    """A piece of text that begins where it can be seen: some programs leave out blanks."""
    head, x, middle, text = match.group(1), float(match[2]), match[3], match[5]
    shown = text.lstrip(_BLANK)
    x += (len(text) - len(shown)) * _CELL
    shown = shown.rstrip(_BLANK)
    if not shown:
        return ""
    return f'{head}{x:g}{middle}{len(html.unescape(shown)) * _CELL:g}"{match[4]}>{shown}</text>'


def write() -> list[Path]:
    """Write those that changed; their paths."""
    FOLDER.mkdir(exist_ok=True)
    changed = []
    for name in PICTURES:
        path, text = FOLDER / f"{name}.svg", draw(name)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


async def _drawn(steps: Steps, size: tuple[int, int]) -> str:
    state = scene()
    app = TopApp(state)
    async with app.run_test(size=size) as pilot:
        await steps(pilot, state)
        await pilot.pause()
        return app.export_screenshot(title="chatops top", simplify=True)


@contextmanager
def _utc() -> Iterator[None]:
    """The same times of day on every machine."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()
