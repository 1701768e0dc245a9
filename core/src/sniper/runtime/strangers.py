"""Transactions of own addresses that nothing here sent: another program has the key, or this journal is not the newest.

A feed that sees the public pool tells of each transaction of an account's address; one that no attempt knows is told in
the log, counted, and shown by ``sniper status`` until its nonce is used. Nothing is decided by it: a pool's word is a
hint, and what such a transaction does to nonces and balances the kernel learns when it reads the wallet.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from structlog.typing import FilteringBoundLogger

from sniper.events import Event, OwnTransaction
from sniper.kernel.account import Account
from sniper.kernel.facts import Fact
from sniper.kernel.kernel import Kernel

MOST: Final = 1000
"""That are remembered, the newest."""


class Strangers:
    """``count``: how many there were since the start, by account."""

    def __init__(self, kernel: Kernel, log: FilteringBoundLogger) -> None:
        self._kernel = kernel
        self._log = log
        self._found: dict[str, tuple[Account, OwnTransaction]] = {}
        self.count: Counter[str] = Counter()

    def told(self, event: Event, facts: Sequence[tuple[str, Fact]]) -> None:
        """An observer of the run."""
        if type(event) is not OwnTransaction:
            return
        owners = [
            account
            for account in self._kernel.accounts.values()
            if account.wiring.chain_id == event.chain_id and event.sender in account.wiring.wallets
        ]
        if not owners or event.tx_hash in self._found or any(_knows(account, event.tx_hash) for account in owners):
            return
        owner = owners[0]
        self._found[event.tx_hash] = (owner, event)
        if len(self._found) > MOST:
            del self._found[next(iter(self._found))]
        self.count[owner.name] += 1
        self._log.warning(
            "a transaction of an own address waits that was not sent here: another program uses this key, or this "
            "journal is not the newest of this account",
            account=owner.name,
            tx_hash=event.tx_hash,
            nonce=event.nonce,
            to=event.to,
            selector=event.selector,
        )

    def waiting(self) -> list[tuple[str, OwnTransaction]]:
        """Those whose nonce is not used yet, by account, in the order in which they were seen."""
        return [
            (account.name, event)
            for account, event in self._found.values()
            if event.nonce >= account.book.sender(event.chain_id, event.sender).used
        ]


def _knows(account: Account, tx_hash: str) -> bool:
    orders = (*account.book.orders.values(), *account.book.ended.values())
    return any(attempt.tx_hash == tx_hash for order in orders for attempt in order.attempts)
