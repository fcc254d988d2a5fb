"""How often a password may be wrong: by address and account, and by address alone."""

from __future__ import annotations

from chatops.clock import Clock
from chatops.errors import TooManyRequests
from chatops.server.services.limiter import RateLimiter, network_of
from chatops.server.services.live_settings import LiveSettings
from chatops.server.settings import HubSettings


class SignInLimits:
    """Each attempt takes one unit; one that succeeds gives it back."""

    def __init__(self, settings: LiveSettings, clock: Clock) -> None:
        self._clock = clock
        self._by_account = RateLimiter(rate=1, burst=1)
        self._by_address = RateLimiter(rate=1, burst=1)
        settings.follow(self._resize)

    def take(self, username: str, address: str) -> None:
        """An attempt begins.

        Raises:
            TooManyRequests: too many have failed lately.
        """
        now, address = self._clock.monotonic(), network_of(address)
        wait = self._by_account.take((address, username), now)
        if not wait:
            wait = self._by_address.take(address, now)
        if wait:
            raise TooManyRequests(
                "too many failed sign-ins from this address",
                retry_after=wait,
                hint=f"wait {wait:.0f} s",
            )

    def give_back(self, username: str, address: str) -> None:
        """The attempt was right."""
        address = network_of(address)
        self._by_account.give_back((address, username))
        self._by_address.give_back(address)

    def _resize(self, now: HubSettings) -> None:
        account, address = now.sign_in_account_limit, now.sign_in_address_limit
        self._by_account.resize(rate=account / 60, burst=account)
        self._by_address.resize(rate=address / 60, burst=address)
