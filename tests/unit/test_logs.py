"""The programs' logs: one safe line a record, or one JSON object; never a credential."""

from __future__ import annotations

import io
import json
import logging
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.logs import JsonFormatter, TextFormatter, setup
from chatops.redaction import redact
from chatops.text import escape

BODY = "AbCd-_" * 8
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLTMy"
SECRETS = [f"cok_{BODY}", f"cot_{BODY}", f"cor_{BODY}", f"coj_{BODY}", JWT]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("chatops")
    kept = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers[:] = kept[0]
    root.setLevel(kept[1])
    ours.setLevel(kept[2])


def record(message: str, *args: object, exc: BaseException | None = None, **extra: object) -> Any:
    info = (type(exc), exc, exc.__traceback__) if exc else None
    made = logging.LogRecord("chatops.hub", logging.INFO, __file__, 1, message, args, info)
    made.created = 1_767_323_045.678
    vars(made).update(extra)
    return made


@given(st.sampled_from(SECRETS), st.text(max_size=20), st.text(max_size=20))
def test_no_credential_survives(secret: str, before: str, after: str) -> None:
    shown = redact(f"{before}{secret}{after}")
    assert secret not in shown
    assert secret[4:] not in shown


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "form", ["{}", "token={}", "%22{}%22", "key_{}", "'\\n{}'", "/{}/x", "x{}"]
)
def test_no_credential_survives_in_any_company(secret: str, form: str) -> None:
    assert secret[4:] not in redact(form.format(secret))


def test_the_kind_of_a_credential_stays_readable() -> None:
    assert redact(f"refused cok_{BODY}!") == "refused cok_***!"
    assert redact(f"refused {JWT}.") == "refused eyJ***."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to https://ann:hunter22@hooks.example/x", "to https://ann:***@hooks.example/x"),
        ("POST {'password': 'hunter22', 'x': 1}", "POST {'password': '***', 'x': 1}"),
        ('{"username":"ann","password":"hunter22"}', '{"username":"ann","password":"***"}'),
        ("Authorization: Bearer hunter22", "Authorization: Bearer ***"),
        ("secret=hunter22&b=c", "secret=***&b=c"),
        ("CHATOPS_ADMIN_PASSWORD=hunter22", "CHATOPS_ADMIN_PASSWORD=***"),
        ("client_secret: hunter22", "client_secret: ***"),
        ("hash $argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "hash $argon2***"),
    ],
)
def test_passwords_go_where_they_are_announced(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_striking_takes_no_longer_for_hostile_text() -> None:
    for part in ("://", "://a:", "password=", "secret:  ", "$argon2id$", "authorization: bearer "):
        text = part * 20_000
        started = time.monotonic()
        redact(text)
        assert time.monotonic() - started < 2, part


@pytest.mark.parametrize("text", ["nothing here", "apricot_season", "cok_", "eyJhb is no token"])
def test_other_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_a_text_line() -> None:
    line = TextFormatter().format(record("agent %s connected", "web-1", address="127.0.0.1"))
    assert line == ("2026-01-02T03:04:05.678Z info    hub: agent web-1 connected address=127.0.0.1")


@given(st.text(), st.text())
def test_a_record_is_one_safe_line(message: str, value: str) -> None:
    line = TextFormatter().format(record("%s", message, field=value))
    assert escape(line) == line


def test_an_exceptions_text_cannot_forge_a_line_or_reach_the_terminal() -> None:
    try:
        raise ValueError(f"\x1b[2J\n2026-01-02T03:04:05.678Z info hub: all is well cok_{BODY}")
    except ValueError as error:
        lines = TextFormatter().format(record("it failed", exc=error)).split("\n")
    assert lines[0].endswith("hub: it failed")
    assert len(lines) > 3
    assert all(line.startswith("  ") and escape(line) == line for line in lines[1:])
    assert not any(BODY in line for line in lines)


def test_a_json_record() -> None:
    line = JsonFormatter().format(
        record("agent %s", f"cok_{BODY}", n=3, ok=True, nothing=None, rate=1.5, who="w\n")
    )
    assert "\n" not in line
    assert json.loads(line) == {
        "ts": "2026-01-02T03:04:05.678Z",
        "level": "info",
        "logger": "chatops.hub",
        "message": "agent cok_***",
        "n": 3,
        "ok": True,
        "nothing": None,
        "rate": 1.5,
        "who": "w\n",
    }


def test_fields_do_not_displace_the_usual_ones() -> None:
    entry = json.loads(JsonFormatter().format(record("real", ts="x", level="x", logger="x")))
    assert (entry["ts"], entry["level"], entry["logger"]) == (
        "2026-01-02T03:04:05.678Z",
        "info",
        "chatops.hub",
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"\xff", object(), "\udcff"])
def test_any_field_becomes_valid_json(value: object) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    entry = json.loads(JsonFormatter().format(record("x", field=value)), parse_constant=refuse)
    assert isinstance(entry["field"], str)


def test_a_json_exception_is_redacted() -> None:
    try:
        raise ValueError(f"bad cok_{BODY}")
    except ValueError as error:
        entry = json.loads(JsonFormatter().format(record("it failed", exc=error)))
    assert entry["exception"].endswith("ValueError: bad cok_***")


def test_setup_replaces_what_was_there() -> None:
    first, second = io.StringIO(), io.StringIO()
    setup(stream=first)
    setup("debug", "json", second)
    logging.getLogger("chatops.agent").debug("hello")
    logging.getLogger("somebody.else").info("too quiet to show")
    logging.getLogger("somebody.else").warning("seen")
    assert first.getvalue() == ""
    lines = [json.loads(line) for line in second.getvalue().splitlines()]
    assert [(line["logger"], line["message"]) for line in lines] == [
        ("chatops.agent", "hello"),
        ("somebody.else", "seen"),
    ]


def test_logs_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    setup(stream=sys.stderr)
    logging.getLogger("chatops").info("hello")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(" info    chatops: hello\n")
