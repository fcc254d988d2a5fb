"""Floods: thousands of silent connections and wrong passwords against one hub, and what agents
and honest people notice of them.

A hub and a real agent as a user starts them, and agents of a swarm that send a sample a second.
The attackers have a process of their own and addresses of 127.0.0.0/8; they keep their
connections open until their last guess is answered, and make each one again that is cut. An
honest user signs in from another address all the time. Fails when an agent lost its connection,
when an honest sign-in was refused, or when one took longer than the bar.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
BARS = {"sign_in_max_s": 10.0, "sample_ack_max_s": 10.0}
sys.path.insert(0, str(ROOT))
from tests.support.flood import Tally, addresses, guess, hold, honest  # noqa: E402
from tests.support.processes import PASSWORD, Bench, bench  # noqa: E402
from tests.support.swarm import swarm  # noqa: E402


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--silent", type=int, default=5000, help="connections to hold open")
    parser.add_argument("--guesses", type=int, default=1000, help="wrong logins")
    parser.add_argument("--addresses", type=int, default=50, help="where they come from")
    parser.add_argument("--guessers", type=int, default=20, help="addresses of wrong logins")
    parser.add_argument("--agents", type=int, default=20, help="agents of the swarm")
    parser.add_argument("--seconds", type=float, default=120.0, help="the attack's end at last")
    parser.add_argument("--tls", action="store_true", help="the hub speaks TLS")
    parser.add_argument("--attack", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.attack:
        print(json.dumps(asyncio.run(attack(given))))
        return 0
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as place:
        found = measure(place, given)
    for name, value in found.items():
        print(f"{name:24} {value}")
    good = found["agents_lost"] == 0 and found["sign_ins_refused"] == 0
    return 0 if good and all(float(str(found[name])) <= bar for name, bar in BARS.items()) else 1


async def attack(given: argparse.Namespace) -> dict[str, object]:
    """The attackers' process: hold, guess, tell."""
    tally = Tally()
    sources = addresses(1, given.addresses)
    holding = asyncio.ensure_future(hold(given.attack, given.silent, sources, tally))  # noqa: TID251
    while tally.opened < given.silent:
        await asyncio.sleep(0.05)
    print("ready", file=sys.stderr, flush=True)
    began = time.monotonic()
    context = anybody() if given.tls else None
    try:
        async with asyncio.timeout(given.seconds):
            await guess(given.attack, given.guesses, addresses(2, given.guessers), tally, context)
    except TimeoutError:
        pass
    lasted = round(time.monotonic() - began, 1)
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    return {**asdict(tally), "answers": dict(tally.answers), "seconds": lasted}


def measure(place: Bench, given: argparse.Namespace) -> dict[str, object]:
    """All figures of one attack."""
    hub = place.start_hub(None, *(["--tls-self-signed"] if given.tls else []))
    if given.tls:
        place.environ["CHATOPS_CA_FILE"] = str(place.folder / "hub" / "tls-self-signed.pem")
    place.login()
    keys = {f"web-{number}": place.add_server(f"web-{number}") for number in range(given.agents)}
    real = place.start_agent("real", place.add_server("real"))
    process = psutil.Process(hub.process.pid)
    before = process.memory_info().rss
    with swarm(place.url, keys, anybody() if given.tls else None) as agents:
        calm = asyncio.run(some_sign_ins(place.url, given.tls))
        words = [sys.executable, __file__, "--attack", place.url, *sys.argv[1:]]
        attackers = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        )
        assert attackers.stdout is not None
        assert attackers.stderr is not None
        attackers.stderr.readline()
        for agent in agents:
            agent.slowest = 0.0
        times, refused, peak, files = asyncio.run(
            meanwhile(place.url, given.tls, attackers, process)
        )
        came = json.loads(attackers.stdout.read())
        attackers.wait()
        lost = sum(not agent.connected for agent in agents)
        slowest = max(agent.slowest for agent in agents)
    lost += real.said.count(b"connected to ") - 1
    return {
        "attack_s": came["seconds"],
        "silent_held_most": came["most"],
        "silent_opened": came["opened"],
        "wrong_logins": came["answers"],
        "agents": len(keys) + 1,
        "agents_lost": lost,
        "sample_ack_max_s": round(slowest, 2),
        "sign_ins": len(times),
        "sign_ins_refused": refused,
        "sign_in_calm_s": round(statistics.median(calm), 3),
        "sign_in_p50_s": round(statistics.median(times), 3),
        "sign_in_max_s": round(max(times), 3),
        "hub_growth_mib": round((peak - before) / 2**20, 1),
        "hub_files_most": files,
    }


async def some_sign_ins(url: str, tls: bool) -> list[float]:
    """How long sign-ins take when nothing else goes on."""
    context = anybody() if tls else None
    return [await honest(url, "127.9.0.1", "admin", PASSWORD, context) for _ in range(5)]


async def meanwhile(
    url: str, tls: bool, attackers: subprocess.Popen[str], hub: psutil.Process
) -> tuple[list[float], int, int, int]:
    """Sign in again and again until the attack is over: the times, how many were refused, and
    the most memory and open files of the hub."""
    times: list[float] = []
    refused = peak = files = 0
    context = anybody() if tls else None
    while attackers.poll() is None:
        try:
            times.append(await honest(url, "127.9.0.1", "admin", PASSWORD, context))
        except AssertionError:
            refused += 1
        peak = max(peak, hub.memory_info().rss)
        files = max(files, hub.num_fds())
        await asyncio.sleep(0.1)
    return times, refused, peak, files


def anybody() -> ssl.SSLContext:
    """Who shows which certificate is not what is measured here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


if __name__ == "__main__":
    sys.exit(main())
