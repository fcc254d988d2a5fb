"""docs/reference/wire.md: messages, frames, close reasons and limits, from the program."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, get_args

import msgspec
import msgspec.inspect as mi

from chatops.protocol import PROTOCOL_VERSION, client_messages, codec, frames, limits
from chatops.protocol.closing import REASONS
from docs.gen.markdown import code, prose, summary, table
from docs.gen.wire_types import parts_of, spell

PAGE: Final = "reference/wire.md"
INTRODUCTION: Final = f"""# The wire

Version {PROTOCOL_VERSION} of the agent's protocol. Text frames are JSON objects with a `type`;
unknown fields are ignored, an unknown type is answered with `error`. Fields and types are only
ever added within a version. Times are Unix seconds (UTC) of the sender's clock, durations
seconds, sizes bytes. A field with a default may be left out.

"""
DIRECTIONS: Final[list[tuple[str, Any]]] = [
    ("From agent to hub: `/api/v1/agents/ws`", codec.AgentMessage),
    ("From hub to agent", codec.HubMessage),
    ("From client to hub: `/api/v1/ws/…`",
     client_messages.FromClient),
    ("From hub to client", client_messages.ToClient),
]  # fmt: skip


def render() -> str:
    """The page."""
    sections = [
        *(_direction(title, union) for title, union in DIRECTIONS),
        _parts(),
        f"## Binary frames\n\n{prose(frames.__doc__)}\n",
        _reasons(),
        _limits(),
    ]
    return INTRODUCTION + "\n".join(sections)


def _direction(title: str, union: Any) -> str:
    return f"## {title}\n\n" + "\n".join(
        _struct(cls, code(str(cls.__struct_config__.tag))) for cls in get_args(union)
    )


def _parts() -> str:
    classes = [cls for _, union in DIRECTIONS for cls in get_args(union)]
    tagged = set(classes)
    shared = sorted(set().union(*map(parts_of, classes)) - tagged, key=lambda cls: cls.__name__)
    return "## Parts of messages\n\n" + "\n".join(_struct(cls, cls.__name__) for cls in shared)


def _struct(cls: type[msgspec.Struct], title: str) -> str:
    kind = mi.type_info(cls)
    assert isinstance(kind, mi.StructType)
    text = f"### {title}\n\n{prose(cls.__doc__)}\n"
    if kind.fields:
        rows = [[code(one.name), spell(one.type), _default(one)] for one in kind.fields]
        text += "\n" + table(["field", "value", "default"], rows)
    return text


def _default(field: mi.Field) -> str:
    if field.required:
        return "required"
    missing = field.default is msgspec.NODEFAULT
    value = field.default_factory() if missing else field.default
    return code(msgspec.json.encode(value).decode())


def _reasons() -> str:
    rows = [
        [code(name), str(reason.code), "yes" if reason.retry else "no", reason.text]
        for name, reason in REASONS.items()
    ]
    return (
        "## Close reasons\n\nThe name stands in the close frame and, before it, in an `error` "
        "message as `code`.\n\n" + table(["reason", "code", "may come back", "meaning"], rows)
    )


def _limits() -> str:
    rows = [[code(name), f"{value:,}", summary(doc)] for name, value, doc in _limit_rows()]
    return "## Limits\n\nSizes are bytes, times seconds.\n\n" + table(
        ["limit", "value", "meaning"], rows
    )


def _limit_rows() -> Iterator[tuple[str, float, str]]:
    """Every upper-case constant of the limits with the string that follows it."""
    body = ast.parse(inspect.getsource(limits)).body
    for node, after in pairwise([*body, ast.Pass()]):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        name = node.target.id
        if name.isupper():
            yield name, getattr(limits, name), _text_of(after)


def _text_of(node: ast.stmt) -> str:
    """The text of a string that stands alone; nothing for another statement."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return str(node.value.value)
    return ""
