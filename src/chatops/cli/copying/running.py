"""Copies to servers and from one, each in a thread of its own, tried again when they are cut."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

from chatops.cli.context import Cli
from chatops.cli.copying.bar import Bar, progress_bar
from chatops.cli.copying.operands import Remote
from chatops.cli.copying.results import COPIES, CopyResult, result_of
from chatops.cli.exits import DONE, FAILED, HUNG_UP, TERMINATED
from chatops.cli.reopening import PASSING, reopened
from chatops.cli.show import size
from chatops.copying.naming import base_name, in_words, readable_path
from chatops.copying.sending import Source
from chatops.errors import ChatOpsError, InvalidInput, TimedOut, from_code
from chatops.protocol.copies import CopyReport
from chatops.text import counted, escape

if TYPE_CHECKING:
    from chatops.client import Client
    from chatops.client.copying import Copying

AT_ONCE: Final = 16
"""Servers to which is copied at the same time."""
_OPEN: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
Make = Callable[["Client", str, Bar], "Copying"]


def upload(cli: Cli, path: bytes, to: Remote, *, recursive: bool) -> int:
    """Copy what is at ``path`` here to servers; the exit code.

    Raises:
        ChatOpsError: it cannot be read, TARGET means no server, or the one copy failed.
    """
    source = _opened(path, recursive=recursive)
    total = source.total() if cli.out.shows_progress else None
    source.close()  # now it is known that it can be copied; each copy opens it for itself
    servers, name = _servers(cli, to), base_name(os.path.abspath(path))  # noqa: PTH100  (bytes)
    whole = None if total is None else total * len(servers)
    with progress_bar(cli, readable_path(name), whole, files=source.is_folder) as bar:
        results = _Runs(cli, bar, to.path).all(
            servers,
            lambda client, server, one: client.copies.upload(
                server, _opened(path, recursive=True), name, to.path, one.moved
            ),
        )
    return _tell(cli, results, several=to.one is None, to_server=True)


def download(cli: Cli, origin: Remote, path: bytes, *, recursive: bool) -> int:
    """Copy from a server to ``path`` here; the exit code.

    Raises:
        InvalidInput: several servers are meant.
        ChatOpsError: the copy failed.
    """
    if origin.one is None:
        raise InvalidInput(
            "SRC means several servers, whose files would take one another's place",
            hint="copy from one at a time; as DST several are right",
        )
    with progress_bar(cli, readable_path(base_name(origin.path)), None, files=recursive) as bar:
        results = _Runs(cli, bar, path).all(
            [origin.one],
            lambda client, server, one: client.copies.download(
                server, origin.path, path, one.moved, recursive=recursive
            ),
        )
    return _tell(cli, results, several=False, to_server=False)


class _Runs:
    """Copies that go on at the same time. ``path`` is where they are written."""

    def __init__(self, cli: Cli, bar: Bar, path: bytes) -> None:
        self._cli = cli
        self._bar = bar
        self._path = readable_path(path)
        self._where = cli.connection._replace(token=cli.client.token)
        self._open: set[Copying] = set()
        self._ended = False

    def all(self, servers: Sequence[str], make: Make) -> list[CopyResult]:
        """What becomes of a copy for each server. Ctrl-C, SIGTERM and SIGHUP end all of
        them."""
        pool = ThreadPoolExecutor(min(AT_ONCE, len(servers)), "chatops-cp")
        before = {number: signal.signal(number, _end) for number in _ends()}
        try:
            futures = [pool.submit(partial(self._one, make), server) for server in servers]
            return [future.result() for future in futures]
        except BaseException:
            self._ended = True
            for copying in list(self._open):
                copying.cancel()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _one(self, make: Make, server: str) -> CopyResult:
        began = time.monotonic()
        copying = None
        try:
            with (
                self._cli.client_for(self._where) as client,
                make(client, server, self._bar) as copying,
            ):
                self._open.add(copying)
                try:
                    return self._run(copying, began)
                finally:
                    self._open.discard(copying)
        except (ChatOpsError, OSError) as error:
            found = in_words(error, self._path) if isinstance(error, OSError) else error
            report = copying.partial if copying is not None else CopyReport()
            return result_of(server, self._path, report, time.monotonic() - began, found)

    def _run(self, copying: Copying, began: float) -> CopyResult:
        begin = copying.begin()
        if begin.size is not None:
            self._bar.expect(begin.size)
        while True:
            try:
                report = copying.run()
                return result_of(copying.server, self._path, report, time.monotonic() - began)
            except (*PASSING, TimedOut) as error:
                if self._ended:
                    raise
                reopened(copying.begin, error, self._bar.say)


def _ends() -> list[int]:
    """Signals that end copies; under ``nohup`` the terminal may go."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGTERM] if ignored else [signal.SIGTERM, signal.SIGHUP]


def _end(number: int, _: object) -> None:
    raise SystemExit(HUNG_UP if number == signal.SIGHUP else TERMINATED)


def _opened(path: bytes, *, recursive: bool) -> Source:
    try:
        descriptor = os.open(path, _OPEN)
    except OSError as error:
        found = in_words(error, readable_path(path))
        if found.code == "not_found" and b":" in path and b"/" not in path:
            found.hint = "a path on a server is whole, like web-1:/etc/hosts"
        raise found from None
    try:
        return Source(descriptor, readable_path(path), recursive=recursive)
    except BaseException:
        os.close(descriptor)
        raise


def _servers(cli: Cli, to: Remote) -> list[str]:
    from chatops.cli.watching import meant

    return [to.one] if to.one is not None else [one.name for one in meant(cli, to.target)]


def _tell(cli: Cli, results: Sequence[CopyResult], *, several: bool, to_server: bool) -> int:
    """Show what became of them; the exit code.

    Raises:
        ChatOpsError: the only one failed.
    """
    if cli.out.form != "table":
        cli.out.items(results, COPIES)
    for one in results:
        _tell_one(cli, one, to_server=to_server)
    errors = [one.error for one in results if one.error is not None]
    if errors and not several:
        cli.out.flush()
        raise from_code(errors[0].code, errors[0].message, hint=errors[0].hint)
    for result in results:
        if result.error is not None:
            text = result.error.message
            named = text.startswith((f"{result.server} ", f"{result.server}:"))
            shown = text if named else f"{result.server}: {text}"
            cli.out.say(f"not copied: {escape(shown)}")
    broken = any(skipped.failed for one in results for skipped in one.skipped)
    return FAILED if errors or broken else DONE


def _tell_one(cli: Cli, one: CopyResult, *, to_server: bool) -> None:
    for skipped in one.skipped:
        word = "not copied" if skipped.failed else "skipped"
        named = f"{skipped.path}: " if skipped.path else ""  # none: it is what was asked for
        cli.out.say(f"{word}: {named}{escape(skipped.reason)}")
    if one.error is None and cli.out.form == "table" and not cli.out.quiet:
        place = f"{one.server}:{one.path}" if to_server else one.path
        what = f"{counted(one.files, 'file')}, {size(one.bytes)}"
        cli.out.say(f"copied {what} to {escape(place)}")
