"""The real Prometheus with the configuration of docs/topics/prometheus.yml."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.support.ports import free_port
from tests.support.source import ROOT
from tests.support.waiting import until

EXAMPLE: Final = ROOT / "docs" / "topics" / "prometheus.yml"


class Prometheus:
    """A running one, asked over its API."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self._get("status/buildinfo"))
        except (URLError, ConnectionError):
            return False

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression of PromQL gives now."""
        found: list[dict[str, Any]] = self._get("query", query=expression)["result"]
        return found

    def value(self, expression: str) -> float | None:
        """The value of the one series that it gives; None if it gives none."""
        found = self.query(expression)
        assert len(found) < 2, found
        return float(found[0]["value"][1]) if found else None

    def _get(self, path: str, **query: str) -> Any:
        with urlopen(f"{self._url}/{path}?{urlencode(query)}", timeout=10) as answer:
            body = json.load(answer)
        assert body["status"] == "success", body
        return body["data"]


@contextmanager
def prometheus(folder: Path, hub: str, token: str) -> Iterator[Prometheus]:
    """It scrapes the hub at ``hub`` (HOST:PORT), each second, with the token from a file."""
    program = shutil.which("prometheus")
    assert program, "this test needs Prometheus: apt-get install prometheus"
    folder.mkdir()
    secret = folder / "token"
    secret.write_text(token)
    secret.chmod(0o600)
    (folder / "prometheus.yml").write_text(_adapted(hub, secret))
    port = free_port()
    words = [
        program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder)
    running = Prometheus(port)
    try:
        until(lambda: running.ready() or process.poll() is not None, what="Prometheus answers")
        assert process.poll() is None, (folder / "log").read_text()
        yield running
    finally:
        process.terminate()
        process.wait(10)


def _adapted(hub: str, secret: Path) -> str:
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in [
        ("scheme: https", "scheme: http"),
        ("/etc/prometheus/chatops-token", str(secret)),
        ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("hub.example.com:8765", hub),
    ]:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
