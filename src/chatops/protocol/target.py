"""TARGET: which servers a command means. Pure; CLI and hub read it with the same code.

    web-1            a name or id: one server
    web-1,web-2      comma joins
    'web-*'          a glob over names: * ? [abc] [a-z] [!a]
    tag:env=prod     servers with that tag
    all              every server
    'all,!db-1'      ! before any form leaves it out, wherever it stands

Only a plain name or id means *one* server; all else means *several*, even when one matches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import translate
from functools import cached_property
from typing import Final, Literal, NamedTuple, TypeVar

from chatops.errors import InvalidInput, NotFound
from chatops.protocol.limits import MAX_GLOBS, MAX_TARGET

T = TypeVar("T")
Kind = Literal["name", "glob", "tag", "all"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_GLOB: Final = re.compile(r"[A-Za-z0-9._*?!\[\]-]{1,255}")
_TAG: Final = re.compile(r"(?P<key>[A-Za-z0-9][A-Za-z0-9._-]{0,62})=(?P<value>[\w./:@+-]{0,128})")
_HINT: Final = "write web-1, web-1,web-2, 'web-*', tag:env=prod or all; ! before a form leaves out"


class Facts(NamedTuple):
    """What of a server a TARGET looks at."""

    id: str
    name: str
    tags: Mapping[str, str]


class Part(NamedTuple):
    """One form between commas. ``text`` is the name, id, glob or ``key=value``."""

    kind: Kind
    text: str
    out: bool = False

    def __str__(self) -> str:
        """As it is written."""
        return "!" * self.out + "tag:" * (self.kind == "tag") + self.text


class _Forms:
    """Some parts at once: many of them take hardly longer than one to be looked at."""

    def __init__(self, parts: Iterable[Part]) -> None:
        texts: dict[Kind, set[str]] = {"name": set(), "glob": set(), "tag": set(), "all": set()}
        for part in parts:
            texts[part.kind].add(part.text)
        self._all = bool(texts["all"])
        self._names, self._tags = texts["name"], texts["tag"]
        self._globs = [re.compile(translate(text)).match for text in sorted(texts["glob"])]

    def cover(self, server: Facts) -> bool:
        """Whether one of them fits a server."""
        return (
            self._all
            or server.name in self._names
            or server.id in self._names
            or (bool(self._tags) and any(f"{k}={v}" in self._tags for k, v in server.tags.items()))
            or any(match(server.name) for match in self._globs)
        )


class _Parts(NamedTuple):
    parts: tuple[Part, ...]


class Target(_Parts):
    """A TARGET taken apart."""

    @property
    def one(self) -> str | None:
        """The name or id, if it means one server."""
        first = self.parts[0]
        return first.text if len(self.parts) == 1 and first.kind == "name" else None

    @cached_property
    def _taken(self) -> _Forms:
        return _Forms(part for part in self.parts if not part.out)

    @cached_property
    def _left_out(self) -> _Forms:
        return _Forms(part for part in self.parts if part.out)

    def covers(self, server: Facts) -> bool:
        """Whether a server is meant: some form takes it in and none leaves it out."""
        return self._taken.cover(server) and not self._left_out.cover(server)

    def select(self, servers: Iterable[T], facts: Callable[[T], Facts]) -> list[T]:
        """Those of ``servers`` that are meant, in their order.

        Raises:
            NotFound: a plain name fits none of them.
        """
        known = [(server, facts(server)) for server in servers]
        there = {one for _, fact in known for one in (fact.id, fact.name)}
        for part in self.parts:
            if part.kind == "name" and part.text not in there:
                raise NotFound(
                    f"there is no server {part.text!r}",
                    hint="`chatops servers list` shows those you may see",
                )
        return [server for server, fact in known if self.covers(fact)]

    def renamed(self, words: Mapping[str, str]) -> Target:
        """With other words for plain names and ids: those that ``words`` has for them."""
        return Target(
            tuple(
                part._replace(text=words.get(part.text, part.text)) if part.kind == "name" else part
                for part in self.parts
            )
        )

    def __str__(self) -> str:
        """As it is written."""
        return ",".join(map(str, self.parts))


def parse_target(text: str, *, longest: int | None = MAX_TARGET) -> Target:
    """A TARGET taken apart. ``longest`` is how many characters it may have.

    Raises:
        InvalidInput: it is empty, too long, of none of the forms, has too many globs, or only
            leaves out.
    """
    if longest is not None and len(text) > longest:
        raise InvalidInput(f"a TARGET has at most {longest} characters, not {len(text)}")
    parts = tuple(_part(word.strip()) for word in text.split(","))
    globs = sum(part.kind == "glob" for part in parts)
    if globs > MAX_GLOBS:
        raise InvalidInput(
            f"a TARGET has at most {MAX_GLOBS} globs, not {globs}",
            hint="tag the servers that belong together: tag:env=prod",
        )
    if all(part.out for part in parts):
        raise InvalidInput(
            f"the target {text[:80]!r} only leaves out", hint=f"write 'all,{text[:80]}'"
        )
    return Target(parts)


def _part(word: str) -> Part:
    body = word.removeprefix("!")
    kind = _kind(body)
    if kind is None:
        what = f"{word[:80]!r} is no target" if word else "a target is empty"
        raise InvalidInput(what, hint=_HINT)
    return Part(kind, body.removeprefix("tag:") if kind == "tag" else body, body != word)


def _kind(body: str) -> Kind | None:
    if body == "all":
        return "all"
    if body.startswith("tag:"):
        return "tag" if _TAG.fullmatch(body[4:]) else None
    if _NAME.fullmatch(body):
        return "name"
    return "glob" if any(char in body for char in "*?[") and _GLOB.fullmatch(body) else None
