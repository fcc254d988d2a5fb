"""Settings declared once: flag, environment variable, file key, help and docs derive from it.

A program's settings are a frozen dataclass whose fields are made with ``option``. ``load``
fills it: a flag beats a variable, a variable the file, the file the default.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeVar

from chatops.errors import InvalidInput
from chatops.text import shown
from chatops.units import exact_duration, exact_size, parse_duration, parse_size

Kind = Literal["text", "int", "flag", "duration", "size", "path", "list"]
S = TypeVar("S")
_META: Final = "chatops.option"
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_TOO_LARGE: Final = 10**18
"""Numbers from here on are refused in whatever form: they fit no column, and no division."""
_TRUE: Final = frozenset(("1", "true", "yes", "on"))
_FALSE: Final = frozenset(("0", "false", "no", "off"))


@dataclasses.dataclass(frozen=True, slots=True)
class Option:
    """The declaration of one setting. ``name`` is the field's and the file's key.

    ``flag`` is None for settings that have no flag, ``env`` None where no variable is read.
    ``metavar`` stands for the value in help; ``default_text`` for a default found at run time.
    ``live`` ones may be changed while the program runs. ``yields_to`` names options that say the
    same in another way: where one of them stands at a higher level (and is no flag that is off),
    this one counts as not given.
    """

    name: str
    kind: Kind
    help: str
    default: Any
    flag: str | None
    env: str | None
    choices: tuple[str, ...] = ()
    metavar: str = ""
    secret: bool = False
    default_text: str | None = None
    live: bool = False
    yields_to: tuple[str, ...] = ()


def option(
    default: Any,
    help: str,  # noqa: A002  (the field's usual name)
    *,
    kind: Kind = "text",
    flag: str | None = "auto",
    env: str | None = "auto",
    choices: Sequence[str] = (),
    metavar: str = "",
    secret: bool = False,
    default_text: str | None = None,
    live: bool = False,
    yields_to: Sequence[str] = (),
) -> Any:
    """A field of a settings class. ``auto`` derives flag and variable from the field's name."""
    meta = {
        "kind": kind, "help": help, "flag": flag, "env": env, "choices": tuple(choices),
        "metavar": metavar, "secret": secret, "default_text": default_text, "live": live,
        "yields_to": tuple(yields_to),
    }  # fmt: skip
    return dataclasses.field(default=default, metadata={_META: meta})


def options_of(cls: type[Any]) -> list[Option]:
    """The declarations of a settings class. Its ``ENV_PREFIX`` begins derived variables.

    Fields that were not made with ``option`` are the class's own business.
    """
    found: list[Option] = []
    for field in dataclasses.fields(cls):
        if _META not in field.metadata:
            continue
        meta = dict(field.metadata[_META])
        if meta["flag"] == "auto":
            meta["flag"] = "--" + field.name.replace("_", "-")
        if meta["env"] == "auto":
            meta["env"] = cls.ENV_PREFIX + field.name.upper()
        found.append(Option(name=field.name, default=field.default, **meta))
    return found


def load(
    cls: type[S],
    *,
    flags: Mapping[str, Any],
    environ: Mapping[str, str] = os.environ,
    file: Mapping[str, Any] | None = None,
) -> S:
    """Settings from all sources. Flags that are None or an empty list were not given, and an
    empty variable is one that is not set.

    Raises:
        InvalidInput: a value that does not fit, or an unknown key in the file; names its source.
    """
    values: dict[str, Any] = {}
    known = {one.name: one for one in options_of(cls)}
    for key in file or {}:
        if key not in known:
            raise InvalidInput(
                f"the configuration file has an unknown key {key!r}",
                hint="known keys are " + ", ".join(sorted(known)),
            )
    given = {name: _pick(one, flags, environ, file or {}) for name, one in known.items()}
    for name, one in known.items():
        found, others = given[name], ((known[other], given[other]) for other in one.yields_to)
        if found is not None and not any(_outranks(found, *other) for other in others):
            values[name] = parse(one, found.value, found.source)
    return cls(**values)


def read_file(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        InvalidInput: it cannot be read or is no TOML.
    """
    try:
        return parse_file(path, path.read_bytes())
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError | ValueError) -> InvalidInput:
    """The error for a configuration file that cannot be read."""
    return InvalidInput(
        f"cannot read the configuration file {path}: {getattr(error, 'strerror', None) or error}",
        hint="--config names a TOML file that this user can read",
    )


def parse_file(path: Path, data: bytes) -> dict[str, Any]:
    """The same of a file that was read already.

    Raises:
        InvalidInput: it is no TOML.
    """
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path} is not a TOML file: {_where(error)}", hint="write a setting as: name = value"
        ) from error


def _where(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    text = str(error)
    return text[:1].lower() + text[1:]


def parse(one: Option, value: Any, source: str) -> Any:
    """``value`` in the option's own type; ``source`` is named when it does not fit.

    Raises:
        InvalidInput: it does not fit.
    """
    try:
        parsed = _PARSERS[one.kind](value)
    except (ValueError, TypeError, OverflowError):
        text = "the value" if one.secret else shown(value)
        raise InvalidInput(f"{source}: {text} is not {_FORMS[one.kind]}") from None
    except InvalidInput as error:
        raise InvalidInput(f"{source}: {error.message}", hint=error.hint) from None
    if one.choices:
        _check_choices(one, parsed, source)
    return parsed


def text_of(one: Option, value: Any) -> str:
    """A value as people write it; ``parse`` reads it again as the same."""
    if one.kind == "duration":
        return exact_duration(value)
    return exact_size(value) if one.kind == "size" else str(value)


class _Given(NamedTuple):
    """What was given for an option, and where; the highest ``rank`` is a flag's."""

    rank: int
    value: Any
    source: str


def _outranks(found: _Given, one: Option, other: _Given | None) -> bool:
    if other is None or other.rank <= found.rank:
        return False
    return one.kind != "flag" or bool(parse(one, other.value, other.source))


def _pick(
    one: Option, flags: Mapping[str, Any], environ: Mapping[str, str], file: Mapping[str, Any]
) -> _Given | None:
    flag = flags.get(one.name)
    if flag is not None and flag not in ([], ()):
        return _Given(3, flag, one.flag or one.name)
    if one.env is not None and environ.get(one.env):
        return _Given(2, environ[one.env], one.env)
    if one.name in file:
        return _Given(1, file[one.name], f"configuration key {one.name}")
    return None


def _check_choices(one: Option, parsed: Any, source: str) -> None:
    for word in parsed if isinstance(parsed, tuple) else (parsed,):
        if word not in one.choices:
            allowed = ", ".join(one.choices)
            text = "the value" if one.secret else repr(word)
            raise InvalidInput(f"{source}: {text} is not one of {allowed}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _integer(value: Any) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    if abs(value) >= _TOO_LARGE:
        raise ValueError
    return value


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError
    return word in _TRUE


def _duration(value: Any) -> float:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, bool) or not 0 <= value < _TOO_LARGE:
        raise ValueError
    return float(value)


def _size(value: Any) -> int:
    if isinstance(value, str):
        return parse_size(value)
    size = _integer(value)
    if size < 0:
        raise ValueError
    return size


def _path(value: Any) -> Path:
    text = str(value) if isinstance(value, Path) else _text(value)
    if not text or "\0" in text:
        raise ValueError
    try:
        return Path(text).expanduser()
    except RuntimeError:  # ~NAME, and there is no such user
        raise ValueError from None


def _list(value: Any) -> tuple[str, ...]:
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise TypeError
    words = [word.strip() for part in parts for word in _text(part).split(",")]
    return tuple(word for word in words if word)


_PARSERS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    "text": _text,
    "int": _integer,
    "flag": _flag,
    "duration": _duration,
    "size": _size,
    "path": _path,
    "list": _list,
}

_FORMS: Final[Mapping[Kind, str]] = {
    "text": "a text",
    "int": "a whole number",
    "flag": "yes or no",
    "duration": "a duration like 30s",
    "size": "a size like 64MB",
    "path": "a path",
    "list": "a list of words",
}
"""What a value of each kind is, for the sentence that says it is not."""
