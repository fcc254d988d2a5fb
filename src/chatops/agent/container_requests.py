"""Answers ``docker_command``: each in a thread of its own, with a deadline, and always."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from chatops.agent.container_actions import ACTIONS, Action, Asked, patience
from chatops.agent.container_feeds import FEED_ACTIONS, FeedAction
from chatops.agent.container_watch import RUNNING, ContainerWatch, Look
from chatops.agent.engine import Engine, EngineError
from chatops.agent.feeds import FeedError, Feeds
from chatops.agent.jobs import Jobs
from chatops.agent.policy import Policy
from chatops.protocol.containers import ContainerFigures, DockerArgs
from chatops.protocol.limits import MAX_AGENT_FRAME
from chatops.protocol.messages import DockerCommand, DockerResponse, Message
from chatops.tasks import Tasks
from chatops.text import shown

AT_ONCE: Final = 8
"""Requests that are worked on at a time; one more is refused."""
WATCHERS: Final = 64
"""Questions for figures that may wait; they all get the same look, and take no other's place."""
STATS: Final = "stats"
"""The action that asks for them."""
GRACE: Final = 5.0
"""Seconds that the engine gets beyond an action's own."""
_JOB: Final = "action"

Post = Callable[[Message], None]


class ContainerRequests:
    """Answers the hub that asked, if it is still there."""

    def __init__(
        self,
        engine: Engine,
        policy: Policy,
        watch: ContainerWatch | None,
        feeds: Feeds | None = None,
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._watch = watch
        self._feeds = feeds or Feeds()
        self._working = self._watching = 0
        self._tasks: Tasks | None = None
        self._post: Post | None = None

    def connected(self, tasks: Tasks, post: Post) -> None:
        """A session stands. Answers go to ``post``; ``tasks`` end with the session."""
        self._tasks, self._post = tasks, post

    def disconnected(self) -> None:
        """It is gone, and with it whoever asked. What was begun is carried out all the same."""
        self._tasks = self._post = None

    def ask(self, request: DockerCommand) -> Message | None:
        """Begin to answer; the answer itself where that is not possible or not allowed."""
        try:
            if request.action == STATS:
                self._ask_for_figures(request)
                return None
            action = self._allowed(request)
            args = msgspec.convert(request.args, DockerArgs)
            if isinstance(action, FeedAction):
                return self._begin(request, action, args)
        except EngineError as error:
            return _failure(request, error)
        except msgspec.ValidationError as error:
            return _failure(request, EngineError("invalid", f"the arguments do not fit: {error}"))
        if self._tasks is None or self._working >= AT_ONCE:
            return _failure(request, EngineError("busy", "too many requests about containers"))
        self._working += 1
        self._tasks.spawn(self._answer(request, action, args), name=f"docker {request.action}")
        return None

    def _ask_for_figures(self, request: DockerCommand) -> None:
        self._may_look()
        if self._tasks is None or self._watch is None or self._watching >= WATCHERS:
            raise EngineError("busy", "too many requests about containers")
        self._watching += 1
        self._tasks.spawn(self._tell_figures(request, self._watch), name="docker stats")

    async def _tell_figures(self, request: DockerCommand, watch: ContainerWatch) -> None:
        try:
            look = await watch.recent()
            if self._post is not None:
                self._post(_figures(request, look))
        finally:
            self._watching -= 1

    def _may_look(self) -> None:
        if "docker" not in self._policy.allow:
            raise EngineError("not_allowed", "this agent was not started with --allow docker")

    def _allowed(self, request: DockerCommand) -> Action | FeedAction:
        self._may_look()
        table: Mapping[str, Action | FeedAction] = FEED_ACTIONS if request.streams else ACTIONS
        action = table.get(request.action)
        if action is None:
            text = f"this agent cannot {shown(request.action)} containers"
            raise EngineError("unsupported", text)
        if action.changes and not self._policy.docker.may_change:
            raise EngineError(
                "not_allowed", "the agent's policy does not allow this: docker.mode is read-only"
            )
        return action

    def _begin(
        self, request: DockerCommand, action: FeedAction, args: DockerArgs
    ) -> DockerResponse | None:
        """Begin a feed; it answers by itself, unless it cannot be begun."""

        def answer(data: Any) -> None:
            if self._post is not None:
                self._post(_outcome(request, data))

        source = action.source(self._engine, self._policy.docker, args)
        try:
            self._feeds.start(request.streams, source, answer, name=request.action)
        except FeedError as error:
            return _outcome(request, error)
        return None

    async def _answer(self, request: DockerCommand, action: Action, args: DockerArgs) -> None:
        seconds = patience(args) + GRACE
        jobs = Jobs(seconds + 1.0)
        try:
            job = functools.partial(self._work, request, action, args, seconds)
            round_ = await jobs.run({_JOB: job})
            code = "timed_out" if jobs.stuck else "conflict"
            late = EngineError(code, f"the container engine: {round_.missing.get(_JOB)}")
            if self._post is not None:
                self._post(round_.results.get(_JOB) or _failure(request, late))
        finally:
            jobs.close()
            self._working -= 1

    def _work(
        self, request: DockerCommand, action: Action, args: DockerArgs, seconds: float
    ) -> DockerResponse:
        measured = self._watch.latest() if self._watch is not None else {}
        try:
            with self._engine.client(seconds) as client:
                data = action.run(Asked(client, args, self._policy.docker, measured))
        except EngineError as error:
            return _failure(request, error)
        return _fitting(DockerResponse(id=request.id, ok=True, data=data))


def _figures(request: DockerCommand, look: Look) -> DockerResponse:
    """Of the containers that run; what of them is not known stays so."""
    if look.error is not None:
        return _failure(request, EngineError(look.code, look.error))
    running = [one for one in look.containers if one.state in RUNNING]
    data = ContainerFigures(ts=look.ts, containers=running)
    return _fitting(DockerResponse(id=request.id, ok=True, data=data))


def _fitting(answer: DockerResponse) -> DockerResponse:
    """The answer if a hub takes it: an engine can tell very much."""
    data: Any = msgspec.to_builtins(answer.data)
    if len(msgspec.json.encode(data)) < MAX_AGENT_FRAME * 3 // 4:
        return answer
    error = EngineError("conflict", "the engine's answer is too long to be sent")
    return DockerResponse(id=answer.id, ok=False, code=error.code, error=error.message)


def _outcome(request: DockerCommand, data: Any) -> DockerResponse:
    if isinstance(data, FeedError):
        return _failure(request, EngineError(data.code, data.message))
    return DockerResponse(id=request.id, ok=True, data=data)


def _failure(request: DockerCommand, error: EngineError) -> DockerResponse:
    return DockerResponse(id=request.id, ok=False, code=error.code, error=error.message)
