"""An OpenSSH server of our own to compare with: on loopback, with keys made for it."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HOW = "ssh is missing: `apt-get install openssh-server` brings it; nothing is compared with it"
_RUNS_IN = Path("/run/sshd")


def find_sshd() -> str | None:
    """The server's program; it only runs when it is called by its whole path."""
    return shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


class Ssh:
    """How to reach that server: ``cold`` connects anew, ``warm`` uses a connection that is kept."""

    def __init__(self, config: Path) -> None:
        self.cold = ["ssh", "-F", str(config), "-o", "ControlPath=none", "target"]
        self.warm = ["ssh", "-F", str(config), "target"]
        self.master = ["ssh", "-F", str(config), "-M", "-N", "-f", "target"]
        self.leave = ["ssh", "-F", str(config), "-O", "exit", "target"]


@contextmanager
def sshd(folder: Path) -> Iterator[Ssh | None]:
    """A server and a kept connection to it until the end of the block; None without OpenSSH.

    Raises:
        RuntimeError: it does not start.
    """
    program = find_sshd()
    if program is None or shutil.which("ssh") is None:
        yield None
        return
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        _RUNS_IN.mkdir(exist_ok=True)  # the service would have made it
    port = _free_port()
    for name in ("host", "user"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
    shutil.copy(folder / "user.pub", folder / "authorized")
    host_key = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {host_key}")
    (folder / "sshd").write_text(_server(folder, port))
    (folder / "ssh").write_text(_client(folder, port))
    words = [program, "-D", "-q", "-f", str(folder / "sshd")]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as server:
        ssh = Ssh(folder / "ssh")
        try:
            _wait_for(port, server)
            _run(*ssh.master)
            yield ssh
        finally:
            with suppress(subprocess.CalledProcessError):
                _run(*ssh.leave)
            server.terminate()


def _server(folder: Path, port: int) -> str:
    # With that level bash does not read ~/.bashrc: what stands in it is not ssh's cost.
    return (
        "SetEnv SHLVL=2\n"
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPermitRootLogin yes\n"
        "PasswordAuthentication no\nUsePAM no\nUseDNS no\nSubsystem sftp internal-sftp\n"
    )


def _client(folder: Path, port: int) -> str:
    return (
        f"Host target\nHostName 127.0.0.1\nPort {port}\nUser {getpass.getuser()}\n"
        f"IdentityFile {folder}/user\nIdentitiesOnly yes\nUserKnownHostsFile {folder}/known\n"
        f"GlobalKnownHostsFile none\nBatchMode yes\nControlPath {folder}/control\n"
    )


def _run(*words: str) -> None:
    quiet = subprocess.DEVNULL  # a master that stays behind would hold a pipe open
    subprocess.run(words, check=True, stdin=quiet, stdout=quiet, stderr=quiet)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if server.poll() is not None:
            raise RuntimeError(f"sshd ended with status {server.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("sshd does not listen")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
