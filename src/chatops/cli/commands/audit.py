"""``chatops audit``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from chatops.cli import show
from chatops.cli.args import LIMIT, SINCE, UNTIL, asked, print_newest
from chatops.cli.context import Cli
from chatops.cli.declared import Form
from chatops.cli.define import command, group
from chatops.cli.exporting import write_rows
from chatops.cli.new_file import new_file
from chatops.cli.output import compact
from chatops.cli.reading import span
from chatops.cli.view import Column, View
from chatops.errors import ChatOpsError
from chatops.protocol.rest import AuditRecord, AuditVerdict, ChainedRecord
from chatops.text import escape

app = group("Who did what.")
AUDIT = View(
    AuditRecord,
    lambda record: str(record.id),
    [
        Column("ID", lambda r: str(r.id), right=True),
        Column("TIME", lambda r: show.local(r.ts), whole=True),
        Column("USER", lambda r: r.user),
        Column("ACTION", lambda r: r.action, whole=True),
        Column("TARGET", lambda r: r.target),
        Column("OUTCOME", lambda r: r.outcome, lambda r: None if r.outcome == "ok" else "warn"),
        Column("ADDRESS", lambda r: r.address, spare=True),
        Column("DETAIL", lambda r: compact(r.detail) if r.detail else None, spare=True),
    ],
)
VERDICT = View(
    AuditVerdict,
    lambda verdict: "ok" if verdict.ok else "broken",
    [
        Column("trail", lambda v: "holds" if v.ok else "does not hold",
               lambda v: "good" if v.ok else "bad"),
        Column("records", lambda v: str(v.records)),
        Column("first", lambda v: _record(v.first_id, v.first_ts)),
        Column("last", lambda v: _record(v.last_id, v.last_ts)),
        Column("hash", lambda v: v.last_hash),
        Column("pruned to", lambda v: _record(v.pruned_through)),
        Column("anchor", lambda v: _record(v.anchor_id)),
        Column("fault", lambda v: _fault(v)),
    ],
)  # fmt: skip
EXPORT = View(ChainedRecord, lambda record: str(record.id), [])


@command(app, "list", example="chatops audit list --user ada --since 7d")
def list_audit(
    cli: Cli,
    user: Annotated[str | None, typer.Option("--user", metavar="USER", help="by whom")] = None,
    action: Annotated[
        str | None, typer.Option("--action", metavar="A", help="what, like servers.add")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="T", help="on what: part of its name")
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", metavar="O", help="ok, denied, ...; bad: all but good ones"),
    ] = None,
    since: SINCE = None,
    until: UNTIL = None,
    limit: LIMIT = 100,
) -> None:
    """The audit record, oldest first: who, from where, on what, with which outcome."""
    begin, end = span(since, until)
    found = cli.client.audit.list(
        user=user, action=action, target=target, outcome=outcome, since=begin, until=end,
        limit=asked(limit),
    )  # fmt: skip
    print_newest(cli.out, found, AUDIT, limit)


@command(app, "verify", example="chatops audit verify")
def verify(
    cli: Cli,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir", metavar="DIR", help="check this hub's folder, here and without a hub"
        ),
    ] = None,
) -> None:
    """Check the whole audit trail: that no record was changed, removed, added or reordered, and
    that its end was not cut off. Exit 1 names the first record that is wrong or missing."""
    verdict = _verify_here(data_dir) if data_dir else cli.client.audit.verify()
    cli.out.item(verdict, VERDICT)
    cli.out.flush()
    for warning in verdict.warnings:
        cli.out.say(f"warning: {escape(warning)}")
    if not verdict.ok:
        raise ChatOpsError(
            f"the audit trail does not hold: {verdict.reason}",
            hint=f"{_holds(verdict)}. {_meaning(verdict)}. {_DO}",
        )


_DO = (
    "Copy the data folder as it is before anything else, then compare what follows with a backup, "
    "an export, audit_file or syslog"
)


def _holds(verdict: AuditVerdict) -> str:
    """What can still be believed."""
    if verdict.last_id is None:
        return "no record before it can be checked"
    until = f"record {verdict.last_id} ({show.local(verdict.last_ts)})"
    return f"all that is there up to {until} is as the hub wrote it"


def _meaning(verdict: AuditVerdict) -> str:
    """What must have happened."""
    if verdict.fault_id is None:
        return "Records after that may have been cut off, and nothing is left that could tell"
    if verdict.missing_through is None:
        return (
            f"Record {verdict.fault_id} is not: somebody wrote to chatops.db without the hub, or "
            "the disk failed"
        )
    if verdict.missing_through == verdict.anchor_id:
        return (
            "The hub wrote more: somebody cut them off, or chatops.db is an older copy than "
            "audit-head beside it (half a backup, a power cut)"
        )
    return (
        "Somebody took the missing ones out of chatops.db without the hub, or it was an older copy "
        "for a while"
    )


def _fault(verdict: AuditVerdict) -> str | None:
    """The first record that is wrong, or those that are missing."""
    first, last = verdict.fault_id, verdict.missing_through
    return f"records {first} to {last}" if last and last != first else _record(first)


def _record(number: int | None, ts: str | None = None) -> str | None:
    if number is None:
        return None
    return f"record {number}" + (f", {show.local(ts)}" if ts else "")


@command(app, "export", example="chatops audit export audit.ndjson")
def export(
    cli: Cli,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="a new file, 0600; - is standard output")
    ],
) -> None:
    """Write all audit records with their hashes, oldest first: one JSON object a line, with
    `-o json` an array, with `-o csv` a table. Who has the audit key can verify them."""
    records = _Counted(cli.client.audit.export())
    if file == "-":
        write_rows(sys.stdout, records, EXPORT, cli.common.output)
    else:
        _write_new(file, records, cli.common.output)
    last = records.last
    cli.out.flush()
    if last is None:
        cli.out.say("exported no records")
    else:
        cli.out.say(f"exported {records.count} records; the last is {last.id}, hash {last.hash}")


class _Counted:
    """Records that are counted as they pass."""

    def __init__(self, records: Iterator[ChainedRecord]) -> None:
        self._records = records
        self.count = 0
        self.last: ChainedRecord | None = None

    def __iter__(self) -> Iterator[ChainedRecord]:
        for record in self._records:
            self.count, self.last = self.count + 1, record
            yield record


def _write_new(name: str, records: Iterable[ChainedRecord], form: Form) -> None:
    """Whole or not at all, and never over another file; raises as new_file."""
    with new_file(name) as file, TextIOWrapper(file, encoding="utf-8", newline="") as out:
        write_rows(out, records, EXPORT, form)


def _verify_here(folder: Path) -> AuditVerdict:
    from chatops.server.offline import verify_folder

    return verify_folder(folder)
