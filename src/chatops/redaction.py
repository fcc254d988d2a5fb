"""Takes credentials out of text that is shown or kept: errors quote what they are about, logs and
arguments hold what somebody wrote there. Every pattern needs time that is linear in the text."""

from __future__ import annotations

import re
from typing import Final

STRUCK: Final = "***"
SECRET_NAME: Final = (
    r"(?:passw(?:or)?d|passphrase|secret|token|credentials?"
    r"|(?:api|access|account|encryption|master|private|secret|session|shared|signing)[-_ ]?key"
    r"|pass(?<=[-_.]pass)|pwd(?<=[-_.]pwd))"
)
"""How names of secrets end: ``db-password``, ``PGPASSWORD``, ``AWS_SECRET_ACCESS_KEY``."""

# Our keys, tokens and join strings by their prefix: any at the start of a word, and inside one
# (after %22, say) only what is as long as a whole credential.
_KEY = re.compile(r"(\bco[ktrcj]_(?=[\w-]{6})|co[ktrcj]_(?=[\w-]{24}))[\w-]+")
# What may hold a JWT. It is looked for by hand: one expression would be quadratic on "eyJeyJ…".
_DOTTED = re.compile(r"[\w.-]{24,}")
# A password in a URL.
_IN_URL = re.compile(r"(://[^\s/@:]{0,256}:)[^\s/@]{1,1024}@")
_HASH = re.compile(r"\$argon2[a-z]{1,2}\$[^\s\"']+")

_HINTS: Final = (
    "passw", "passphrase", "secret", "token", "credential", "authorization", "key", "pwd",
    "pass=", "-pass", "_pass", ".pass", "x-auth", "auth=", "auth ",
)  # fmt: skip
"""Without any of these nothing is announced: most lines have none, and are done with here."""
_QUOTED: Final = r"""\\{1,8}"[^"\n]*"?|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|["'][^\n]*"""
"""A value in quotes goes whole; one without an end to the end of its line."""
_VALUE: Final = rf"(?P<value>{_QUOTED}|\[[\"'][^\]\n]*\]?|[^\s\"',;&]*[^\s\"',;&)}}\]])"
_IS: Final = r"(?:\\{0,8}[\"'])?\]?[ \t]{0,8}(?:=>|={1,2}|:=|:(?!:)|%3[ad])[ \t]{0,8}"
"""What stands between a name and its value: in JSON (escaped or not), logfmt, YAML, a shell."""
_ANNOUNCED = re.compile(
    rf"(?:(?:{SECRET_NAME}|authorization|auth(?<=x-auth)|auth(?<=[-_]auth)(?==)"
    rf"|pass(?<![a-z0-9]pass)(?==)"
    rf"|pwd(?!{_IS}[\"']?/)){_IS}"  # PWD=/home/ada is a folder
    rf"(?:[\"']?(?:bearer|basic|digest|token|negotiate|apikey)[ \t]{{1,8}})?){_VALUE}",
    re.ASCII,
)
_OPTION = re.compile(
    rf"(?<![\w.-])(?:-(?=[\w-])[\w.-]*(?:{SECRET_NAME}|auth)[ \t]{{1,8}})(?!-){_VALUE}",
    re.ASCII,
)
"""An option whose value is the next word."""
_COOKIES = re.compile(
    r"(?:cookie2?(?:\\{0,8}[\"'])?[ \t]{0,8}:[ \t]{0,8})"
    rf"(?P<value>{_QUOTED}|(?:[^\"'\n]|(?<==)\"[^\"\n]*\")+)",
    re.ASCII,
)
"""A header of cookies, whose values are secrets whatever they are called."""
_QUOTE = re.compile(r"\\*[\"']")
_NO_SECRETS: Final = frozenset(("null", "none", "nil", "true", "false", STRUCK, '""', "''"))

_KNOWN = re.compile(
    r"(?<![a-z0-9])(?:(gh[opsur]_)[a-z0-9]{16,}|(github_pat_)\w{16,}|(glpat-)[\w-]{16,}"
    r"|(xox[a-z]-)[\w-]{8,}|(sk-)[\w-]{20,}|([sr]k_(?:live|test)_)[a-z0-9]{16,}"
    r"|(A[KS]IA)[a-z0-9]{16}|(AIza)[\w-]{30,}|(npm_)[a-z0-9]{30,}|(pypi-)[\w-]{30,})",
    re.IGNORECASE | re.ASCII,
)
"""Credentials that say by their first letters whose they are."""
_KNOWN_HINTS: Final = (
    "gho_", "ghp_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "xox", "sk-", "k_live_",
    "k_test_", "akia", "asia", "aiza", "npm_", "pypi-",
)  # fmt: skip

_BLOCK_HINT: Final = "PRIVATE KEY"
_BLOCK_BEGIN = re.compile(r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_BLOCK_END = re.compile(r"-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
MOST_KEY_LINES: Final = 200
"""Lines that are struck out behind the beginning of a key whose end does not come."""


def strike(text: str) -> str:
    """``text`` with everything that has the form of one of our credentials struck out, and
    passwords in URLs: for errors, which may quote what they are about."""
    if "co" in text and "_" in text:
        text = _KEY.sub(r"\1***", text)
    if "eyJ" in text:
        text = _DOTTED.sub(_strike_jwt, text)
    return _IN_URL.sub(r"\1***@", text) if "://" in text else text


def redact(text: str) -> str:
    """The same for logs, also of what is called a password or secret there, of hashes, of what
    looks like a well-known service's credential, and of private keys."""
    text = strike(text)
    lower = text.lower()
    if "cookie" in lower:
        text = _without(_COOKIES, text)
    if any(map(lower.__contains__, _HINTS)):
        text = _without(_OPTION, _without(_ANNOUNCED, text))
    if any(map(lower.__contains__, _KNOWN_HINTS)):
        text = _KNOWN.sub(lambda match: f"{match[match.lastindex or 0]}{STRUCK}", text)
    if _BLOCK_HINT in text:
        text = KeyBlocks().strike(text)
    return _HASH.sub("$argon2***", text) if "$argon2" in text else text


class KeyBlocks:
    """Private keys of which each line comes by itself, as those of one log do."""

    def __init__(self) -> None:
        self._left = 0
        """Lines that may still be of a key."""

    @property
    def is_open(self) -> bool:
        """Whether a key has begun, and not ended."""
        return self._left > 0

    def strike(self, text: str) -> str:
        """The next line (or lines) without what is of a key."""
        if not self._left and _BLOCK_HINT not in text:
            return text
        kept, at = [], 0
        while True:
            if self._left:
                end = _BLOCK_END.search(text, at)
                kept.append(STRUCK)
                if end is None:
                    self._left -= 1
                    return "".join(kept)
                self._left, at = 0, end.end()
            begin = _BLOCK_BEGIN.search(text, at)
            kept.append(text[at : begin.start() if begin else len(text)])
            if begin is None:
                return "".join(kept)
            self._left, at = MOST_KEY_LINES, begin.end()


def _without(pattern: re.Pattern[str], text: str) -> str:
    """``text`` without the values that a pattern finds. It is looked for in small letters: a
    pattern that ignores case tries each of its words at every letter, and takes thrice as long."""
    parts: list[str] = []
    at = 0
    for match in pattern.finditer(_small(text)):
        start, end = match.span("value")
        parts += (text[at:start], _strike_value(text[start:end]))
        at = end
    return "".join((*parts, text[at:]))


def _small(text: str) -> str:
    """ASCII in small letters, and so each letter where it was."""
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def _strike_value(value: str) -> str:
    if value.lower() in _NO_SECRETS:
        return value
    quote = _QUOTE.match(value)
    mark = quote[0] if quote else ""
    closed = mark if len(value) >= 2 * len(mark) and value.endswith(mark) else ""
    return f"{mark}{STRUCK}{closed}"


def _strike_jwt(match: re.Match[str]) -> str:
    word = match[0]
    start = word.find("eyJ")
    header, _, rest = word[start:].partition(".")
    if start < 0 or len(header) < 10 or "." not in rest.rstrip("."):
        return word
    return word[:start] + "eyJ***" + "." * (len(word) - len(word.rstrip(".")))
