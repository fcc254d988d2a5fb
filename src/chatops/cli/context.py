"""What every command is given: the hub it talks to, as whom, and where its output goes."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from chatops.cli.declared import Form
from chatops.cli.exits import DONE, INTERRUPTED, PIPE_CLOSED, exit_code
from chatops.cli.output import Output
from chatops.cli.profiles import Book, Profile, Profiles
from chatops.cli.streams import silence
from chatops.errors import ChatOpsError, InternalError, NotSignedIn, SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from chatops.client import Client

_TRUE = frozenset(("1", "true", "yes", "on"))


class Common(NamedTuple):
    """The options that every command has, as they were given; None was not given."""

    hub: str | None = None
    token: str | None = None
    profile: str | None = None
    ca_file: Path | None = None
    fingerprint: str | None = None
    insecure: bool | None = None
    output: Form = "table"
    quiet: bool = False
    no_color: bool = False
    debug: bool = False


class Connection(NamedTuple):
    """Which hub, trusted how, and as whom. ``profile`` names the one whose session it is."""

    hub: str
    token: str | None
    ca_file: Path | None
    fingerprint: str | None
    insecure: bool
    profile: str | None = None


class Cli:
    """One run of one command."""

    def __init__(
        self,
        common: Common,
        *,
        out: Output | None = None,
        environ: Mapping[str, str] = os.environ,
        exit_of: Callable[[ChatOpsError], int] = exit_code,
    ) -> None:
        self.common = common
        self.environ = environ
        self.out = out or Output(common.output, quiet=common.quiet, no_color=common.no_color)
        self.exit_of = exit_of
        """Gives the exit code of an error that ends the command."""
        self.summarised = False
        """Whether the last event of a run was printed."""

    def run(self, step: Callable[[], int | None]) -> int:
        """The exit code of ``step``, after what went wrong in it was told."""
        if not gc.isenabled():  # it is off while modules load, and need not look at them later
            gc.freeze()
            gc.enable()
        try:
            code = step()
            self.out.flush()
        except ChatOpsError as error:
            self._trace()
            self.out.error(error)
            return self.exit_of(error)
        except KeyboardInterrupt:
            return INTERRUPTED
        except BrokenPipeError:
            silence(sys.stdout)
            return PIPE_CLOSED
        except Exception as error:  # noqa: BLE001  (the last resort: no traceback reaches a user)
            self._trace()
            self.out.error(_unexpected(error))
            return self.exit_of(_unexpected(error))
        finally:
            self.out.say_at_once()
            if "client" in self.__dict__:
                self.client.close()
        return DONE if code is None else code

    @cached_property
    def profiles(self) -> Profiles:
        """The profiles file."""
        return Profiles()

    @property
    def profile_named(self) -> str | None:
        """The profile that a flag or a variable names."""
        return self.common.profile or self.environ.get("CHATOPS_PROFILE") or None

    @cached_property
    def connection(self) -> Connection:
        """The hub and credentials: a flag beats a variable, a variable the profile.

        Raises:
            NotSignedIn: no hub is named anywhere.
            NotFound: the named profile does not exist.
        """
        return resolve(self.common, self.environ, self.profiles)

    @cached_property
    def client(self) -> Client:
        """A client of that hub, which keeps a profile's session going."""
        return self.client_for(self.connection)

    def client_for(self, where: Connection, *, timeout: float = 30.0) -> Client:
        """A client of another connection."""
        from chatops.client import Client

        client = Client(
            where.hub, where.token, ca_file=where.ca_file, fingerprint=where.fingerprint,
            insecure=where.insecure, timeout=timeout,
            renew=lambda refused: self._renew(where.profile, client, refused),
        )  # fmt: skip
        return client

    def _renew(self, name: str | None, client: Client, refused: str) -> str | None:
        """A fresh access token of a profile; under the lock, so that one process renews and
        the others find its result (a refresh token used twice ends the session)."""
        if name is None:
            return None
        with self.profiles.change() as book:
            profile = book.profiles.get(name)
            if profile is None or profile.token is None or profile.token != refused:
                return profile.token if profile else None
            if profile.refresh_token is None:
                return None
            try:
                pair = client.auth.refresh(profile.refresh_token)
            except NotSignedIn:
                profile.token = profile.refresh_token = None
                return None
            profile.token, profile.refresh_token = pair.access_token, pair.refresh_token
            return pair.access_token

    def _trace(self) -> None:
        if self.common.debug:
            import traceback

            from chatops.redaction import redact

            sys.stderr.write(redact(traceback.format_exc()))


def resolve(common: Common, environ: Mapping[str, str], profiles: Profiles) -> Connection:
    """The connection that options, variables and profiles ask for (see Cli.connection)."""
    named = common.profile or environ.get("CHATOPS_PROFILE") or None
    hub = common.hub or _env_beside_flag(common, environ, "CHATOPS_HUB")
    token = common.token or environ.get("CHATOPS_TOKEN") or None
    book = _read(profiles, needed=named is not None or not (hub and token))
    name = named or book.active
    profile = book.get(named) if named else book.profiles.get(name or "")
    if hub is None and profile is None:
        raise NotSignedIn(
            "no hub is known", hint="`chatops login URL`, or set CHATOPS_HUB and CHATOPS_TOKEN"
        )
    if profile is not None and (hub is None or _same(hub, profile.hub)):
        return _with_profile(common, environ, name or "", profile)
    return Connection(
        hub=hub or "",
        token=token,
        ca_file=_path(common, environ),
        fingerprint=common.fingerprint or environ.get("CHATOPS_FINGERPRINT") or None,
        insecure=_insecure(common, environ),
    )


def _read(profiles: Profiles, *, needed: bool) -> Book:
    """The profiles; none where they cannot be read and something else says all."""
    try:
        return profiles.read()
    except SetupError:
        if needed:
            raise
        return Book()


def _with_profile(
    common: Common, environ: Mapping[str, str], name: str, profile: Profile
) -> Connection:
    given = common.token or _env_beside_flag(common, environ, "CHATOPS_TOKEN")
    return Connection(
        hub=profile.hub,
        token=given or profile.token,
        ca_file=_path(common, environ, profile.ca_file),
        fingerprint=common.fingerprint or environ.get("CHATOPS_FINGERPRINT")
        or profile.fingerprint,
        insecure=_insecure(common, environ) or profile.insecure,
        profile=None if given else name,
    )  # fmt: skip


def _env_beside_flag(common: Common, environ: Mapping[str, str], name: str) -> str | None:
    """A variable, unless a profile was named by flag, which beats variables."""
    return None if common.profile else environ.get(name) or None


def _same(one: str, other: str) -> bool:
    from chatops.client.address import parse_address

    return parse_address(one) == parse_address(other)


def _path(common: Common, environ: Mapping[str, str], kept: str | None = None) -> Path | None:
    given = common.ca_file or environ.get("CHATOPS_CA_FILE") or kept
    if not given:
        return None
    from pathlib import Path

    return Path(given)


def _insecure(common: Common, environ: Mapping[str, str]) -> bool:
    if common.insecure is not None:
        return common.insecure
    return environ.get("CHATOPS_INSECURE", "").lower() in _TRUE


def _unexpected(error: Exception) -> ChatOpsError:
    if isinstance(error, OSError):
        where = f" {error.filename}" if error.filename else ""
        return SetupError(f"the system refused{where}: {error.strerror or error}")
    return InternalError(
        f"unexpected {type(error).__name__}: {error}",
        hint="this is a fault of chatops; --debug shows where it happened",
    )
