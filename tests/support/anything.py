"""Anything that a peer may say: good messages, parts of them, bytes, garbage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from chatops.protocol.codec import encode
from chatops.protocol.frames import encode_frame
from chatops.protocol.messages import Message
from tests.support import strategies

ONE_PEER: Final = settings(
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""All examples of a test are said to the same peer, and what they leave adds up: to look for a
smaller one would prove nothing."""


def frames(
    kinds: Iterable[type[Message]], *more: st.SearchStrategy[Message]
) -> st.SearchStrategy[list[Any]]:
    """A few frames, each a message of a kind or one of ``more``, a part of one, bytes of a
    stream that may be open, or garbage. Messages are not encoded yet."""
    message = st.one_of(*(strategies.of(kind) for kind in kinds), *more)
    piece = st.builds(
        encode_frame, st.integers(0, 8), st.integers(0, 300_000), st.binary(max_size=2000)
    )
    cut = st.tuples(message.map(encode), st.integers(0, 200)).map(lambda pair: pair[0][: pair[1]])
    garbage = st.one_of(strategies.TEXT, st.binary(max_size=40))
    return st.lists(st.one_of(message, message, piece, cut, garbage), max_size=12)
