"""The programs' own logs: text for people or JSON for machines, without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any, Final, Literal, TextIO

from chatops.text import escape
from chatops.units import format_time

Format = Literal["text", "json"]
LEVELS: Final = ("debug", "info", "warning", "error")

# Our keys, tokens and join strings by their prefix, and JWTs by their form.
_SECRET = re.compile(r"\b(co[ktrj]_)[A-Za-z0-9_-]{6,}|\b(eyJ)[\w-]{4,}\.[\w-]+\.[\w-]+")
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """``text`` with everything that looks like one of our credentials struck out."""
    return _SECRET.sub(lambda match: (match[1] or match[2]) + "***", text)


def setup(level: str = "info", form: Format = "text", stream: TextIO | None = None) -> None:
    """Send this process's logs to ``stream`` (stderr), replacing what was set up before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("chatops").setLevel(level.upper())


class TextFormatter(logging.Formatter):
    """One escaped line a record: time, level, logger, message, then the fields as k=v."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {key}={value}" for key, value in _fields(record).items())
        name = record.name.removeprefix("chatops.")
        head = f"{format_time(record.created)} {record.levelname.lower():7} {name}: "
        line = head + escape(redact(record.getMessage() + fields))
        if record.exc_info:
            line += "\n" + redact(self.formatException(record.exc_info))
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object a record: ts, level, logger, message, the fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "ts": format_time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        entry |= {key: redact(str(value)) for key, value in _fields(record).items()}
        if record.exc_info:
            entry["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _USUAL}
