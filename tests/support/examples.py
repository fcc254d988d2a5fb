"""One fixed instance of a msgspec struct, for golden files: every field set, or the least."""

from __future__ import annotations

import functools
from base64 import b64encode
from typing import Any, cast

import msgspec
import msgspec.inspect as mi


def full(cls: type[msgspec.Struct]) -> msgspec.Struct:
    """An instance in which every field, however deep, has a value that is not its default."""
    return cast("msgspec.Struct", _value(mi.type_info(cls), "", every=True))


def least(cls: type[msgspec.Struct]) -> msgspec.Struct:
    """An instance with nothing but the fields that have no default."""
    return cast("msgspec.Struct", _value(mi.type_info(cls), "", every=False))


def spelled_out(value: Any) -> Any:
    """A struct as plain data with all its fields, defaults included."""
    if isinstance(value, msgspec.Struct):
        return {name: spelled_out(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [spelled_out(one) for one in value]
    if isinstance(value, dict):
        return {key: spelled_out(one) for key, one in value.items()}
    return value


def _value(kind: mi.Type, name: str, *, every: bool, default: Any = None) -> Any:
    inner = functools.partial(_value, name=name, every=every)
    if isinstance(kind, mi.StructType):
        fields = [one for one in kind.fields if every or one.required]
        return kind.cls(
            **{
                one.name: _value(one.type, one.name, every=every, default=one.default)
                for one in fields
            }
        )
    if isinstance(kind, mi.UnionType):
        return inner(next(one for one in kind.types if not isinstance(one, mi.NoneType)))
    if isinstance(kind, mi.Metadata):
        return inner(kind.type, default=default)
    if isinstance(kind, mi.ListType):
        return [inner(kind.item_type)]
    if isinstance(kind, mi.TupleType):
        return tuple(inner(one) for one in kind.item_types)
    if isinstance(kind, mi.DictType):
        return {f"a {name}": inner(kind.value_type)}
    return _scalar(kind, name, default)


def _scalar(kind: mi.Type, name: str, default: Any) -> Any:
    if isinstance(kind, mi.LiteralType):
        return next(value for value in kind.values if value != default)
    if isinstance(kind, mi.StrType):
        return f"some {name} – ü" if kind.pattern is None else f"some-{name}"
    if isinstance(kind, mi.IntType):
        large = 2**53 + len(name)
        return large if kind.le is None or kind.le > large else kind.le - len(name)
    if isinstance(kind, mi.FloatType):
        return len(name) + 0.1
    if isinstance(kind, mi.BytesType):
        return name.encode() + b"\xff"
    if isinstance(kind, mi.BoolType):
        return default is not True
    assert isinstance(kind, mi.AnyType | mi.CustomType), f"no example for {kind}"
    return {"deep": [1, 2.5, None, {"x": "y"}]}
