"""What the web console costs the one who opens it, in a real Chromium, beside the bars.

    python benchmarks/console.py [--agents 500] [--rounds 5]

A hub with a swarm (benchmarks/swarm) whose agents report at 5 s, one of them with a day of
samples. Bytes are those that travel when the list of servers is first opened. Times are of a page
that is opened anew: until something useful stands there, and until the six charts of a day are
drawn and the page answers again. Then the list is scrolled while values come in: the time between
two frames, and how long the page answered to nothing. Exit status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import end_with_all  # noqa: E402
from benchmarks.history import seed  # noqa: E402
from benchmarks.swarm.behaviour import Behaviour  # noqa: E402
from benchmarks.swarm.keys import names, seed_servers, server_ids  # noqa: E402
from benchmarks.swarm.swarm import many_files  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BARS = [
    Bar("initial_kb", 250.0, "kB"),
    Bar("first_paint_p50", 1000.0, "ms"),
    Bar("servers_p50", 1000.0, "ms"),
    Bar("day_of_six_p50", 500.0, "ms"),
    Bar("scroll_frame_p95", 50.0, "ms"),
]
CHARTS = 6
_TRAVELLED = """performance.getEntriesByType('resource')
    .filter(entry => /\\.(js|css|svg)$/.test(new URL(entry.name).pathname))
    .concat(performance.getEntriesByType('navigation'))
    .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
_SCROLL = """() => new Promise(done => {
    const frames = []; let blocked = 0, last = performance.now(), at = 0;
    const long = new PerformanceObserver(list => {
        for (const entry of list.getEntries()) blocked = Math.max(blocked, entry.duration);
    });
    long.observe({ type: 'longtask' });
    const step = now => {
        frames.push(now - last); last = now; at += 40;
        window.scrollTo(0, at % (document.body.scrollHeight - innerHeight));
        if (frames.length < 600) requestAnimationFrame(step);
        else { long.disconnect(); done({ frames: frames.slice(1), blocked }); }
    };
    requestAnimationFrame(step);
})"""
# Opened within the page, as a click does: what the browser needs for any page is not counted.
_DAY = """([path, charts]) => new Promise(done => {
    const began = performance.now();
    history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate'));
    const look = () => {
        const drawn = document.querySelectorAll('figure canvas').length;
        if (drawn < charts) return setTimeout(look, 5);
        const last = performance.now();
        requestIdleCallback(() => done({ drawn: last - began, idle: performance.now() - began }));
    };
    look();
})"""


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agents", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    many_files()
    end_with_all()
    found = measure(given)
    if given.json:
        print(json.dumps(found))
    else:
        show(found, BARS)
    return 0 if all_kept(found, BARS) else 1


def measure(given: argparse.Namespace) -> Figures:
    """All figures, of one hub, one swarm and one browser."""
    from tests.support.browser import chromium
    from tests.support.processes import bench
    from tests.support.swarm import swarm

    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        folder = place.folder / "hub"
        keys = seed_servers(folder, names(given.agents))
        first, server_id = next(iter(server_ids(folder).items()))
        asyncio.run(seed(folder, [server_id]))
        place.start_hub()
        behaviour = Behaviour(interval=5.0, connect_rate=100)
        with swarm(place.url, keys, behaviour=behaviour), chromium() as browser:
            return opened(browser, place.url, first, given.rounds)


def opened(browser: Browser, url: str, server: str, rounds: int) -> Figures:
    """What a person sees who signs in, looks at the list and opens a server."""
    from tests.support.browser import visiting
    from tests.support.processes import PASSWORD

    paints, lists, days, idles = [], [], [], []
    found: Figures = {}
    with visiting(browser, url) as visitor:
        page = visitor.sign_in("admin", PASSWORD)
        row(page)
        found["initial_kb"] = float(page.evaluate(_TRAVELLED)) / 1000
        for _ in range(rounds):
            page.goto(f"{url}/servers")
            row(page)
            lists.append(float(page.evaluate("performance.now()")))
            paints.append(float(page.evaluate(_PAINT)))
        for _ in range(rounds + 1):
            page.goto(f"{url}/servers")
            row(page)
            took = page.evaluate(_DAY, [f"/servers/{server}/metrics?range=24h", CHARTS])
            days.append(float(took["drawn"]))
            idles.append(float(took["idle"]))
        page.goto(f"{url}/servers")
        row(page)
        scrolled = page.evaluate(_SCROLL)
    frames = sorted(scrolled["frames"])
    return (
        found
        | {
            "first_paint_p50": statistics.median(paints),
            "servers_p50": statistics.median(lists),
            "day_of_six_drawn_p50": statistics.median(days[1:]),  # the first one loads the charts
            "day_of_six_p50": statistics.median(idles[1:]),
            "scroll_frame_p50": frames[len(frames) // 2],
            "scroll_frame_p95": frames[len(frames) * 95 // 100],
            "scroll_blocked_max": float(scrolled["blocked"]),
        }
    )


def row(page: Page) -> None:
    """Wait for a row of the list."""
    page.get_by_role("table", name="Servers").get_by_role("link").first.wait_for()


if __name__ == "__main__":
    sys.exit(main())
