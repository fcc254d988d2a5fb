"""What the agent is told, and what it makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatops.agent.settings import AgentSettings, hub_address, is_loopback, load, resolve
from chatops.errors import ChatOpsError, InvalidInput, SetupError
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
    with pytest.raises(SetupError, match="others can read") as caught:
        resolve(settings)
    assert caught.value.hint == f"run: chmod 600 {path}"
    path.unlink()
    with pytest.raises(SetupError, match="No such file"):
        resolve(settings)
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    with pytest.raises(SetupError, match="does not hold a key"):
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
     "https://hub?x=1", "https://hub#x", "https://user:pw@hub", "https://user@hub"],
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


@pytest.mark.parametrize("text", ["nonsense = 1", "policy = 1", 'allow = ["fly"]', "= broken"])
def test_a_bad_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(text)
    with pytest.raises(ChatOpsError):
        load({}, {}, path)
