"""Is the pool deep enough for this amount, and of the right age?"""

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.amm import NoLiquidity
from sniper.amounts import PositiveAmount
from sniper.events import LiquidityAdded, tag_of
from sniper.risk import Config, Entry, Findings, Retry, RiskCheck, View, at_least, at_most, must
from sniper.types import BPS, split_asset
from sniper.view import PoolView


class LiquidityConfig(Config):
    """Amounts are those of the quote asset: base units, or text such as ``"5 ether"``."""

    min_quote_reserve: PositiveAmount = Field(
        description="least that the pool must be able to pay out", examples=["5 ether"]
    )
    max_impact_bps: int = Field(500, ge=0, le=BPS, description="most that this amount may worsen the price, bps")
    max_share_bps: PositiveInt = Field(1000, description="largest part of the pool's quote reserve to pay, bps")
    min_age_blocks: NonNegativeInt = Field(0, description="blocks that a pool must have existed")
    max_age_blocks: NonNegativeInt | None = Field(None, description="blocks after which a pool is too old")
    retry_after_s: PositiveInt = Field(3, description="seconds after which a pool that is too new is tried again")


class Liquidity(RiskCheck):
    config: LiquidityConfig

    def judge(self, intent: Entry, view: View) -> Findings:
        if intent.side == "reduce":
            yield must("reduces", True, note="what can be bought is judged, not what can be sold")
            return
        pool = view.pool(intent.pool)
        quote = _quote_coin(pool, intent) if pool else None
        yield must("pool-known", quote is not None, note=intent.pool)
        if pool is None or quote is None:
            return
        yield from self._depth(intent, pool, quote)
        yield from self._age(view.block(intent.chain_id), pool)

    def _depth(self, intent: Entry, pool: PoolView, quote: str) -> Findings:
        reserve, deeper = pool.reserve(quote), Retry.event(tag_of(LiquidityAdded), pool.id)
        yield at_least("quote-reserve", reserve, self.config.min_quote_reserve, unit="base units", retry=deeper)
        if reserve > 0:
            # Rounded up, so that no limit is passed by a fraction of a basis point.
            share = -(-intent.amount * BPS // reserve)
            yield at_most("reserve-share", share, self.config.max_share_bps, unit="bps", retry=deeper)
        try:
            price = pool.price(quote)
        except NoLiquidity as refusal:
            yield must("priced", False, note=str(refusal), retry=deeper)
            return
        # Price and output both count the pool's fee, so what remains is the impact alone.
        ideal, out = intent.amount * price.numerator, intent.expected_out * price.denominator
        impact = -((out - ideal) * BPS // ideal) if ideal > 0 else BPS
        yield at_most("price-impact", max(0, impact), self.config.max_impact_bps, unit="bps", retry=deeper)

    def _age(self, block: int, pool: PoolView) -> Findings:
        watched = pool.created_at > 0
        age, note = max(0, block - pool.created_block), "" if watched else "older than what was watched"
        if self.config.min_age_blocks and watched:
            again = self.config.retry_after_s
            yield at_least("min-age", age, self.config.min_age_blocks, unit="blocks", retry_after_s=again)
        elif self.config.min_age_blocks:
            yield must("min-age", True, note=note)
        if self.config.max_age_blocks is not None and watched:
            yield at_most("max-age", age, self.config.max_age_blocks, unit="blocks")
        elif self.config.max_age_blocks is not None:
            yield must("max-age", False, note=note)


def _quote_coin(pool: PoolView, intent: Entry) -> str | None:
    """The coin of the pool that is paid: the quote asset, or the other coin of a pair (native coin, wrapped in it)."""
    quote, token = split_asset(intent.quote)[1], split_asset(intent.token)[1]
    if token not in pool.coins:
        return None
    if quote in pool.coins:
        return quote
    return next(coin for coin in pool.coins if coin != token) if len(pool.coins) == 2 else None
