"""The most that moves the price by no more than a bound."""

from typing import Final

from pydantic import Field

from sniper.amm import NoLiquidity
from sniper.amounts import Coins
from sniper.sizer import Config, Open, Sizer, View, bounded, instrument_of
from sniper.types import BPS, place_of, split_asset
from sniper.view import PoolView, TickerView

HALVINGS: Final = 256


class ImpactConfig(Config):
    """At an exchange and in a pool."""

    max_impact_bps: int = Field(
        30,
        ge=1,
        lt=BPS,
        description="how far above the best price the order may reach; in a pool, how much worse than "
        "the price of the least amount it may trade, bps",
    )
    take_bps: int = Field(BPS, ge=1, le=BPS, description="the part of what is offered up to there that is taken, bps")
    max_amount: Coins | None = Field(
        None, description="most that one entry pays, coins of 18 decimal places; without a bound, where left out"
    )


class Impact(Sizer):
    """At an exchange: what the order book offers up to the bound, or what the best price alone does where no book is
    followed; nothing while that is stale. On a chain: the largest amount that the pool still trades within the bound,
    found by halving."""

    config: ImpactConfig

    def size(self, intent: Open, quote: str, view: View) -> int:
        if place_of(intent.token).isdecimal():
            amount = self._in_pools(intent, quote, view)
        else:
            ticker = view.ticker(instrument_of(intent, quote))
            amount = self._at_exchange(ticker, view) if ticker is not None and not ticker.stale else 0
        amount = amount * self.config.take_bps // BPS
        if self.config.max_amount is not None:
            amount = min(amount, self.config.max_amount)
        return bounded(amount, intent, quote, view)

    def _at_exchange(self, ticker: TickerView, view: View) -> int:
        depth = view.depth(ticker.instrument.id)
        if depth is None:
            return ticker.instrument.value(ticker.ask, ticker.ask_size)
        if not depth.ask:
            return 0
        size = depth.size_to("buy", depth.ask * (BPS + self.config.max_impact_bps) // BPS)
        return (depth.cost("buy", size) or 0) * ticker.instrument.unit

    def _in_pools(self, intent: Open, quote: str, view: View) -> int:
        pools = [view.pool(intent.pool)] if intent.pool is not None else list(view.pools_of(intent.token))
        coin = split_asset(quote)[1]
        usable = [pool for pool in pools if pool is not None and coin in pool.coins and len(pool.coins) == 2]
        cash = max(0, view.cash(quote))
        return max((self._in_pool(pool, coin, cash) for pool in usable), default=0)

    def _in_pool(self, pool: PoolView, coin: str, cash: int) -> int:
        """The largest amount, up to ``cash``, at no worse than the bound against the pool's marginal price."""
        try:
            price = pool.price(coin)
        except NoLiquidity:
            return 0
        least = price * (BPS - self.config.max_impact_bps) / BPS

        def fits(amount: int) -> bool:
            try:
                # what is paid out is rounded down, which must not make small amounts look bad
                return pool.amount_out(coin, amount) + 1 > amount * least
            except NoLiquidity:
                return False

        if cash and fits(cash):
            return cash
        low, high = 0, cash
        for _ in range(HALVINGS):
            if high - low <= 1:
                break
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return low
