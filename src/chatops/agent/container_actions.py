"""What the hub may ask of the container engine: one table, each action a function that runs in a
thread of its own with a client of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatops.agent import container_shapes as shapes
from chatops.agent import podman
from chatops.agent.collectors.arguments import spoken, without_secrets
from chatops.agent.collectors.labels import clean
from chatops.agent.container_prune import prune
from chatops.agent.docker_policy import DockerPolicy
from chatops.agent.engine import EngineError
from chatops.protocol.containers import (
    ContainerChange,
    ContainerDetail,
    ContainerInfo,
    ContainerProcess,
    DockerArgs,
    ImageInfo,
)
from chatops.protocol.metrics import Container
from chatops.text import shown

if TYPE_CHECKING:
    from docker import APIClient

PATIENCE: Final = 10.0
"""Seconds that the engine gets for an action, unless the hub says how long."""
LONGEST: Final = 600.0
"""Seconds that the hub may ask for."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
_COLUMNS: Final = "-eo pid,ppid,user,args"
"""What `ps` on the host is to tell of a container's processes."""


class Asked(NamedTuple):
    """One request while it is worked on. ``measured`` is the last look, by the container's id."""

    client: APIClient
    args: DockerArgs
    policy: DockerPolicy
    measured: Mapping[str, Container]

    def container(self) -> tuple[str, str]:
        """Id and name of the container that is meant.

        Raises:
            EngineError: there is none, as far as the hub is concerned.
            docker.errors.APIError: the same, in the engine's words.
        """
        wanted = self.args.container
        if not _NAME.fullmatch(wanted):
            raise _no_container(wanted)
        from docker.errors import NotFound

        try:
            found = self.client.inspect_container(wanted)
        except NotFound:
            raise _no_container(wanted) from None
        name = clean(str(found["Name"]).removeprefix("/"))
        if not self.policy.sees(name):
            raise _no_container(wanted)
        return found["Id"], name


class Action(NamedTuple):
    """``run`` gives the data of the answer; ``changes``: more than a look."""

    run: Callable[[Asked], Any]
    changes: bool = False


def _no_container(name: str) -> EngineError:
    return EngineError("not_found", f"there is no container {shown(name)}")


def _ps(asked: Asked) -> list[ContainerInfo]:
    rows = asked.client.containers(all=asked.args.all)
    podman.add_health(asked.client, rows)
    found = [shapes.info(row, asked.measured.get(row["Id"])) for row in rows]
    return sorted((one for one in found if asked.policy.sees(one.name)), key=lambda one: one.name)


def _inspect(asked: Asked) -> ContainerDetail:
    key, name = asked.container()
    detail = asked.client.inspect_container(key)
    config = detail.get("Config") or {}
    config["Env"] = [str(one).partition("=")[0] for one in config.get("Env") or ()]
    for place, field in ((detail, "Args"), (config, "Cmd"), (config, "Entrypoint")):
        if place.get(field):
            place[field] = without_secrets(place[field])
    return ContainerDetail(id=key, name=name, detail=detail)


def _images(asked: Asked) -> list[ImageInfo]:
    found = [
        ImageInfo(
            id=one["Id"],
            tags=sorted(clean(tag) for tag in one.get("RepoTags") or () if tag != "<none>:<none>"),
            size=one.get("Size"),
            created_at=one.get("Created"),
        )
        for one in asked.client.images()
    ]
    return sorted(found, key=lambda one: (not one.tags, one.tags, one.id))


def _top(asked: Asked) -> list[ContainerProcess]:
    key, name = asked.container()
    columns = podman.TOP if podman.is_podman(asked.client) else _COLUMNS
    with _called(key, name):
        told = asked.client.top(key, ps_args=columns)
    return [
        ContainerProcess(pid=int(pid), ppid=int(ppid), user=clean(user), command=_spoken(args))
        for pid, ppid, user, args in told["Processes"]
    ]


def _spoken(args: str) -> str:
    """Arguments as ``chatops ps`` shows them: without what looks like a credential."""
    return clean(spoken("\0".join(args.split(" ")).encode("utf-8", "replace")), 4096)


@contextmanager
def _called(key: str, name: str) -> Iterator[None]:
    """What the engine objects to meanwhile tells the container's name in place of its long id."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        error.explanation = str(error.explanation or "").replace(key, name)
        raise


def _change(act: Callable[[Asked, str], None]) -> Action:
    """An action on one container, found by its name first and then held by its id."""

    def run(asked: Asked) -> ContainerChange:
        from docker.errors import NotFound

        key, name = asked.container()
        with _called(key, name):
            act(asked, key)
        try:
            state = asked.client.inspect_container(key)["State"]["Status"]
        except NotFound:
            state = None
        return ContainerChange(id=key, name=name, state=state)

    return Action(run, changes=True)


def _grace(asked: Asked) -> int:
    """Whole seconds until a container that is stopped is killed."""
    return round(patience(asked.args))


def patience(args: DockerArgs) -> float:
    """Seconds that the engine gets for an action."""
    return PATIENCE if args.timeout is None else min(max(args.timeout, 0.0), LONGEST)


ACTIONS: Final[Mapping[str, Action]] = {
    "ps": Action(_ps),
    "inspect": Action(_inspect),
    "images": Action(_images),
    "top": Action(_top),
    "prune": Action(prune, changes=True),
    "start": _change(lambda asked, key: asked.client.start(key)),
    "stop": _change(lambda asked, key: asked.client.stop(key, timeout=_grace(asked))),
    "restart": _change(lambda asked, key: asked.client.restart(key, timeout=_grace(asked))),
    "pause": _change(lambda asked, key: asked.client.pause(key)),
    "unpause": _change(lambda asked, key: asked.client.unpause(key)),
    "kill": _change(lambda asked, key: asked.client.kill(key)),
    "rm": _change(lambda asked, key: asked.client.remove_container(key)),
}
