"""What an agent costs: memory of its processes, and CPU at a given pace, against the bars.

    python benchmarks/agent_cost.py [--seconds 60] [--interval 5]

`chatops agent` runs as a user starts it, against a hub that is real in all that an agent
sees: frames, acks and pings. It is the stand-in of the tests, inside this process, so that
nothing of the hub's is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
BARS = {"rss_agent": 40.0, "rss_both": 52.0, "cpu": 0.15}
AIMS = {"rss_agent": 30.0, "rss_both": 42.0, "cpu": 0.07}
PEERS = "node_exporter 20 MiB 0.24 %, zabbix_agent2 22 MiB 0.17 %, collectd 3.4 MiB 0.15 %"
PROGRAM = [sys.executable, "-m", "chatops.cli", "agent", "--allow", "exec"]


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the measurement")
    parser.add_argument("--interval", type=float, default=5.0, help="seconds between samples")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(given.seconds, given.interval, folder))
    if given.json:
        print(json.dumps(found))
    else:
        show(found, given.interval)
    return 0 if all(found[name] <= bar for name, bar in BARS.items()) else 1


async def measure(seconds: float, interval: float, folder: str) -> dict[str, float]:
    """Run an agent for ``seconds`` after it has settled and look at its processes."""
    sys.path.insert(0, str(ROOT))
    from chatops.protocol.codec import encode
    from chatops.protocol.messages import Metrics
    from tests.support.stand_in_hub import KEY, StandInHub, stand_in_hub

    async with stand_in_hub(StandInHub(interval=interval)) as hub:
        given = {"CHATOPS_HUB": hub.url, "CHATOPS_KEY": KEY, "CHATOPS_AGENT_DATA_DIR": folder}
        environ = {**os.environ, **given}
        agent = subprocess.Popen(PROGRAM, env=environ, stderr=subprocess.DEVNULL)
        try:
            await hub.wait_for(Metrics, count=3)
            process = psutil.Process(agent.pid)
            before, began = cpu_seconds(process), time.monotonic()
            await asyncio.sleep(seconds)
            spent, lasted = cpu_seconds(process) - before, time.monotonic() - began
            watchdog = process.children()[0]
            samples = hub.of(Metrics)
            return {
                "rss_agent": mebibytes(process),
                "rss_watchdog": mebibytes(watchdog),
                "rss_both": mebibytes(process) + mebibytes(watchdog),
                "cpu": round(100 * spent / lasted, 4),
                "ms_per_sample": round(1000 * spent / (lasted / interval), 2),
                "sample_bytes": float(len(encode(samples[-1]))),
                "seconds": round(lasted, 1),
            }
        finally:
            agent.terminate()
            await asyncio.to_thread(agent.wait)


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of all threads, from the scheduler's nanoseconds: ticks of 10 ms are too coarse."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def mebibytes(process: psutil.Process) -> float:
    """Resident memory."""
    return round(process.memory_info().rss / 2**20, 1)


def show(found: dict[str, float], interval: float) -> None:
    """The figures with their bars and aims."""
    print(f"agent at {interval:g} s, measured for {found['seconds']:g} s")
    rows = [("rss_agent", "MiB"), ("rss_both", "MiB"), ("cpu", "% of a core")]
    for name, unit in rows:
        ratio = found[name] / BARS[name]
        verdict = "ok" if ratio <= 1 else "MISSED"
        print(
            f"{name:12} {found[name]:8.3f} {unit:12} aim {AIMS[name]:g}  bar {BARS[name]:g}"
            f"  {ratio:.2f} of the bar  {verdict}"
        )
    print(f"{'rss_watchdog':12} {found['rss_watchdog']:8.3f} MiB")
    print(f"{'a sample':12} {found['ms_per_sample']:8.3f} ms of CPU, all in")
    print(f"{'its frame':12} {found['sample_bytes']:8.0f} bytes")
    print(f"peers: {PEERS}")


if __name__ == "__main__":
    sys.exit(main())
