"""A channel's URL: a webhook's or Apprise's, what of it may be shown, and its secrets struck out
of whatever else is shown."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from chatops.errors import InvalidInput
from chatops.protocol.limits import MAX_CHANNEL_URL
from chatops.server.services.notify.addresses import is_address, is_loopback

HINT: Final = (
    "write https://HOST/PATH for a webhook, or a URL of Apprise: mailto://, slack://, ntfy:// …"
)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30})://")
_SHORTEST: Final = 4
"""Characters; to strike out what is shorter would only spoil the text."""


class Receiver(NamedTuple):
    """Where a channel's messages go. ``secret`` signs a webhook's; ``plain`` lets it speak plain
    HTTP to another machine."""

    url: str
    secret: str | None = None
    plain: bool = False

    @property
    def is_webhook(self) -> bool:
        """Whether it is a plain webhook; else Apprise knows what it is."""
        return self.url[:8].lower().startswith(("http://", "https://"))

    @property
    def plain_loopback(self) -> bool:
        """Whether it speaks plain HTTP, and so may only with this machine."""
        return not self.plain and self.url[:7].lower() == "http://"

    def masked(self, text: str) -> str:
        """``text`` without what in the URL or the secret may be confidential."""
        for word in _words(self):
            text = text.replace(word, "***")
        return text


def scheme_of(url: str) -> str:
    """A URL's scheme in small letters.

    Raises:
        InvalidInput: it has none, holds control characters, or is too long.
    """
    if len(url) > MAX_CHANNEL_URL:
        raise InvalidInput(f"a channel's URL has at most {MAX_CHANNEL_URL} characters")
    found = _SCHEME.match(url)
    if found is None or re.search(r"[\x00-\x20\x7f]", url):
        raise InvalidInput("that is no URL of a channel", hint=HINT)
    return found[1].lower()


def check_webhook(receiver: Receiver) -> str:
    """That a webhook can be called; what may be shown of its URL.

    Raises:
        InvalidInput: it cannot, or it is plain HTTP to another machine.
    """
    parts = _split(receiver.url)
    if not parts.hostname:
        raise InvalidInput("the webhook's URL names no host", hint=HINT)
    if receiver.plain_loopback:
        check_clear("http", parts.hostname, "use https")
    rest = "/***" if parts.path.strip("/") or parts.query or parts.fragment else ""
    return f"{parts.scheme.lower()}://{_place(parts)}{rest}"


def check_clear(scheme: str, host: str, instead: str) -> None:
    """That what ``scheme`` says in the clear goes to this machine only.

    Raises:
        InvalidInput: it goes to another; says what to do ``instead``.
    """
    if not _names_loopback(host):
        raise InvalidInput(
            f"{host} is not this machine, and {scheme} would send alerts in the clear",
            hint=f"{instead}; --insecure accepts the risk",
        )


def show_apprise(url: str, host: str | None) -> str:
    """What may be shown of a URL of Apprise's: its scheme, and its ``host`` where that is the name
    of a machine and no token."""
    scheme = scheme_of(url)
    return f"{scheme}://{host}/***" if host else f"{scheme}://***"


def _names_loopback(host: str) -> bool:
    return host.lower().rstrip(".") == "localhost" or is_loopback(host)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise InvalidInput("the webhook's URL is malformed", hint=HINT) from None
    return parts


def _place(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    return host if parts.port is None else f"{host}:{parts.port}"


def _words(receiver: Receiver) -> list[str]:
    """What is struck out, the longest first: whatever stands in the URL but for its scheme and,
    of a webhook, its host."""
    _, _, rest = receiver.url.partition("://")
    words = {receiver.secret or "", rest, *re.split(r"[/?#&=@:]", rest)}
    words |= {unquote(word) for word in words}
    if receiver.is_webhook:
        words -= {str(_split(receiver.url).hostname), _place(_split(receiver.url))}
    struck = (word for word in words if len(word) >= _SHORTEST and not is_address(word))
    return sorted(struck, key=len, reverse=True)
