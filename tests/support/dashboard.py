"""The Grafana dashboard of packaging/, as far as it can be looked at without a Grafana."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tests.support.source import ROOT

FILE: Final = ROOT / "packaging" / "grafana" / "chatops.json"
_VARIABLES: Final = {"$job": "chatops", "$server": ".*", "$__rate_interval": "20s"}


def dashboard() -> Any:
    """The whole file."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def panels() -> list[Any]:
    """Those that show something."""
    return [one for one in dashboard()["panels"] if one["type"] != "row"]


def expressions() -> list[str]:
    """What panels ask Prometheus, as Grafana would say it with all servers chosen."""
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    for name, value in _VARIABLES.items():
        found = [one.replace(name, value) for one in found]
    return found


def metrics() -> set[str]:
    """The names of metrics in panels and variables, without a histogram's endings."""
    asked = [one["query"]["query"] for one in dashboard()["templating"]["list"][1:]]
    words = re.findall(r"\b(?:chatops|process)_\w+", " ".join([*expressions(), *asked]))
    return {re.sub(r"(_commit_seconds)_(bucket|sum)$", r"\1", word) for word in words}
