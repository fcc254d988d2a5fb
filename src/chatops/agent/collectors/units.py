"""Failed units of systemd, as ``systemctl`` lists them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from chatops.agent.account import DEFAULT_PATH
from chatops.agent.collectors.labels import clean
from chatops.protocol.limits import MAX_UNIT_NAMES
from chatops.protocol.metrics import Units

EVERY: Final = 30.0
LIMIT: Final = 1.5
"""Seconds that systemctl may take: less than a collector may, so that it is ended and not left."""
_LIST: Final = (
    "list-units", "--state=failed", "--all", "--plain", "--full", "--no-legend", "--no-pager",
)  # fmt: skip


class UnitsCollector:
    """Asks systemctl; on a host that systemd did not start there is nothing to ask."""

    def __init__(
        self, path: str = DEFAULT_PATH, booted: Path = Path("/run/systemd/system")
    ) -> None:
        self._path = path
        self._booted = booted

    def __call__(self) -> Units:
        """
        Raises:
            OSError: systemctl failed.
            TimeoutError: it took too long, and was ended.
        """
        program = shutil.which("systemctl", path=self._path)
        if program is None or not self._booted.is_dir():
            return Units()
        names = [line.split(None, 1)[0] for line in _run(program).splitlines() if line.strip()]
        return Units(failed=len(names), names=[clean(name) for name in names[:MAX_UNIT_NAMES]])


def _run(program: str) -> str:
    try:
        ended = subprocess.run(
            [program, *_LIST], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
            env={"PATH": DEFAULT_PATH, "LANG": "C", "SYSTEMD_COLORS": "0"}, cwd="/", check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"systemctl did not answer within {LIMIT:g} s") from None
    if ended.returncode:
        said = ended.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise OSError(ended.returncode, f"systemctl: {said or f'exit {ended.returncode}'}")
    return ended.stdout.decode("utf-8", "replace")
