"""A real container engine of the tests' own: Debian's dockerd with everything it keeps in one
folder, without networks, and containers made of a static busybox."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from docker import APIClient
from docker.errors import NotFound

from chatops.agent.engine import Engine, EngineError
from tests.support.waiting import until

IMAGE: Final = "busybox:test"
_APPLETS: Final = (
    "sh",
    "sleep",
    "echo",
    "true",
    "false",
    "cat",
    "test",
    "rm",
    "touch",
    "head",
    "printf",
    "yes",
    "stty",
)


class RealEngine:
    """The engine; ``host`` is its address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "sock"
        self.host = f"unix://{self._socket}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "this test needs Docker: apt-get install docker.io busybox-static"
        words = [
            program, "--iptables=false", "--ip6tables=false", "--bridge=none",
            f"--data-root={self._folder}/data", f"--exec-root={self._folder}/exec",
            f"--pidfile={self._folder}/pid", f"--host={self.host}", "--log-level=warn",
        ]  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log)
        until(self._answers, within=60, what="the engine")

    def stop(self) -> None:
        """End it; its containers end with it, and stay."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    @contextmanager
    def hung(self) -> Iterator[None]:
        """It takes connections and says nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def client(self) -> AbstractContextManager[APIClient]:
        """The SDK, for what a test does itself."""
        return Engine(self.host).client(30)

    def run(self, name: str, *command: str, log: Any = None, **options: Any) -> str:
        """Start a container without a network, that a stop ends at once; its id. ``log`` says how
        the engine keeps what it writes."""
        with self.client() as client:
            made = client.create_container(
                IMAGE, list(command or ("/bin/sleep", "1000")), name=name, stop_signal="SIGKILL",
                host_config=client.create_host_config(network_mode="none", log_config=log),
                **options,
            )  # fmt: skip
            client.start(made["Id"])
            return str(made["Id"])

    def execute(self, name: str, *command: str) -> None:
        """Run a command in a container."""
        with self.client() as client:
            client.exec_start(client.exec_create(name, list(command))["Id"])

    def ended(self, name: str) -> bool:
        """Whether a container runs no more."""
        with self.client() as client:
            return not client.inspect_container(name)["State"]["Running"]

    def clear(self) -> None:
        """Remove all containers."""
        with self.client() as client:
            for one in client.containers(all=True):
                with suppress(NotFound):
                    client.remove_container(one["Id"], force=True)

    def make_image(self) -> None:
        """The image of all containers."""
        busybox = shutil.which("busybox")
        assert busybox, "this test needs a static busybox: apt-get install busybox-static"
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(busybox, "bin/busybox")
            for name in _APPLETS:
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        repository, _, tag = IMAGE.partition(":")
        with self.client() as client:
            client.import_image_from_data(packed.getvalue(), repository=repository, tag=tag)

    def _answers(self) -> bool:
        assert self._process is not None
        log = self._folder / "log"
        assert self._process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        with suppress(EngineError), self.client() as client:
            return bool(client.ping())
        return False


@contextmanager
def real_engine() -> Iterator[RealEngine]:
    """An engine with the image, ended with all its containers."""
    with tempfile.TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as folder:
        engine = RealEngine(Path(folder))
        try:
            engine.start()
            engine.make_image()
            yield engine
            engine.clear()
        finally:
            engine.stop()
