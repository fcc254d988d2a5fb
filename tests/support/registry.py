"""A real registry of images on loopback, Debian's, with everything it keeps in one folder."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.engine import RealEngine
from tests.support.ports import free_port
from tests.support.waiting import until


class Registry:
    """A registry; ``address`` begins the names of its images. Engines speak plain HTTP to it,
    because it is on 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._port = port

    def push(self, engine: RealEngine, name: str) -> str:
        """Have an image with one layer lie there under that name, and not with the engine."""
        image = f"{self.address}/{name}"
        repository, _, tag = image.rpartition(":")
        with engine.client() as client:
            client.import_image_from_data(_layer(), repository=repository, tag=tag)
            said = client.push(repository, tag)
            assert "error" not in said, said
            client.remove_image(image)
        return image

    def answers(self) -> bool:
        """Whether it is there."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
            return True
        return False


def _layer() -> bytes:
    packed, data = io.BytesIO(), os.urandom(200_000)
    with tarfile.open(fileobj=packed, mode="w") as tar:
        file = tarfile.TarInfo("file")
        file.size = len(data)
        tar.addfile(file, io.BytesIO(data))
    return packed.getvalue()


@contextmanager
def registry(folder: Path) -> Iterator[Registry]:
    """A registry, ended afterwards."""
    program = shutil.which("docker-registry")
    assert program, "this test needs a registry: apt-get install docker-registry"
    port = free_port()
    config = folder / "registry.yml"
    config.write_text(
        "version: 0.1\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/images}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n",
        encoding="utf-8",
    )
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log)
    try:
        made = Registry(port)
        until(made.answers, what="the registry")
        yield made
    finally:
        process.terminate()
        process.wait(15)
