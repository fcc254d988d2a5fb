"""The web console as the hub serves it: the files of its build, each by its name.

Only what lay in the folder when the hub started is there, so no path can lead elsewhere. Files
are read when they are asked for. To a browser that asks for a page, every path that is nothing
else is the console's: it finds its page by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import ClientConnectionResetError, web

from chatops.server.no_console import NO_PAGE, NO_PAGE_POLICY, NO_TEXT

INDEX: Final = "index.html"
ASSETS: Final = "assets/"
"""Below this, a name changes with what the file holds."""
OTHERS: Final = ("api", "docs", "metrics", "assets")
"""First parts of paths that are never a page of the console."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TYPES: Final = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8", ".json": "application/json",
    ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2",
}  # fmt: skip
"""What is served, by how its name ends; of other files nothing is known."""
_CODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Content codings, the best first, and what the names of files in them end with."""
_NEVER: Final = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*")
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """One file of the build; ``packed`` is the same in other codings."""

    path: Path
    kind: str
    tag: str
    lasting: bool
    packed: Mapping[str, Path]

    def choose(self, accepted: str) -> tuple[Path, str | None]:
        """The path, and its coding, that suits an ``Accept-Encoding`` best."""
        codings = _codings(accepted)
        for coding, path in self.packed.items():
            if coding in codings:
                return path, coding
        return self.path, None


def find_console() -> Path | None:
    """The folder of the console's build: of the installed package, else of the checkout that this
    runs from; None without one."""
    server = Path(__file__).parent
    source = server.parents[1]
    places = [server / "console"]
    if source.name == "src":
        places.append(source.parent / "web" / "dist")
    return next((place for place in places if (place / INDEX).is_file()), None)


def add_console(app: web.Application) -> None:
    """Serve the console if it is there, else the page that says how to get it."""
    folder = find_console()
    resource = ConsoleResource({} if folder is None else read_folder(folder))
    app.router.register_resource(resource)


def read_folder(folder: Path) -> dict[str, File]:
    """The files below a folder that are served, by name. Links are left out."""
    paths = {path.relative_to(folder).as_posix(): path for path in _walk(folder)}
    return {
        name: File(
            path,
            _TYPES[path.suffix],
            hashlib.sha256(path.read_bytes()).hexdigest()[:32],
            lasting=name.startswith(ASSETS),
            packed={
                coding: paths[name + end] for coding, end in _CODINGS.items() if name + end in paths
            },
        )
        for name, path in paths.items()
        if path.suffix in _TYPES
    }


class ConsoleResource(web.DynamicResource):
    """Takes the requests that are for the console; the others remain what they were."""

    def __init__(self, files: Mapping[str, File]) -> None:
        super().__init__("/{path:.*}")
        self._files = files
        for method in ("GET", "HEAD"):
            self.add_route(method, self._answer)

    async def resolve(
        self, request: web.Request
    ) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """The match, if this is where the request belongs."""
        if request.method not in ("GET", "HEAD") or self._wanted(request) is None:
            return None, set()
        return await super().resolve(request)

    def _wanted(self, request: web.Request) -> str | None:
        """The name of the file that a request is for."""
        name = request.path.removeprefix("/")
        if name in self._files:
            return name
        page = self._files and _wants_page(request) and name.split("/")[0] not in OTHERS
        return INDEX if page or not name else None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = self._wanted(request)
        file = self._files.get(name or INDEX)
        return _without_console(request) if file is None else await _send(request, file)


async def _send(request: web.Request, file: File) -> web.StreamResponse:
    path, coding = file.choose(request.headers.get("Accept-Encoding", ""))
    tag = f'"{file.tag}-{coding}"' if coding else f'"{file.tag}"'
    caching = "public, max-age=31536000, immutable" if file.lasting else "no-cache"
    headers = {**HEADERS, "ETag": tag, "Cache-Control": caching}
    if file.packed:
        headers["Vary"] = "Accept-Encoding"
    if any(f'"{one.value}"' == tag for one in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    if coding:
        headers["Content-Encoding"] = coding
    response = web.StreamResponse(headers={**headers, "Content-Type": file.kind})
    with contextlib.suppress(ConnectionError, ClientConnectionResetError):  # the reader has left
        await _stream(request, response, path)
    return response


async def _stream(request: web.Request, response: web.StreamResponse, path: Path) -> None:
    """The file's bytes. It is not kept open: who reads slowly would hold a file of the hub's."""
    try:
        size = (await asyncio.to_thread(path.stat)).st_size
    except FileNotFoundError:  # the console was built again since the hub started
        raise web.HTTPNotFound from None
    response.content_length = size
    await response.prepare(request)
    for start in range(0, size if request.method == "GET" else 0, _CHUNK):
        part = await asyncio.to_thread(_read, path, start)
        if not part:
            response.force_close()  # too few bytes are told by the end of the connection
            break
        await response.write(part)
    await response.write_eof()


def _read(path: Path, start: int) -> bytes:
    """The next bytes; none when the file has gone meanwhile."""
    try:
        with path.open("rb") as opened:
            opened.seek(start)
            return opened.read(_CHUNK)
    except FileNotFoundError:
        return b""


def _without_console(request: web.Request) -> web.Response:
    headers = {**HEADERS, "Content-Security-Policy": NO_PAGE_POLICY, "Cache-Control": "no-cache"}
    if _wants_page(request):
        return web.Response(text=NO_PAGE, content_type="text/html", headers=headers)
    return web.Response(text=NO_TEXT, headers=headers)


def _wants_page(request: web.Request) -> bool:
    return "text/html" in request.headers.get("Accept", "").lower()


def _codings(accepted: str) -> set[str]:
    """The codings that an ``Accept-Encoding`` names, those at ``q=0`` aside."""
    parts = [part.partition(";") for part in accepted.lower().split(",")]
    return {name.strip() for name, _, weight in parts if not _NEVER.fullmatch(weight)}


def _walk(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                yield path
