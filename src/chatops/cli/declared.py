"""Options as plain data: declared once, read by typer and by the quick parser of ``exec``.

Nothing here may import typer: what reads only this starts in half the time.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Kind = Literal["text", "texts", "number", "flag", "path", "form"]
"""``texts`` may be repeated, ``flag`` takes no value, ``form`` is a form of the data."""
Form = Literal["table", "json", "ndjson", "csv"]
FORMS: Final[tuple[Form, ...]] = ("table", "json", "ndjson", "csv")


class Declared(NamedTuple):
    """One option: the keyword under which its value goes, and how it is written."""

    name: str
    words: tuple[str, ...]
    kind: Kind
    help: str
    metavar: str | None = None
    default: str | bool | None = None


HUB: Final = (
    Declared("hub", ("--hub",), "text", "the hub [CHATOPS_HUB]", "URL"),
    Declared("token", ("--token",), "text", "access or API token [CHATOPS_TOKEN]", "TOKEN"),
    Declared("profile", ("--profile",), "text", "profile to use [CHATOPS_PROFILE]", "NAME"),
    Declared(
        "ca_file", ("--ca-file",), "path", "certificates that vouch for the hub [CHATOPS_CA_FILE]",
        "FILE",
    ),
    Declared(
        "fingerprint", ("--fingerprint",), "text",
        "SHA-256 of the hub's certificate [CHATOPS_FINGERPRINT]", "HEX",
    ),
    Declared(
        "insecure", ("--insecure",), "flag",
        "allow plain HTTP to another machine [CHATOPS_INSECURE]",
    ),
)  # fmt: skip
DATA: Final = (
    Declared("output", ("--output", "-o"), "form", "form of the data", default="table"),
    Declared("quiet", ("--quiet", "-q"), "flag", "print just names or ids", default=False),
)
TALK: Final = (
    Declared("no_color", ("--no-color",), "flag", "no colours [NO_COLOR]", default=False),
    Declared("debug", ("--debug",), "flag", "show where an error happened", default=False),
)
COMMON: Final = (*HUB, *DATA, *TALK)

EXEC: Final = (
    Declared("timeout", ("--timeout",), "text", "end it after this time", "DURATION"),
    Declared(
        "parallel", ("--parallel",), "number", "run it on at most so many servers at a time "
        "[default: 50]", "N",
    ),
    Declared(
        "batch", ("--batch",), "text", "begin on so many servers, on the next so many when these "
        "are done, and so on", "N|P%",
    ),
    Declared(
        "max_failures", ("--max-failures",), "text", "start nothing more once so many servers "
        "ran it and failed", "N|P%",
    ),
    Declared(
        "expect_count", ("--expect-count",), "number", "run nothing unless TARGET means so many "
        "servers", "N",
    ),
    Declared("cwd", ("--cwd",), "text", "folder to run it in", "DIR"),
    Declared("env", ("--env",), "texts", "environment variable; may be repeated", "K=V"),
    Declared("stdin", ("--stdin", "-i"), "flag", "pass stdin on to it; one server", default=False),
    Declared(
        "group", ("--group",), "flag", "several servers: print each one's output whole when it is "
        "done", default=False,
    ),
    Declared("detach", ("--detach",), "flag", "print the run's id and return", default=False),
    Declared(
        "dry_run", ("--dry-run",), "flag", "print the servers that TARGET means, and run nothing",
        default=False,
    ),
    Declared(
        "idempotency_key", ("--idempotency-key",), "text", "run it once for this key; again "
        "shows that run", "K",
    ),
    Declared("status_file", ("--status-file",), "path", "write the array of -o json there", "FILE"),
)  # fmt: skip
"""The own options of ``chatops exec``; they stand before TARGET."""

_NAMED: Final = {one.name: one for one in EXEC}
DOCKER_EXEC: Final = (
    _NAMED["timeout"],
    Declared("cwd", ("--cwd",), "text", "folder of the container to run it in", "DIR"),
    _NAMED["env"],
    Declared("user", ("--user", "-u"), "text", "user of the container to run it as", "U"),
    Declared("stdin", ("--stdin", "-i"), "flag", "pass stdin on to it", default=False),
    Declared("tty", ("--tty", "-t"), "flag", "run it at a terminal; needs one here", default=False),
    *(_NAMED[name] for name in ("detach", "idempotency_key", "status_file")),
)
"""The own options of ``chatops docker exec``; they stand before SERVER."""
