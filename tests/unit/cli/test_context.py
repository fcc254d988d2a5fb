"""Which hub, as whom: flag, variable, profile, and whose token goes where."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatops.cli.context import Cli, Common, Connection, resolve
from chatops.cli.profiles import Profile, Profiles
from chatops.errors import NotFound, NotSignedIn, SetupError
from tests.support.fake_hub import Asked, FakeHub, Reply, error
from tests.support.samples import user

PROD = "https://prod.example.org"
TEST = "https://test.example.org"


@pytest.fixture
def profiles(tmp_path: Path) -> Profiles:
    made = Profiles(tmp_path)
    with made.change() as book:
        book.profiles["prod"] = Profile(
            hub=PROD, token="prod-token", fingerprint="aa", ca_file="/ca.pem", insecure=True
        )
        book.profiles["test"] = Profile(hub=TEST, token="test-token")
        book.active = "prod"
    return made


def found(profiles: Profiles, common: Common | None = None, **environ: str) -> Connection:
    return resolve(common or Common(), environ, profiles)


def where(connection: Connection) -> tuple[str, str | None]:
    return connection.hub, connection.token


def test_the_active_profile_is_used_with_all_it_holds(profiles: Profiles) -> None:
    assert found(profiles) == Connection(PROD, "prod-token", Path("/ca.pem"), "aa", True, "prod")


@pytest.mark.parametrize(
    ("common", "environ", "expected"),
    [
        (Common(profile="test"), {}, (TEST, "test-token")),
        (Common(), {"CHATOPS_PROFILE": "test"}, (TEST, "test-token")),
        (Common(profile="prod"), {"CHATOPS_PROFILE": "test"}, (PROD, "prod-token")),
        (Common(hub=TEST), {}, (TEST, None)),
        (Common(hub=PROD + ":443/"), {}, (PROD, "prod-token")),
        (Common(), {"CHATOPS_HUB": TEST}, (TEST, None)),
        (Common(), {"CHATOPS_HUB": TEST, "CHATOPS_TOKEN": "t"}, (TEST, "t")),
        (Common(hub=PROD), {"CHATOPS_HUB": TEST}, (PROD, "prod-token")),
        (Common(profile="test"), {"CHATOPS_HUB": PROD, "CHATOPS_TOKEN": "t"}, (TEST, "test-token")),
        (Common(), {"CHATOPS_PROFILE": "test", "CHATOPS_HUB": PROD}, (PROD, None)),
        (Common(token="mine"), {"CHATOPS_TOKEN": "t"}, (PROD, "mine")),
        (Common(), {"CHATOPS_TOKEN": "t"}, (PROD, "t")),
        (Common(hub=TEST, profile="prod"), {}, (TEST, None)),
        (Common(), {"CHATOPS_HUB": "", "CHATOPS_TOKEN": ""}, (PROD, "prod-token")),
    ],
)
def test_flags_beat_variables_and_these_profiles(
    profiles: Profiles,
    common: Common,
    environ: dict[str, str],
    expected: tuple[str, str | None],
) -> None:
    assert where(found(profiles, common, **environ)) == expected


def test_a_profiles_trust_goes_to_its_hub_only(profiles: Profiles) -> None:
    other = found(profiles, Common(hub=TEST))
    assert (other.ca_file, other.fingerprint, other.insecure, other.profile) == (
        None, None, False, None,
    )  # fmt: skip


def test_a_token_by_hand_is_never_renewed_with_the_profiles(profiles: Profiles) -> None:
    assert found(profiles, Common(token="mine")).profile is None


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("true", True), ("0", False), ("", False)]
)
def test_insecure_by_variable(tmp_path: Path, value: str, expected: bool) -> None:
    environ = {"CHATOPS_HUB": "http://h", "CHATOPS_INSECURE": value, "CHATOPS_FINGERPRINT": "f",
               "CHATOPS_CA_FILE": "/x"}  # fmt: skip
    connection = found(Profiles(tmp_path), **environ)
    assert connection == Connection("http://h", None, Path("/x"), "f", expected)


def test_no_hub_at_all_is_an_error_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotSignedIn) as caught:
        found(Profiles(tmp_path))
    assert "chatops login" in (caught.value.hint or "")


def test_hub_and_token_by_hand_need_no_file(tmp_path: Path) -> None:
    (tmp_path / "profiles.json").write_text("{damaged")
    damaged, both = Profiles(tmp_path), {"CHATOPS_HUB": TEST, "CHATOPS_TOKEN": "t"}
    assert where(found(damaged, **both)) == (TEST, "t")
    for environ in ({"CHATOPS_HUB": TEST}, {"CHATOPS_TOKEN": "t"}, both | {"CHATOPS_PROFILE": "a"}):
        with pytest.raises(SetupError, match="damaged"):
            found(damaged, **environ)


def test_a_named_profile_that_is_not_there_is_an_error(profiles: Profiles) -> None:
    for common, environ in (
        (Common(profile="gone"), {}),
        (Common(), {"CHATOPS_PROFILE": "gone"}),
        (Common(profile="gone", hub=TEST), {}),
    ):
        with pytest.raises(NotFound, match="gone"):
            found(profiles, common, **environ)


# -- a session that several processes share ---------------------------------------------


class Family:
    """Refresh tokens as a hub keeps them: one that was used before ends the family."""

    def __init__(self, hub: FakeHub) -> None:
        self.number = 1
        self.alive = True
        hub.on("POST /auth/refresh", self._refresh)
        hub.on("GET /auth/me", self._me)

    def _refresh(self, asked: Asked) -> Reply:
        if not self.alive or asked.body["refresh_token"] != f"refresh-{self.number}":
            self.alive = False
            return error(401, "not_signed_in", "used before")
        self.number += 1
        return Reply(
            body={"access_token": f"access-{self.number}", "expires_in": 1800,
                  "refresh_token": f"refresh-{self.number}", "token_type": "bearer"}
        )  # fmt: skip

    def _me(self, asked: Asked) -> Reply:
        good = self.alive and asked.headers["authorization"] == f"Bearer access-{self.number}"
        return Reply(body=user()) if good else error(401, "not_signed_in", "expired")


@pytest.fixture
def signed_in(hub: FakeHub, config: Path) -> Profiles:
    profiles = Profiles(config)
    with profiles.change() as book:
        book.profiles["p"] = Profile(hub=hub.url, token="old", refresh_token="refresh-1")
        book.active = "p"
    return profiles


def me(cli: Cli) -> str:
    name = cli.client.auth.me().name
    cli.client.close()
    return name


def test_a_renewed_session_is_kept(hub: FakeHub, signed_in: Profiles) -> None:
    Family(hub)
    assert me(Cli(Common())) == "ada"
    kept = signed_in.read().profiles["p"]
    assert (kept.token, kept.refresh_token) == ("access-2", "refresh-2")


def test_of_two_programs_one_renews_and_the_other_finds_it(
    hub: FakeHub, signed_in: Profiles
) -> None:
    family = Family(hub)
    first, second = Cli(Common()), Cli(Common())
    assert first.connection == second.connection  # both have read the expired token
    assert me(first) == me(second) == "ada"
    assert family.alive
    assert hub.paths().count("POST /auth/refresh") == 1


def test_a_session_that_was_ended_is_forgotten(hub: FakeHub, signed_in: Profiles) -> None:
    Family(hub).alive = False
    cli = Cli(Common())
    with pytest.raises(NotSignedIn):
        me(cli)
    cli.client.close()
    kept = signed_in.read().profiles["p"]
    assert (kept.token, kept.refresh_token) == (None, None)
