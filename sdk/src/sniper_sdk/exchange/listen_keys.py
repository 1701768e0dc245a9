"""Listen keys: what opens a user stream, until nobody keeps it alive (Binance, "User Data Streams": 60 minutes)."""

import secrets
from typing import Final

from sniper_sdk.exchange.refusal import Refused

LIFE_NS: Final = 3600 * 10**9


class ListenKeys:
    """One key of each account at a time."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[str, int]] = {}

    def open(self, account: str, now: int) -> str:
        """The account's key, which lives on from now, or a new one."""
        found = self.of(account) or secrets.token_hex(32)
        self._keys[found] = (account, now)
        return found

    def renew(self, key: str, account: str, now: int) -> None:
        """Let it live on. Raises `Refused` where it is none of this account's."""
        if self.account(key) != account:
            raise Refused(-1125, "This listenKey does not exist.")
        self._keys[key] = (account, now)

    def close(self, key: str, account: str) -> None:
        """End it. Raises `Refused` where it is none of this account's."""
        self.renew(key, account, 0)
        del self._keys[key]

    def of(self, account: str) -> str:
        """The key of an account; empty: it has none."""
        return next((key for key, (name, _) in self._keys.items() if name == account), "")

    def account(self, key: str) -> str | None:
        """Whose it is."""
        return self._keys[key][0] if key in self._keys else None

    def expired(self, now: int) -> list[tuple[str, str]]:
        """(key, account) of those that nobody kept alive, which are gone then."""
        found = [(key, name) for key, (name, since) in self._keys.items() if since + LIFE_NS <= now]
        for key, _ in found:
            del self._keys[key]
        return found
