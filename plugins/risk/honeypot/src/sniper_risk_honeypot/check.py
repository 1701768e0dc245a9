"""Can what is bought be sold? Buys, approves and sells on a copy of the chain before any real purchase."""

from typing import Final

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.io import Trade
from sniper.risk import Config, Entry, Evidence, Findings, Io, RiskProbe, View, at_most, must
from sniper.types import BPS

LARGEST: Final = 2**256 - 1
"""What a contract can claim: more is no evidence, and has no encoding."""

NOTE: Final = 160
"""Characters of a revert reason that are kept; the token's author chose them."""


class HoneypotConfig(Config):
    max_buy_tax_bps: int = Field(1000, ge=0, le=BPS, description="most that the token may take from a purchase, bps")
    max_sell_tax_bps: int = Field(1000, ge=0, le=BPS, description="most that the token may take from a sale, bps")
    max_round_trip_loss_bps: int = Field(
        2000,
        ge=0,
        le=BPS,
        description="most that may be lost by buying and selling at once, the pool's fees included, bps",
    )
    max_sell_gas: PositiveInt = Field(1_000_000, description="most gas that a sale may burn")
    retry_after_s: NonNegativeInt = Field(
        3, description="seconds after which a token that cannot be bought yet is tried again; 0: never"
    )


class RoundTrip(Evidence):
    """A purchase and a sale of all that it brought, one after the other at ``block``.

    paid, returned                      Quote asset, base units: what went out and what came back.
    bought, sold                        Token, base units: what came in and what went out again.
    bought_expected, returned_expected  What the pool's formula promised for ``paid`` and for ``sold``.
    buy_reverted, sell_reverted         Why the trade reverted; empty where it did not.
    buy_tax_bps, sell_tax_bps           Share of the promise that is missing, rounded up; None where not measured.
    """

    block: int
    paid: int
    bought: int
    bought_expected: int
    buy_gas: int
    buy_reverted: str
    sold: int
    returned: int
    returned_expected: int
    sell_gas: int
    sell_reverted: str
    buy_tax_bps: int | None
    sell_tax_bps: int | None


class Honeypot(RiskProbe[RoundTrip]):
    config: HoneypotConfig

    async def probe(self, intent: Entry, io: Io) -> RoundTrip:
        fork = await io.fork(intent.chain_id)
        buy = _measured(await fork.buy(intent.pool, intent.amount))
        nothing = Trade(paid=0, received=0, expected=0, gas_used=0)
        sell = _measured(await fork.sell(intent.pool, buy.received)) if buy.received else nothing
        return RoundTrip(
            block=fork.block,
            paid=buy.paid,
            bought=buy.received,
            bought_expected=buy.expected,
            buy_gas=buy.gas_used,
            buy_reverted=buy.reverted,
            sold=sell.paid,
            returned=sell.received,
            returned_expected=sell.expected,
            sell_gas=sell.gas_used,
            sell_reverted=sell.reverted,
            buy_tax_bps=_tax_bps(buy),
            sell_tax_bps=_tax_bps(sell),
        )

    def judge(self, intent: Entry, view: View, found: RoundTrip) -> Findings:
        limits = self.config
        can_buy = not found.buy_reverted and found.paid > 0 and found.bought > 0
        yield must("can-buy", can_buy, note=found.buy_reverted, retry_after_s=limits.retry_after_s or None)
        if not can_buy:
            return
        if found.buy_tax_bps is not None:
            yield at_most("buy-tax", found.buy_tax_bps, limits.max_buy_tax_bps, unit="bps")
        can_sell = not found.sell_reverted and found.returned > 0
        yield must("can-sell", can_sell, note=found.sell_reverted)
        if not can_sell:
            return
        if found.sell_tax_bps is not None:
            yield at_most("sell-tax", found.sell_tax_bps, limits.max_sell_tax_bps, unit="bps")
        loss_bps = max(0, _missing_bps(found.paid, found.returned))
        yield at_most("round-trip-loss", loss_bps, limits.max_round_trip_loss_bps, unit="bps")
        yield at_most("sell-gas", found.sell_gas, limits.max_sell_gas, unit="gas")


def _measured(trade: Trade) -> Trade:
    """The same trade within what has a meaning: a token may answer with any number and revert with any text."""
    reason = "".join(c if c.isprintable() else "?" for c in trade.reverted[:NOTE])
    return Trade(
        paid=_bounded(trade.paid),
        received=0 if reason else _bounded(trade.received),
        expected=_bounded(trade.expected),
        gas_used=_bounded(trade.gas_used),
        reverted=reason,
    )


def _bounded(amount: int) -> int:
    return min(max(amount, 0), LARGEST)


def _tax_bps(trade: Trade) -> int | None:
    """None where nothing was promised or the trade did not happen: this says nothing of a tax."""
    if trade.reverted or trade.expected == 0:
        return None
    return max(0, _missing_bps(trade.expected, trade.received))


def _missing_bps(promised: int, delivered: int) -> int:
    """Share of ``promised`` (more than 0) that is missing, bps, rounded up."""
    return -((delivered - promised) * BPS // promised)
