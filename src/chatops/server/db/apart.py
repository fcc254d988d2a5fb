"""Migrations in a process of their own: what they need, Alembic above all, is a tenth of the
memory that an idle hub takes, and it is needed once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chatops.errors import SetupError
from chatops.server.db.current import is_current

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def migrate_apart(data_dir: Path) -> None:
    """``migrate`` in a child that is forked for it, if there is anything to do. Only before any
    thread is started.

    The child has the folder's lock too: who starts after a hub that was killed here finds it
    taken until the tables are whole.

    Raises:
        SetupError: as ``migrate``, or the child was killed.
    """
    if is_current(data_dir):
        return
    import multiprocessing  # seldom needed

    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(data_dir, sender), daemon=True)
    child.start()
    sender.close()
    try:
        failure: tuple[str, str | None] | None = receiver.recv()
    except EOFError:
        failure = (f"the tables in {data_dir} could not be brought up to date", None)
    finally:
        receiver.close()
        child.join()
    if failure is not None:
        raise SetupError(failure[0], hint=failure[1])


def _work(data_dir: Path, sender: Connection) -> None:
    from chatops.server.db.migrate import migrate

    try:
        migrate(data_dir)
    except SetupError as error:
        sender.send((error.message, error.hint))
    else:
        sender.send(None)
