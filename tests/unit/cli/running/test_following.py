"""Following a run across lost connections: nothing twice, and what never came is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.running import following
from chatops.cli.running.following import Follower, insist
from chatops.client.run_events import End, Offsets, Output, RunEvent, Start, Taken
from chatops.errors import Busy, ChatOpsError, HubUnreachable, NotFound, TooManyRequests
from chatops.protocol.rest import CommandResult

DATA = bytes(range(100))
Script = Sequence[RunEvent | Exception]
GONE = HubUnreachable("gone", details={"sent": True})
FOREIGN = HubUnreachable("what answers is no hub", details={"sent": True, "foreign": True})


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_LONGEST", 0.0)


def play(script: Script) -> Iterator[RunEvent]:
    for one in script:
        if isinstance(one, Exception):
            raise one
        yield one


class Hub:
    """Plays one script a connection."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = [*scripts]
        self.asked: list[tuple[str, Offsets]] = []
        self.said: list[str] = []
        self.follower = Follower(self.begin, self.again, self.said.append)

    def begin(self) -> Iterator[RunEvent]:
        return play(self.scripts.pop(0))

    def again(self, run_id: str, offsets: Offsets) -> Iterator[RunEvent]:
        self.asked.append((run_id, dict(offsets)))
        return play(self.scripts.pop(0))


def taken(servers: int = 1) -> Taken:
    return Taken("r1", servers)


def start(name: str = "1") -> Start:
    return Start(f"web-{name}", f"c{name}", "r1")


def out(begin: int, end: int, name: str = "1") -> Output:
    return Output(f"web-{name}", f"c{name}", "stdout", begin, DATA[begin:end])


def end(name: str = "1", length: int | None = None) -> End:
    result = CommandResult(
        server=f"web-{name}", command_id=f"c{name}", run_id="r1", status="succeeded", exit_code=0
    )
    return End(result, length, 0)


def text(events: Sequence[RunEvent], name: str = "1") -> bytes:
    mine = [one for one in events if isinstance(one, Output) and one.command_id == f"c{name}"]
    return b"".join(one.data for one in mine)


def test_a_run_without_losses() -> None:
    script = [taken(2), start("1"), start("2"), out(0, 5), end("2", 0), out(5, 9), end("1", 9)]
    hub = Hub(script)
    assert list(hub.follower.events()) == script
    assert hub.follower.over
    assert hub.said == []


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_nothing_comes_twice_and_nothing_is_left_out(cut: int, back: int, piece: int) -> None:
    """The hub may begin before or after where it was cut."""
    hub = Hub(
        [taken(), start(), out(0, cut), GONE],
        [taken(), start(), out(back, max(back, piece)), out(max(back, piece), 100), end("1", 100)],
    )
    events = list(hub.follower.events())
    assert hub.asked == [("r1", {"c1": (cut, 0)})]
    assert [type(one) for one in events if not isinstance(one, Output)] == [
        Taken, Start, Taken, End,
    ]  # fmt: skip
    assert text(events) == DATA[:cut] + DATA[max(cut, back) :]
    (followed,) = hub.follower.commands.values()
    assert followed.missing == max(back - cut, 0)
    if followed.missing:
        assert [str(gap) for gap in followed.gaps] == [f"stdout {cut}-{back - 1}"]


def test_what_never_came_by_the_end_is_missing() -> None:
    hub = Hub([taken(), start(), out(0, 5), out(9, 10), end("1", 30)])
    list(hub.follower.events())
    (followed,) = hub.follower.commands.values()
    assert [str(gap) for gap in followed.gaps] == ["stdout 5-8", "stdout 10-29"]
    assert followed.missing == 24


def test_several_are_attached_to_once_more_each_from_its_place() -> None:
    hub = Hub(
        [taken(2), start("1"), out(0, 7), start("2"), out(0, 3, "2"), end("2", 3), GONE],
        [taken(2), start("2"), end("2", 3), start("1"), out(7, 9), GONE],
        [HubUnreachable("refused")],
        [taken(2), start("1"), end("1", 9), start("2"), end("2", 3)],
    )
    events = list(hub.follower.events())
    assert [offsets for _, offsets in hub.asked] == [
        {"c1": (7, 0), "c2": (3, 0)}, {"c1": (9, 0), "c2": (3, 0)}, {"c1": (9, 0), "c2": (3, 0)},
    ]  # fmt: skip
    assert sum(isinstance(one, End) for one in events) == 2
    assert hub.said == ["gone; trying to attach again for 60 s", "the hub is back"] * 2


def test_a_hub_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "RECOVERY", 0.05)
    hub = Hub([taken(), start(), GONE])
    hub.follower._again = lambda *_: play([HubUnreachable("refused")])
    with pytest.raises(HubUnreachable, match="refused") as caught:
        list(hub.follower.events())
    assert caught.value.details == {"sent": True}
    assert len(hub.said) == 1


def test_a_hub_that_only_says_hello_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "RECOVERY", 0.05)
    hub = Hub([taken(), start(), GONE])
    hub.follower._again = lambda *_: play([taken(), GONE])
    with pytest.raises(HubUnreachable):
        list(hub.follower.events())


def test_what_the_hub_may_have_is_asked_for_again() -> None:
    hub = Hub([GONE], [HubUnreachable("refused")], [taken(), start(), end("1", 0)])
    assert [type(one) for one in hub.follower.events()] == [Taken, Start, End]
    assert hub.asked == []
    assert hub.said == ["gone; trying to attach again for 60 s", "the hub is back"]


def test_an_answer_is_insisted_on_when_the_question_may_have_arrived() -> None:
    replies: list[int | Exception] = [GONE, HubUnreachable("refused"), Busy("later"), 7]
    said: list[str] = []

    def ask() -> int:
        reply = replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    assert insist(ask, said.append) == 7
    assert said == ["gone; trying to attach again for 60 s"]
    for error in (HubUnreachable("no"), Busy("no"), NotFound("no"), FOREIGN):
        replies.append(error)
        with pytest.raises(type(error)):
            insist(ask, said.append)
    assert len(said) == 1


def test_what_was_not_taken_is_not_asked_again() -> None:
    for error in (HubUnreachable("no"), NotFound("no"), FOREIGN):
        hub = Hub([error])
        with pytest.raises(type(error)):
            list(hub.follower.events())
        assert hub.said == []


def test_a_stream_that_just_stops_is_a_loss() -> None:
    hub = Hub([taken(2), start("1"), end("1", 0), start("2")], [taken(2), end("2", 0)])
    list(hub.follower.events())
    assert hub.follower.over


def test_a_server_of_which_nothing_was_told_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """That the hub has said its last word does not mean that it has said all."""
    hub = Hub([taken(2), start("1"), end("1", 0)], [taken(2), start("2"), end("2", 0)])
    list(hub.follower.events())
    assert sorted(hub.follower.commands) == ["c1", "c2"]


@pytest.mark.parametrize("error", [TooManyRequests("later", retry_after=1), Busy("later")])
def test_what_passes_is_waited_out(error: ChatOpsError) -> None:
    hub = Hub([taken(), start(), GONE], [error], [taken(), start(), end("1", 0)])
    list(hub.follower.events())
    assert hub.follower.over


def test_a_refusal_does_not_hide_that_the_hub_may_have_it() -> None:
    hub = Hub([GONE], [NotFound("no such server")])
    with pytest.raises(HubUnreachable, match="no such server") as caught:
        list(hub.follower.events())
    assert caught.value.details == {"sent": True}


def test_who_is_stopping_does_not_start_it_by_asking() -> None:
    hub = Hub([GONE])
    hub.follower = Follower(hub.begin, hub.again, hub.said.append, stopping=lambda: True)
    with pytest.raises(HubUnreachable):
        list(hub.follower.events())
    assert hub.scripts == []


def test_offsets_that_were_given_count_as_shown() -> None:
    hub = Hub([])
    hub.follower = Follower(
        lambda: play([taken(), start(), out(10, 20), end("1", 20)]), hub.again, hub.said.append,
        skipped={"c1": (10, 0)},
    )  # fmt: skip
    assert text(list(hub.follower.events())) == DATA[10:20]
    (followed,) = hub.follower.commands.values()
    assert followed.missing == 0
