"""The programs' own logs: text for people or JSON for machines, without secrets."""

from __future__ import annotations

import json
import logging
import math
import re
import sys
from typing import Any, Final, Literal, TextIO

from chatops.text import escape
from chatops.units import format_time

Format = Literal["text", "json"]
LEVELS: Final = ("debug", "info", "warning", "error")

# Our keys, tokens and join strings by their prefix: any at the start of a word, and inside one
# (after %22, say) only what is as long as a whole credential.
_KEY = re.compile(r"(\bco[ktrj]_(?=[\w-]{6})|co[ktrj]_(?=[\w-]{24}))[\w-]+")
# What may hold a JWT. It is looked for by hand: one expression would be quadratic on "eyJeyJ…".
_DOTTED = re.compile(r"[\w.-]{24,}")
# A password in a URL; and whatever stands behind a word that announces a secret.
_IN_URL = re.compile(r"(://[^\s/@:]{0,256}:)[^\s/@]{1,1024}@")
_ANNOUNCED = re.compile(
    r"(?i)(\b(?:password|passwd|passphrase|secret|api_key|authorization)[\"']?\s{0,3}[:=]\s{0,3}"
    r"(?:(?:bearer|basic)\s{1,3})?[\"']?)(?!\*\*\*)[^\s\"',;&]+"
)
_HASH = re.compile(r"\$argon2[a-z]{1,2}\$[^\s\"']+")
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def strike(text: str) -> str:
    """``text`` with everything that has the form of one of our credentials struck out, and
    passwords in URLs: for errors, which may quote what they are about."""
    text = _DOTTED.sub(_strike_jwt, _KEY.sub(r"\1***", text))
    return _IN_URL.sub(r"\1***@", text)


def redact(text: str) -> str:
    """The same for logs, also of what is called a password or secret there, and of hashes."""
    return _HASH.sub("$argon2***", _ANNOUNCED.sub(r"\1***", strike(text)))


def setup(level: str = "info", form: Format = "text", stream: TextIO | None = None) -> None:
    """Send this process's logs to ``stream`` (stderr), replacing what was set up before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("chatops").setLevel(level.upper())


class TextFormatter(logging.Formatter):
    """One escaped line a record: time, level, logger, message, then the fields as k=v.

    A traceback follows in lines of its own, each indented, so that no text can pass for a record.
    """

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {key}={value}" for key, value in _fields(record).items())
        name = record.name.removeprefix("chatops.")
        head = f"{format_time(record.created)} {record.levelname.lower():7} {name}: "
        line = head + escape(redact(record.getMessage() + fields))
        if record.exc_info:
            trace = redact(self.formatException(record.exc_info)).split("\n")
            line += "".join(f"\n  {escape(one)}" for one in trace)
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
        entry = {key: _json_value(value) for key, value in _fields(record).items()} | entry
        if record.exc_info:
            entry["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _USUAL}


def _json_value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return redact(str(value))


def _strike_jwt(match: re.Match[str]) -> str:
    word = match[0]
    start = word.find("eyJ")
    header, _, rest = word[start:].partition(".")
    if start < 0 or len(header) < 10 or "." not in rest.rstrip("."):
        return word
    return word[:start] + "eyJ***" + "." * (len(word) - len(word.rstrip(".")))
