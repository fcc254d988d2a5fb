"""The command: see ``--help``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks.swarm.behaviour import Behaviour
from benchmarks.swarm.figures import Figures
from benchmarks.swarm.keys import Keys, add_servers, names, seed_servers
from benchmarks.swarm.worker import Plan, Workers
from chatops.client import Client
from chatops.errors import ChatOpsError

_ABOUT: Final = """\
Imitate many agents, for a hub that is to be tried out.

Each has a key, a connection and a random walk of samples of its own, and answers commands:
`write BYTES` prints so many, anything else --output. Servers that have no key in --keys are
added to the hub as the account of CHATOPS_TOKEN; --seed writes them into the data folder of a
hub that does not run, which is faster for thousands.
"""
_EXAMPLES: Final = """\
examples:
  export CHATOPS_HUB=http://127.0.0.1:8765 CHATOPS_TOKEN=cot_...
  python -m benchmarks.swarm --agents 200 --keys keys.json
  python -m benchmarks.swarm --agents 200 --keys keys.json --drop 1 --stall 0.5
  python -m benchmarks.swarm --agents 5000 --keys keys.json --seed /var/lib/chatops/hub
"""
_COLUMNS: Final = (
    "connected", "sent_ps", "acked_ps", "waiting", "ack_p50_ms", "ack_p99_ms", "ack_max_ms",
    "commands",
)  # fmt: skip


def main() -> int:
    """Run a swarm and print its figures; 1 when something of it could not be had."""
    parser = _parser()
    given = parser.parse_args()
    if given.agents < 1 or given.processes < 1:
        parser.error("at least one agent and one process")
    if given.seed is not None and given.keys is None:
        parser.error("--seed needs --keys: the keys are shown nowhere else")
    try:
        keys = _keys(given)
        if given.seed is None:
            _run(given, keys)
    except ChatOpsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except EOFError:
        print("error: a process of the swarm died", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.swarm", description=_ABOUT, epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    hub = os.environ.get("CHATOPS_HUB", "http://127.0.0.1:8765")
    add = parser.add_argument
    add("--hub", default=hub, metavar="URL", help=f"the hub [CHATOPS_HUB] ({hub})")
    add("--agents", type=int, default=100, metavar="N", help="how many (100)")
    add("--keys", type=Path, metavar="FILE", help="JSON of keys by server; new ones are added")
    add("--seed", type=Path, metavar="DIR", help="only add servers and keys to a data folder")
    add("--seconds", type=float, metavar="S", help="how long (until Ctrl-C)")
    add("--processes", type=int, default=1, metavar="N", help="how many share the agents (1)")
    add("--addresses", type=int, default=0, metavar="N", help="of 127.0.0.0/8 to come from")
    add("--report", type=float, default=5.0, metavar="S", help="seconds between figures (5)")
    add("--json", action="store_true", help="figures as JSON, one object a line")
    _add_behaviour(parser)
    return parser


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    usual = Behaviour()
    add = parser.add_argument_group("how they behave").add_argument
    add("--interval", type=float, default=usual.interval, metavar="S",
        help="seconds between samples (what the hub says)")  # fmt: skip
    add("--jitter", type=float, default=usual.jitter, metavar="SHARE",
        help=f"how much of it a sample is early or late ({usual.jitter})")  # fmt: skip
    add("--connect-rate", type=float, default=usual.connect_rate, metavar="N",
        help=f"agents a second that connect at first ({usual.connect_rate:g})")  # fmt: skip
    add(
        "--flood",
        choices=("no", "acks", "wild"),
        default=usual.flood,
        help="samples without a pause: as acks make room, or as fast as the kernel takes them",
    )
    add("--drop", type=float, default=usual.drop, metavar="N",
        help="times a minute that a connection is cut")  # fmt: skip
    add("--stall", type=float, default=usual.stall, metavar="N",
        help="times a minute that an agent stops reading")  # fmt: skip
    add("--stall-for", type=float, default=usual.stall_for, metavar="S",
        help=f"for how long ({usual.stall_for:g})")  # fmt: skip
    add("--backlog", type=int, default=usual.backlog, metavar="N",
        help="samples of an outage that each begins with")  # fmt: skip
    add("--spread", action="store_true", help="not all: an even draw up to that")
    add("--output", type=int, default=usual.output, metavar="BYTES",
        help="what a command prints (0)")  # fmt: skip
    add("--answer-after", type=float, default=usual.answer_after, metavar="S",
        help="how long a command takes (0)")  # fmt: skip


def _behaviour(given: argparse.Namespace) -> Behaviour:
    return Behaviour(**{name: getattr(given, name) for name in vars(Behaviour())})


def _keys(given: argparse.Namespace) -> Keys:
    """The keys of the file, and fresh ones where it has none."""
    wanted = list(names(given.agents))
    known: Keys = {}
    if given.keys is not None and given.keys.exists():
        known = json.loads(given.keys.read_text())
    missing = [name for name in wanted if name not in known]
    began = time.monotonic()
    if missing and given.seed is not None:
        known |= seed_servers(given.seed, missing)
    elif missing:
        with Client(given.hub, os.environ.get("CHATOPS_TOKEN")) as client:
            known |= add_servers(client, missing)
    if missing:
        took = time.monotonic() - began
        print(f"added {len(missing)} servers in {took:.1f} s", file=sys.stderr)
    if missing and given.keys is not None:
        given.keys.touch(mode=0o600)
        given.keys.write_text(json.dumps(known))
    return {name: known[name] for name in wanted}


def _run(given: argparse.Namespace, keys: Keys) -> None:
    whole = Figures()
    end = time.monotonic() + given.seconds if given.seconds else float("inf")
    plan = Plan(given.hub, keys, _behaviour(given), given.addresses)
    with Workers(plan, given.processes) as workers:
        try:
            if not given.json:
                print(" ".join(f"{name:>10}" for name in _COLUMNS), flush=True)
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(given.report, left))
                found = workers.take()
                whole.follow(found)
                _show(found, given)
        finally:
            print("altogether:", file=sys.stderr)
            _show(whole, given)


def _show(found: Figures, given: argparse.Namespace) -> None:
    summary = found.summary()
    if given.json:
        print(json.dumps(summary), flush=True)
        return
    print(" ".join(f"{summary[name]:>10}" for name in _COLUMNS), flush=True)
    for title in ("errors", "lost"):
        for reason, count in summary[title].items():
            print(f"    {title}: {count} {reason}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
