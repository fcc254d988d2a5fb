"""The types of the wire in words."""

from __future__ import annotations

from typing import Final

import msgspec
import msgspec.inspect as mi

_WORDS: Final[dict[type[mi.Type], str]] = {
    mi.AnyType: "any JSON",
    mi.CustomType: "any JSON",
    mi.BoolType: "true or false",
    mi.FloatType: "number",
    mi.IntType: "integer",
    mi.NoneType: "null",
    mi.StrType: "text",
    mi.BytesType: "bytes in base64",
}


def spell(kind: mi.Type) -> str:
    """What a field may hold."""
    if isinstance(kind, mi.Metadata):
        return spell(kind.type)
    if isinstance(kind, mi.UnionType):
        return " or ".join(spell(one) for one in kind.types)
    if isinstance(kind, mi.TupleType):
        return "[" + ", ".join(spell(one) for one in kind.item_types) + "]"
    if isinstance(kind, mi.ListType):
        return f"list of {spell(kind.item_type)}"
    if isinstance(kind, mi.DictType):
        return f"object of {spell(kind.value_type)}"
    if isinstance(kind, mi.LiteralType):
        return ", ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, mi.StructType):
        name = str(kind.tag or kind.cls.__name__)
        return f"[{name}](#{name.lower()})"
    return _WORDS[type(kind)]


def parts_of(cls: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    """Every struct inside a struct, however deep."""
    found: set[type[msgspec.Struct]] = set()
    todo = [mi.type_info(cls)]
    while todo:
        kind = todo.pop()
        if isinstance(kind, mi.StructType) and kind.cls not in found:
            found.add(kind.cls)
            todo += [one.type for one in kind.fields]
        todo += _inner(kind)
    return found - {cls}


def _inner(kind: mi.Type) -> list[mi.Type]:
    names = ("type", "item_type", "value_type")
    inner = [getattr(kind, name) for name in names if hasattr(kind, name)]
    return [*inner, *getattr(kind, "types", ())]
