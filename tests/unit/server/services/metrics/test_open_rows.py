"""What is remembered of open samples."""

from __future__ import annotations

from chatops.server.services.metrics.open_rows import EPOCHS, Known


def test_an_agent_that_makes_epochs_up_does_not_grow_the_hub() -> None:
    known = Known()
    known.of("other", "e").add(1)
    for number in range(EPOCHS + 10):
        known.of("one", f"e{number}").add(1)
    assert [known.has("one", f"e{number}", 1) for number in (9, 10, EPOCHS + 9)] == [
        False, True, True
    ]  # fmt: skip
    assert known.has("other", "e", 1)
