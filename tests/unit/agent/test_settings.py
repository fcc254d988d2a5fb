"""What the agent is told, and what it makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatops.agent import policy_table
from chatops.agent.settings import AgentSettings, hub_address, is_loopback, load, resolve
from chatops.errors import ChatOpsError, InvalidInput
from chatops.protocol.join import Join, encode_join

KEY = "cok_abcdefgh_" + "x" * 43


def test_hub_and_key_make_a_target_that_does_not_show_the_key() -> None:
    target = resolve(AgentSettings(hub="https://hub.example:8765/", key=f" {KEY}\n"))
    assert target.hub == "https://hub.example:8765"
    assert target.url == "wss://hub.example:8765/api/v1/agents/ws"
    assert target.key == KEY
    assert KEY not in repr(target)


def test_a_path_before_the_hub_is_kept() -> None:
    _, url = hub_address("https://example.org/chatops/", insecure=False)
    assert url == "wss://example.org/chatops/api/v1/agents/ws"


def test_a_join_string_says_all() -> None:
    join = encode_join(Join(hub="https://10.0.0.1:8765", key=KEY, fingerprint="ab" * 32))
    target = resolve(AgentSettings(join=join))
    assert (target.key, target.fingerprint) == (KEY, "ab" * 32)
    assert target.url.startswith("wss://10.0.0.1:8765/")
    moved = resolve(AgentSettings(join=join, hub="https://other.example"))
    assert moved.hub == "https://other.example"


def test_a_key_file_must_be_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    path.chmod(0o600)
    settings = AgentSettings(hub="https://hub", key_file=path)
    assert resolve(settings).key == KEY
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="others can read") as caught:
        resolve(settings)
    assert caught.value.hint == f"run: chmod 600 {path}"
    path.unlink()
    with pytest.raises(InvalidInput, match="No such file"):
        resolve(settings)
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    with pytest.raises(InvalidInput, match="does not hold a key"):
        resolve(settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (AgentSettings(), "no key"),
        (AgentSettings(hub="https://hub"), "no key"),
        (AgentSettings(key=KEY), "no hub"),
        (AgentSettings(hub="https://hub", key=KEY, key_file=Path("/x")), "both a key and"),
        (AgentSettings(hub="https://hub", key=KEY, join="coj_x"), "both a join string"),
        (AgentSettings(join="coj_garbage"), "join string"),
        (AgentSettings(hub="https://hub", key="cot_token"), "not a server's key"),
        (AgentSettings(hub="https://hub", key="cok_a b"), "not a server's key"),
        (AgentSettings(hub="http://hub.example", key=KEY), "plain HTTP to hub.example"),
        (AgentSettings(hub="https://hub", key=KEY, interval=0.1), "interval"),
        (AgentSettings(hub="https://hub", key=KEY, interval=1e6), "interval"),
        (AgentSettings(hub="https://hub", key=KEY, spool_size=1), "spool"),
    ],
)
def test_settings_that_cannot_work_say_what_to_do(settings: AgentSettings, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        resolve(settings)
    assert caught.value.hint
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "hub", "hub:8765", "ftp://hub", "ws://hub", "https://", "https://hub:99999",
     "https://hub?x=1", "https://a..b", "https://ü..b", "https://hub#x", "https://user:pw@hub", "https://user@hub"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        hub_address(text, insecure=True)
    assert "pw" not in caught.value.message


def test_plain_http_is_for_loopback_or_the_brave() -> None:
    assert hub_address("http://127.0.0.1:1", insecure=False)[1].startswith("ws://127.0.0.1:1/")
    assert hub_address("http://10.1.2.3", insecure=True)[0] == "http://10.1.2.3"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True),
     ("127.0.0.1.evil.example", False), ("127.0.0.300", False), ("127.1", False),
     ("10.0.0.1", False), ("localhost.example", False)],
)  # fmt: skip
def test_loopback_is_known_by_its_form(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_flag_beats_variable_beats_file(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text('hub = "https://file"\ninterval = "9s"\nallow = ["exec"]\n'
                    '[policy.exec]\ncommands = ["df"]\n')  # fmt: skip
    environ = {"CHATOPS_HUB": "https://variable", "CHATOPS_KEY": KEY, "CHATOPS_INSECURE": "1"}
    settings = load({"hub": "https://flag", "interval": None}, environ, path)
    assert settings.hub == "https://flag"
    assert settings.interval == 9.0
    assert settings.allow == ("exec",)
    assert settings.insecure
    assert settings.key == KEY
    assert settings.policy == {"exec": {"commands": ["df"]}}
    assert load({}, environ, path).hub == "https://variable"


JOIN = encode_join(Join(hub="https://joined", key="cok_joined00_" + "y" * 43))
FILE_KEY = "cok_of_file0_" + "z" * 43


@pytest.mark.parametrize(
    ("flags", "environ", "file", "expected"),
    [
        ({"key": KEY}, {}, 'key_file = "KEY"', KEY),
        ({}, {"CHATOPS_KEY": KEY}, 'key_file = "KEY"', KEY),
        ({}, {"CHATOPS_KEY": KEY}, f'join = "{JOIN}"', KEY),
        ({"key_file": "KEY"}, {"CHATOPS_KEY": KEY}, "", FILE_KEY),
        ({"key_file": "KEY"}, {"CHATOPS_JOIN": JOIN}, f'key = "{KEY}"', FILE_KEY),
        ({"key": KEY}, {"CHATOPS_AGENT_KEY_FILE": "/none", "CHATOPS_JOIN": "coj_x"}, "", KEY),
        ({"join": JOIN}, {"CHATOPS_KEY": KEY}, 'key_file = "/none"', "cok_joined00_" + "y" * 43),
    ],
)
def test_the_key_is_that_of_the_highest_level(
    tmp_path: Path, flags: dict[str, str], environ: dict[str, str], file: str, expected: str
) -> None:
    key_file, config = tmp_path / "key", tmp_path / "agent.toml"
    key_file.write_text(FILE_KEY)
    key_file.chmod(0o600)
    config.write_text(file.replace("KEY", str(key_file)))
    given = {name: value.replace("KEY", str(key_file)) for name, value in flags.items()}
    settings = load({"hub": "https://hub", **given}, environ, config)
    assert resolve(settings).key == expected


@pytest.mark.parametrize(
    ("flags", "environ", "file"),
    [
        ({"key": KEY, "key_file": "/x"}, {}, ""),
        ({"key": KEY, "join": JOIN}, {"CHATOPS_KEY": KEY}, ""),
        ({}, {"CHATOPS_KEY": KEY, "CHATOPS_JOIN": JOIN}, 'key_file = "/x"'),
        ({}, {}, f'key = "{KEY}"\nkey_file = "/x"'),
    ],
)
def test_two_ways_to_give_the_key_at_one_level_are_refused(
    tmp_path: Path, flags: dict[str, str], environ: dict[str, str], file: str
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(file)
    with pytest.raises(InvalidInput, match=r"^both a .* are given") as caught:
        resolve(load({"hub": "https://hub", **flags}, environ, config))
    assert caught.value.hint == "give one of them"


@pytest.mark.parametrize(
    ("flags", "environ", "hub"),
    [
        ({"join": JOIN}, {"CHATOPS_HUB": "https://variable"}, "https://joined"),
        ({"join": JOIN, "hub": "https://flag"}, {}, "https://flag"),
        ({"hub": "https://flag"}, {"CHATOPS_JOIN": JOIN}, "https://flag"),
        ({}, {"CHATOPS_JOIN": JOIN, "CHATOPS_HUB": "https://variable"}, "https://variable"),
    ],
)
def test_a_join_string_names_the_hub_unless_one_is_given_as_high(
    flags: dict[str, str], environ: dict[str, str], hub: str
) -> None:
    assert resolve(load(flags, environ)).hub == hub


@pytest.mark.parametrize(
    ("flags", "environ", "expected"),
    [
        ({}, {}, ["exec"]),
        ({"allow": ["docker"]}, {"CHATOPS_AGENT_ALLOW": "files"}, ["docker"]),
        ({}, {"CHATOPS_AGENT_ALLOW": "files"}, ["files"]),
        ({"allow": [""]}, {}, []),
    ],
)
def test_allow_stands_in_for_that_of_the_policy(
    tmp_path: Path, flags: dict[str, list[str]], environ: dict[str, str], expected: list[str]
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text('[policy]\nallow = ["exec"]\n')
    settings = load(flags, environ, config)
    assert policy_table.build(settings.allow, settings.policy).allow == expected


def test_a_file_that_says_twice_what_is_allowed_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text('allow = ["exec"]\n[policy]\nallow = ["docker"]\n')
    with pytest.raises(InvalidInput, match="says twice"):
        load({}, {}, config)


@pytest.mark.parametrize("text", ["nonsense = 1", "policy = 1", 'allow = ["fly"]', "= broken"])
def test_a_bad_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(text)
    with pytest.raises(ChatOpsError):
        load({}, {}, path)
