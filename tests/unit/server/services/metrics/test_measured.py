"""Closing reads of a stored sample all that METRIC names look at."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chatops.protocol.metric_names import columns
from chatops.protocol.metrics import Sample
from chatops.server.services.metrics.measured import measured
from tests.support import strategies


@given(samples=st.lists(strategies.of(Sample), min_size=1, max_size=3))
def test_every_metric_finds_the_same_as_in_the_whole_sample(samples: list[Sample]) -> None:
    texts = [msgspec.json.encode(sample) for sample in samples]
    whole = [msgspec.json.decode(text, type=Sample) for text in texts]
    assert columns(measured(texts)) == columns(whole)
