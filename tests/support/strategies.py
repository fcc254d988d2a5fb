"""Hypothesis strategies built from msgspec types, so that no field can be forgotten."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import msgspec.inspect as mi
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

INT64: Final = st.integers(min_value=-(2**63), max_value=2**63 - 1)
FLOAT: Final = st.floats(allow_nan=False, allow_infinity=False)
TEXT: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
"""Any text that JSON can carry: everything but lone surrogates, controls included."""

JSON: Final[SearchStrategy[Any]] = st.recursive(
    st.none() | st.booleans() | INT64 | FLOAT | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@functools.cache
def of(cls: Any) -> SearchStrategy[Any]:
    """Instances of a msgspec struct, or values of any type that msgspec can describe."""
    return _build(mi.type_info(cls))


def _build(kind: mi.Type) -> SearchStrategy[Any]:
    if isinstance(kind, mi.Metadata):
        return _build(kind.type)
    make = _MAKERS.get(type(kind))
    assert make is not None, f"no strategy for {kind}: add one to tests/support/strategies.py"
    return make(kind)


def _struct(kind: Any) -> SearchStrategy[Any]:
    needed = {one.name: _build(one.type) for one in kind.fields if one.required}
    maybe = {one.name: _build(one.type) for one in kind.fields if not one.required}
    arguments = st.fixed_dictionaries(needed, optional=maybe)
    return arguments.map(lambda fields: kind.cls(**fields))


def _text(kind: Any) -> SearchStrategy[str]:
    if kind.pattern is not None:
        return st.from_regex(kind.pattern, fullmatch=True)
    low, high = kind.min_length or 0, kind.max_length
    return st.text(
        st.characters(exclude_categories=["Cs"]),
        min_size=low,
        max_size=low + 30 if high is None else min(high, low + 30),
    )


def _int(kind: Any) -> SearchStrategy[int]:
    if kind.ge is None:
        return INT64
    return st.integers(min_value=kind.ge, max_value=kind.le)


def _float(kind: Any) -> SearchStrategy[float]:
    above = kind.gt if kind.gt is not None else kind.ge
    below = kind.lt if kind.lt is not None else kind.le
    return st.floats(
        min_value=above,
        max_value=below,
        exclude_min=kind.gt is not None,
        exclude_max=kind.lt is not None,
        allow_nan=False,
        allow_infinity=False,
    )


def _list(kind: Any) -> SearchStrategy[list[Any]]:
    low = kind.min_length or 0
    return st.lists(_build(kind.item_type), min_size=low, max_size=low + 3)


def _tuple(kind: Any) -> SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*(_build(one) for one in kind.item_types))


def _dict(kind: Any) -> SearchStrategy[dict[Any, Any]]:
    return st.dictionaries(_build(kind.key_type), _build(kind.value_type), max_size=3)


_MAKERS: Final[dict[type[mi.Type], Callable[[Any], SearchStrategy[Any]]]] = {
    mi.AnyType: lambda _: JSON,
    mi.CustomType: lambda kind: JSON if kind.cls is object else st.nothing(),
    mi.NoneType: lambda _: st.none(),
    mi.BoolType: lambda _: st.booleans(),
    mi.IntType: _int,
    mi.FloatType: _float,
    mi.StrType: _text,
    mi.BytesType: lambda kind: st.binary(min_size=kind.min_length or 0, max_size=40),
    mi.LiteralType: lambda kind: st.sampled_from(kind.values),
    mi.ListType: _list,
    mi.DictType: _dict,
    mi.TupleType: _tuple,
    mi.UnionType: lambda kind: st.one_of([_build(one) for one in kind.types]),
    mi.StructType: _struct,
}
