"""Positions in contracts: signed quantities and what they were worth when opened, all in units of 10^-8."""

from dataclasses import dataclass

from sniper_sdk.exchange.amounts import UNIT, cost


@dataclass(slots=True)
class Position:
    """One-way. ``amount`` and ``opened``, its notional when it was opened, are below zero of what is sold short.

    leverage  As the account set it. ``isolated``: what alone answers for it; None: the whole balance does.
    realised  Profit so far, fees apart.
    """

    symbol: str
    amount: int = 0
    opened: int = 0
    leverage: int = 20
    isolated: int | None = None
    realised: int = 0
    updated: int = 0

    @property
    def entry(self) -> int:
        """Average price, rounded down; 0 where nothing is held."""
        return self.opened * UNIT // self.amount if self.amount else 0

    def notional(self, mark: int) -> int:
        """What it is worth now, signed."""
        return cost(mark, self.amount)

    def unrealised(self, mark: int) -> int:
        """Profit so far of what is held."""
        return self.notional(mark) - self.opened

    def trade(self, quantity: int, quote: int) -> int:
        """Trade so much (signed) for that worth (signed alike). The profit, rounded down, of what it closes. What is
        opened of an isolated position takes its initial margin along, what is closed gives its share back."""
        held, profit, brought = self.amount, 0, 0
        closed = min(abs(quantity), abs(held)) if quantity * held < 0 else 0
        if closed:
            released = self.opened * closed // abs(held)
            brought = -quote * closed // abs(quantity)
            profit = brought - released
            self.opened -= released
            self.amount += closed if quantity > 0 else -closed
            if self.isolated is not None:
                self.isolated -= self.isolated * closed // abs(held)
        rest = abs(quantity) - closed
        if rest:
            opened = quote + brought
            self.opened += opened
            self.amount += rest if quantity > 0 else -rest
            if self.isolated is not None:
                self.isolated += -(-abs(opened) // self.leverage)
        self.realised += profit
        return profit


@dataclass(frozen=True, slots=True)
class Income:
    """A payment that is no trade's price. ``kind``: as ``/fapi/v1/income`` names it; ``id``: of it alone."""

    id: int
    account: str
    symbol: str
    kind: str
    asset: str
    amount: int
    time: int
    trade_id: int = 0
