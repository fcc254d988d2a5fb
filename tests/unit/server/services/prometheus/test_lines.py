"""The text format, as the library's parser reads it."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from chatops.server.services.prometheus.lines import Family, label

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
VALUES = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False))
WORST = '\\"\n\\n"} 1\n# TYPE x counter\r\t\x00\u2028'


@given(st.lists(st.tuples(TEXT, TEXT, VALUES), min_size=1, max_size=5), TEXT)
@example([(WORST, WORST * 100, 1), ("\\", "\\n", 0.1)], WORST)
def test_what_is_written_is_read(rows: list[tuple[str, str, float]], help_text: str) -> None:
    family = Family("chatops_thing_ratio", f"x{help_text}x")
    for server, mount, value in rows:
        family.add(f"{label('server', server)},{label('mount', mount)}", value)
    (read,) = text_string_to_metric_families(family.text())
    assert (read.name, read.type) == ("chatops_thing_ratio", "gauge")
    assert read.documentation == f"x{help_text}x"
    assert [(s.labels["server"], s.labels["mount"], float(s.value)) for s in read.samples] == [
        (server, mount, float(value)) for server, mount, value in rows
    ]


def test_a_family_without_values_is_not_there() -> None:
    assert Family("chatops_thing", "text").text() == ""


def test_a_value_needs_no_labels() -> None:
    family = Family("chatops_thing_total", "text", "counter")
    family.add("", 3)
    (read,) = text_string_to_metric_families(family.text())
    assert [(one.labels, one.value) for one in read.samples] == [({}, 3.0)]
    assert read.type == "counter"
