"""The real nginx with the configuration of docs/topics/nginx.conf, on ports of a test's own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.source import ROOT
from tests.support.waiting import until

EXAMPLE: Final = ROOT / "docs" / "topics" / "nginx.conf"
_OWN: Final = """http {{
    access_log off;
    client_body_temp_path {folder};
    proxy_temp_path {folder};
    fastcgi_temp_path {folder};
    uwsgi_temp_path {folder};
    scgi_temp_path {folder};
"""


@contextmanager
def nginx(
    folder: Path, port: int, hub: str, chain: Path, key: Path, **changed: str
) -> Iterator[subprocess.Popen[bytes]]:
    """nginx on ``port`` before the hub at ``hub`` (HOST:PORT). ``changed`` are directives that
    differ from the example."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "this test needs nginx: apt-get install nginx"
    folder.mkdir()
    file = folder / "nginx.conf"
    file.write_text(_adapted(folder, port, hub, chain, key, changed))
    log = folder / "error.log"
    words = [program, "-p", str(folder), "-c", str(file), "-e", str(log)]
    process = subprocess.Popen([*words, "-g", f"daemon off; pid {folder}/pid;"])
    try:
        until(lambda: _listens(port) or process.poll() is not None, what="nginx listens")
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _adapted(
    folder: Path, port: int, hub: str, chain: Path, key: Path, changed: dict[str, str]
) -> str:
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in [
        ("http {\n", _OWN.format(folder=folder)),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("127.0.0.1:8765;", f"{hub};"),
        ("/etc/nginx/chain.pem", str(chain)),
        ("/etc/nginx/key.pem", str(key)),
        ("worker_connections 8192", "worker_connections 256"),
    ]:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    lines = text.splitlines()
    for name, value in changed.items():
        (at,) = [at for at, line in enumerate(lines) if line.split()[:1] == [name]]
        lines[at] = f"{name} {value};"
    return "\n".join(lines)
