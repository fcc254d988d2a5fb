"""Takes credentials out of text that is shown or kept: errors quote what they are about."""

from __future__ import annotations

import re

# Our keys, tokens and join strings by their prefix: any at the start of a word, and inside one
# (after %22, say) only what is as long as a whole credential.
_KEY = re.compile(r"(\bco[ktrj]_(?=[\w-]{6})|co[ktrj]_(?=[\w-]{24}))[\w-]+")
# What may hold a JWT. It is looked for by hand: one expression would be quadratic on "eyJeyJ…".
_DOTTED = re.compile(r"[\w.-]{24,}")
# A password in a URL; and whatever stands behind a word that announces a secret.
_IN_URL = re.compile(r"(://[^\s/@:]{0,256}:)[^\s/@]{1,1024}@")
_ANNOUNCED = re.compile(
    r"(?i)((?<![a-z0-9])(?:password|passwd|passphrase|secret|api_key|authorization)[\"']?\s{0,3}[:=]\s{0,3}"
    r"(?:(?:bearer|basic)\s{1,3})?[\"']?)(?!\*\*\*)[^\s\"',;&]+"
)
_HASH = re.compile(r"\$argon2[a-z]{1,2}\$[^\s\"']+")


def strike(text: str) -> str:
    """``text`` with everything that has the form of one of our credentials struck out, and
    passwords in URLs: for errors, which may quote what they are about."""
    text = _DOTTED.sub(_strike_jwt, _KEY.sub(r"\1***", text))
    return _IN_URL.sub(r"\1***@", text)


def redact(text: str) -> str:
    """The same for logs, also of what is called a password or secret there, and of hashes."""
    return _HASH.sub("$argon2***", _ANNOUNCED.sub(r"\1***", strike(text)))


def _strike_jwt(match: re.Match[str]) -> str:
    word = match[0]
    start = word.find("eyJ")
    header, _, rest = word[start:].partition(".")
    if start < 0 or len(header) < 10 or "." not in rest.rstrip("."):
        return word
    return word[:start] + "eyJ***" + "." * (len(word) - len(word.rstrip(".")))
