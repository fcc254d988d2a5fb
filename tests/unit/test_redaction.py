"""What is struck out of logs: what announces itself as a secret, or looks like a known one."""

from __future__ import annotations

import time

import pytest

from chatops.redaction import MOST_KEY_LINES, KeyBlocks, redact

ANNOUNCED = [
    ("token=abcdef0123456789", "token=***"),
    ("token: abcdef", "token: ***"),
    ('{"password":"a\\"b","token":"t"}', '{"password":"***","token":"***"}'),
    ('{"n":1,"api_key":"k","x":2}', '{"n":1,"api_key":"***","x":2}'),
    ('{\\"token\\": \\"a b\\", \\"x\\":1}', '{\\"token\\": \\"***\\", \\"x\\":1}'),
    ('"token": ["a", "b"], "n": 1', '"token": ***, "n": 1'),
    ("access_token=abc123 user=ada", "access_token=*** user=ada"),
    ('auth_token: "x y z"', 'auth_token: "***"'),
    ("password='a b c' x", "password='***' x"),
    ('password="a b, and no end', 'password="***'),
    ("AWS_SECRET_ACCESS_KEY=wJalr/+x", "AWS_SECRET_ACCESS_KEY=***"),
    ("X-Api-Key: zzzz", "X-Api-Key: ***"),
    ("X-Auth: zzzz", "X-Auth: ***"),
    ("PGPASSWORD=hunter7x psql", "PGPASSWORD=*** psql"),
    ("pwd=foo", "pwd=***"),
    ("clientSecret => 'x y'", "clientSecret => '***'"),
    ("?password%3Dabc&x=y", "?password%3D***&x=y"),
    ("İ PASSWORD=ABC", "İ PASSWORD=***"),
    ("x --password hunter5x -v", "x --password *** -v"),
    ('x --token "a b" -v', 'x --token "***" -v'),
    ('Cookie: session=abc; a="b c"; d=e', "Cookie: ***"),
    ('curl -H "Set-Cookie: a=b" http://x', 'curl -H "Set-Cookie: ***" http://x'),
]  # fmt: skip
KNOWN = [
    "ghp_" + "a1" * 18, "github_pat_" + "a_" * 20, "glpat-" + "a-" * 10, "xoxb-123456-abc",
    "sk-proj-" + "a" * 40, "sk_live_" + "a1" * 12, "AKIA" + "IOSFODNN7EXAMPLE", "npm_" + "a" * 36,
]  # fmt: skip
LEFT_ALONE = [
    "PWD=/home/ada ; USER=root", '{"password":null,"tokens":5}', "token::parse failed",
    "unexpected token: }", "pass: 12 fail: 3", "task-aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "author=ada",
    "x --token-file /etc/t", "Accepted publickey for root", "the password is wrong",
]  # fmt: skip
HOSTILE = [
    "password=", 'password="', "password='\"", 'password=\\"', 'password="\\"', 'token="\\\n',
    "token=)", "token=[\"", "token    =", "tokentoken", "api key", "pwd=", "x-auth", "-a",
    "--token ", "cookie: ", 'cookie: a="', 'cookie:"', 'cookie: ="\n', '\\"', "ghp_a", "sk-a",
    "xoxa-", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY", "://a:",
]  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), ANNOUNCED)
def test_what_is_announced_goes_whole(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


@pytest.mark.parametrize("secret", KNOWN)
def test_a_known_shape_goes_wherever_it_is(secret: str) -> None:
    told = redact(f"x '{secret}' y")
    assert told.startswith("x '" + secret[:3])
    assert told.endswith("***' y")
    assert secret[-12:] not in told


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_a_private_key_goes_with_its_body() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----"
    assert redact(f"a {key} b {key} c") == "a *** b *** c"
    assert redact("a -----BEGIN PRIVATE KEY-----\nMII") == "a ***"


def test_a_key_without_an_end_hides_no_log_for_ever() -> None:
    keys = KeyBlocks()
    keys.strike("-----BEGIN PRIVATE KEY-----")
    told = [keys.strike(f"line {number}") for number in range(MOST_KEY_LINES)]
    assert told == ["***"] * (MOST_KEY_LINES - 1) + [f"line {MOST_KEY_LINES - 1}"]


@pytest.mark.parametrize("part", HOSTILE)
def test_time_is_linear(part: str) -> None:
    for text in (part * (100_000 // len(part)), f"{part} '\n" * (100_000 // (len(part) + 3))):
        begun = time.thread_time()
        redact(text)
        assert time.thread_time() - begun < 1.0
