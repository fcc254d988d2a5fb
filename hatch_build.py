"""Takes the web console along: what `make web` has built goes into the wheel as part of the hub,
and into the sdist as it is, so that a wheel made from that has it too. Without a build there is
nothing to do, and no Node.js is needed to install from source.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "web/dist"
PLACE = {"wheel": "chatops/server/console", "sdist": BUILT}
"""Where it goes, by what is built."""


class ConsoleHook(BuildHookInterface[Any]):
    """Called by hatchling for each wheel and sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the console; an editable install finds it in the checkout."""
        built = Path(self.root, BUILT)
        if version != "editable" and (built / "index.html").is_file():
            build_data["force_include"][str(built)] = PLACE[self.target_name]
