"""How levels of log lines are marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatops.cli.view import Style

LEVEL_STYLES: Final[Mapping[str, Style]] = {
    "debug": "dim", "warning": "warn", "error": "bad", "critical": "bad",
}  # fmt: skip
