"""Removing what nothing uses. Each thing is found and removed by itself, not by the engine's own
prune: so what the policy does not show stays, and a dry run tells exactly what would go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatops.agent.collectors.labels import clean
from chatops.agent.container_shapes import name_of
from chatops.protocol.containers import Pruned, PruneResult
from chatops.text import shorten

if TYPE_CHECKING:
    from docker import APIClient

    from chatops.agent.container_actions import Asked

_STOPPED: Final = ("exited", "created", "dead")
_PREDEFINED: Final = ("bridge", "host", "none", "podman")
_ANONYMOUS: Final = re.compile(r"[0-9a-f]{64}")
_ANONYMOUS_LABEL: Final = "com.docker.volume.anonymous"
_MOST: Final = 2000
"""Things that an answer names; more are only counted."""


class _Thing(NamedTuple):
    found: Pruned
    remove: Callable[[], object]


def prune(asked: Asked) -> PruneResult:
    """Remove stopped containers, then images without a name, networks, anonymous volumes (where
    they are asked for) and build cache that nothing uses then. Where the policy names containers,
    only these."""
    from docker.errors import APIError, NotFound

    result = PruneResult()
    for thing in _things(asked):
        if not asked.args.dry_run:
            try:
                thing.remove()
            except NotFound:
                continue  # somebody else was faster
            except APIError as error:  # it is used by now
                thing.found.error = shorten(clean(str(error.explanation)), 200)
        if thing.found.error is None:
            result.space += thing.found.size or 0
        result.count += 1
        if len(result.items) < _MOST:
            result.items.append(thing.found)
    return result


def _things(asked: Asked) -> Iterator[_Thing]:
    client = asked.client
    going: list[tuple[str, Any]] = []
    staying: list[tuple[str, Any]] = []
    for row in client.containers(all=True, size=True):
        name = name_of(row)
        idle = row["State"] in _STOPPED and asked.policy.sees(name)
        (going if idle else staying).append((name, row))
    for name, row in going:
        found = Pruned(kind="container", id=row["Id"], name=name, size=row.get("SizeRw") or 0)
        yield _Thing(found, partial(client.remove_container, row["Id"]))
    if asked.policy.containers is not None:
        return  # whose the rest is cannot be told, and most of it may belong to what is not shown
    rest = [row for _, row in staying]
    yield from _images(client, {row.get("ImageID") for row in rest})
    yield from _networks(client, rest)
    usage = client.df()
    if asked.args.volumes:
        yield from _volumes(client, usage, rest)
    yield from _cache(client, usage)


def _images(client: APIClient, used: set[Any]) -> Iterator[_Thing]:
    for row in client.images(filters={"dangling": True}):
        key = row["Id"]
        if key not in used:
            found = Pruned(kind="image", id=key, size=row.get("Size"))
            yield _Thing(found, partial(client.remove_image, key))


def _networks(client: APIClient, rest: list[Any]) -> Iterator[_Thing]:
    used = {name for row in rest for name in _networks_of(row)}
    for row in client.networks():
        name, key = row["Name"], row["Id"]
        special = row.get("Scope") != "local" or row.get("Ingress") or row.get("ConfigOnly")
        if not special and name not in _PREDEFINED and name not in used and key not in used:
            found = Pruned(kind="network", id=key, name=clean(name))
            yield _Thing(found, partial(client.remove_network, key))


def _networks_of(row: Any) -> Iterator[str]:
    for name, end in ((row.get("NetworkSettings") or {}).get("Networks") or {}).items():
        yield name
        yield str((end or {}).get("NetworkID"))


def _volumes(client: APIClient, usage: Any, rest: list[Any]) -> Iterator[_Thing]:
    used = {mount.get("Name") for row in rest for mount in row.get("Mounts") or ()}
    for row in usage.get("Volumes") or ():
        name = row["Name"]
        named = _ANONYMOUS_LABEL not in (row.get("Labels") or {}) and not _ANONYMOUS.fullmatch(name)
        if not named and name not in used:
            size = (row.get("UsageData") or {}).get("Size")
            known = size if isinstance(size, int) and size >= 0 else None
            found = Pruned(kind="volume", id=name, name=name, size=known)
            yield _Thing(found, partial(client.remove_volume, name))


def _cache(client: APIClient, usage: Any) -> Iterator[_Thing]:
    for row in usage.get("BuildCache") or ():
        if not row.get("InUse") and not row.get("Shared"):
            key = row["ID"]
            name = shorten(clean(str(row.get("Description") or "")), 80)
            found = Pruned(kind="cache", id=key, name=name, size=row.get("Size"))
            yield _Thing(found, partial(_remove_cache, client, key))


def _remove_cache(client: APIClient, key: str) -> None:
    client.prune_builds(filters={"id": key}, all=True)  # type: ignore[arg-type]  # a filter since 1.39
