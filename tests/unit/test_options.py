"""Settings declared once: where values come from, how they are read, what is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import InvalidInput
from chatops.options import Option, load, option, options_of, parse, read_file


@dataclasses.dataclass(frozen=True)
class Settings:
    """One option of each kind."""

    ENV_PREFIX: ClassVar[str] = "CHATOPS_TEST_"

    name: str = option("box", "a name")
    port: int = option(8765, "a port", kind="int")
    loud: bool = option(False, "be loud", kind="flag")
    interval: float = option(5.0, "the pace", kind="duration", flag="--every")
    quota: int = option(1024, "the room", kind="size", env="ROOM")
    folder: Path | None = option(None, "a folder", kind="path", default_text="your own")
    allow: tuple[str, ...] = option((), "what may be", kind="list", choices=("exec", "files"))
    key: str | None = option(None, "a secret", choices=("a", "b"), secret=True)
    inner: str = option("x", "no flag, no variable", flag=None, env=None)


def read(
    flags: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
    file: dict[str, Any] | None = None,
) -> Settings:
    return load(Settings, flags=flags or {}, environ=environ or {}, file=file)


def one(name: str) -> Option:
    return next(declared for declared in options_of(Settings) if declared.name == name)


def test_flags_and_variables_derive_from_the_name() -> None:
    names = {declared.name: (declared.flag, declared.env) for declared in options_of(Settings)}
    assert names["port"] == ("--port", "CHATOPS_TEST_PORT")
    assert names["interval"] == ("--every", "CHATOPS_TEST_INTERVAL")
    assert names["quota"] == ("--quota", "ROOM")
    assert names["inner"] == (None, None)
    assert one("folder").default_text == "your own"
    assert one("key").secret


def test_defaults_need_no_source() -> None:
    assert read() == Settings()


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default() -> None:
    file = {"port": 3, "name": "file"}
    environ = {"CHATOPS_TEST_PORT": "2", "CHATOPS_TEST_NAME": "variable"}
    assert read(file=file).port == 3
    assert read(file=file, environ=environ).port == 2
    settings = read(file=file, environ=environ, flags={"port": 1})
    assert (settings.port, settings.name) == (1, "variable")


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_a_flag_that_was_not_given_counts_for_nothing(nothing: object) -> None:
    environ = {"CHATOPS_TEST_ALLOW": "exec"}
    assert read(flags={"allow": nothing}, environ=environ).allow == ("exec",)


def test_a_flag_of_false_or_zero_was_given() -> None:
    environ = {"CHATOPS_TEST_LOUD": "1", "CHATOPS_TEST_PORT": "9"}
    settings = read(flags={"loud": False, "port": 0}, environ=environ)
    assert (settings.loud, settings.port) == (False, 0)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    environ = {f"CHATOPS_TEST_{name}": "" for name in ("NAME", "PORT", "LOUD", "FOLDER", "ALLOW")}
    assert read(environ=environ) == Settings()


def test_every_kind_from_text() -> None:
    environ = {
        "CHATOPS_TEST_PORT": "80",
        "CHATOPS_TEST_LOUD": "Yes",
        "CHATOPS_TEST_INTERVAL": "1m30s",
        "ROOM": "2KiB",
        "CHATOPS_TEST_FOLDER": "~/data",
        "CHATOPS_TEST_ALLOW": "exec, files",
    }
    settings = read(environ=environ)
    assert settings == Settings(
        port=80,
        loud=True,
        interval=90.0,
        quota=2048,
        folder=Path("~/data").expanduser(),
        allow=("exec", "files"),
    )


def test_every_kind_from_a_file() -> None:
    file = {
        "port": 80,
        "loud": True,
        "interval": 90,
        "quota": 2048,
        "folder": "/d",
        "allow": ["exec"],
    }
    settings = read(file=file)
    assert settings.interval == 90.0
    assert settings.folder == Path("/d")
    assert (settings.port, settings.loud, settings.quota) == (80, True, 2048)
    assert settings.allow == ("exec",)


def test_repeated_flags_make_one_list() -> None:
    assert read(flags={"allow": ["exec", "files,exec"]}).allow == ("exec", "files", "exec")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "eighty"), ("port", 3.7), ("port", True), ("port", float("inf")), ("port", "1_0"),
        ("loud", "perhaps"), ("loud", 2),
        ("interval", "5"), ("interval", -1), ("interval", float("nan")), ("interval", True),
        ("quota", "much"), ("quota", True), ("quota", -1), ("quota", 1.5),
        ("folder", ""), ("folder", 3), ("folder", "~nobody-of-that-name/x"), ("folder", "a\0b"),
        ("name", 3), ("name", ["x"]),
        ("allow", {"exec": True}), ("allow", [1]), ("allow", "shell"), ("allow", 3),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_source(name: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(file={name: value})
    assert caught.value.message.startswith(f"configuration key {name}: ")


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"flags": {"port": "x"}}, "--port: "),
        ({"environ": {"CHATOPS_TEST_PORT": "x"}}, "CHATOPS_TEST_PORT: "),
        ({"file": {"port": "x"}}, "configuration key port: "),
        ({"file": {"inner": 3}}, "configuration key inner: "),
    ],
)
def test_the_source_of_a_wrong_value_is_named(given: dict[str, Any], source: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(**given)
    assert caught.value.message.startswith(source)


def test_the_wrong_value_is_shown_but_not_of_a_secret() -> None:
    with pytest.raises(InvalidInput, match="'nonsense' is not"):
        read(flags={"port": "nonsense"})
    for value in ("hunter2", 31337):
        with pytest.raises(InvalidInput) as caught:
            read(file={"key": value})
        assert str(value) not in caught.value.message


def test_choices_are_named() -> None:
    with pytest.raises(InvalidInput, match="'shell' is not one of exec, files"):
        read(flags={"allow": ["exec,shell"]})


def test_an_unknown_key_in_the_file_is_named_with_the_known() -> None:
    with pytest.raises(InvalidInput, match="unknown key 'prot'") as caught:
        read(file={"prot": 1})
    assert "port" in (caught.value.hint or "")


NUMBERS = st.floats() | st.integers() | st.booleans()
ANY = st.recursive(
    st.none() | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@given(st.sampled_from(options_of(Settings)), ANY)
def test_any_value_is_read_or_refused_by_name(declared: Option, value: object) -> None:
    try:
        parse(declared, value, "here")
    except InvalidInput as error:
        assert error.message.startswith("here: ")  # noqa: PT017  (both outcomes are right)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    path.write_text('port = 80\n[policy]\nallow = ["exec"]\n', encoding="utf-8")
    assert read_file(path) == {"port": 80, "policy": {"allow": ["exec"]}}


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe"])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hub.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="is not a TOML file") as caught:
        read_file(path)
    assert str(path) in caught.value.message


@pytest.mark.parametrize("name", ["missing.toml", ".", "no\0name"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot read the configuration file") as caught:
        read_file(tmp_path / name)
    assert caught.value.hint
