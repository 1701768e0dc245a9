"""One range about the price of one pool; moved once the price has left it for long, and where that pays."""

from collections.abc import Iterator
from math import isqrt

from sniper.amm import NoLiquidity
from sniper.events import Block, EntryDenied, RangeChanged
from sniper.strategy import Actions, Close, Open, Provide, Strategy, View, Withdraw, on
from sniper.types import BPS, asset_id, split_asset
from sniper.view import PoolView, Range, RangeWorth
from sniper_strategy_v3_range.config import V3RangeConfig

PATIENCE = 40
"""Blocks after which what was wanted is looked at anew, though nobody said what became of it."""


class V3Range(Strategy):
    """It holds the token of the pool only to put it into the range: what is left of it beside that its exits guard.

    range     Its id, while one is there or on its way out; empty: none.
    waits     Block until which it waits for what it wanted last. ``before``: how much of the token was held then,
              where that was a trade, which is over once there is more or less; else -1.
    outside   Blocks in a row that the price has been outside the range.
    tick      Of the block before; ``moves``: squares of the moves since, oldest first.
    gained    Fees of the ranges before, in the quote asset at the prices then.
    quit      Why it puts nothing in any more; empty: it does.
    """

    config: V3RangeConfig
    range: str = ""
    waits: int = 0
    before: int = -1
    outside: int = 0
    tick: int | None = None
    moves: tuple[int, ...] = ()
    gained: int = 0
    quit: str = ""

    @on(Block)
    def block(self, event: Block, view: View) -> Actions:
        pool = view.pool(self.config.pool)
        if pool is None or pool.chain_id != event.chain_id:
            return
        try:
            tick, spacing = pool.place()
        except NoLiquidity:
            return
        self._measure(tick)
        held = view.ranges.get(self.range)
        if held is not None:
            yield from self._watch(held, tick, view, event.number)
            return
        self.range = ""
        yield from self._enter(pool, tick, spacing, view, event.number)

    @on(RangeChanged)
    def changed(self, event: RangeChanged, view: View) -> Actions:
        if event.pool != self.config.pool:
            return
        if event.state == "open":
            self.range, self.outside, self.waits = event.range, 0, 0
        elif event.state == "closed":
            self.range, self.waits = "", 0
        elif event.state == "changed":
            self.waits = 0
        elif event.state == "failed":
            self._wait(self.config.retry_blocks, view)
        yield from ()

    @on(EntryDenied)
    def denied(self, event: EntryDenied, view: View) -> Actions:
        self.before = -1
        self._wait(self.config.retry_blocks, view)
        yield from ()

    def _wait(self, blocks: int, view: View) -> None:
        self.waits = view.block(split_asset(self.config.pool)[0]) + blocks

    def _measure(self, tick: int) -> None:
        if self.tick is not None and self.config.volatility_blocks:
            self.moves = (*self.moves, (tick - self.tick) ** 2)[-self.config.volatility_blocks :]
        self.tick = tick

    # ---- a range is there ----

    def _watch(self, held: Range, tick: int, view: View, number: int) -> Iterator[Withdraw]:
        within = held.lower <= tick < held.upper
        self.outside = 0 if within else self.outside + 1
        if held.state != "open" or number < self.waits:
            return
        worth = view.range_worth(held.id)
        if worth is None:
            return
        why = self._leaves(held, worth)
        if why:
            self.gained += worth.fees if self.config.compound else 0
            self.waits = number + PATIENCE
            yield Withdraw(range=held.id, reason=why)
        elif self.config.collect_above is not None and worth.waiting >= self.config.collect_above:
            self.waits = number + PATIENCE
            yield Withdraw(range=held.id, reason=f"{worth.waiting} of fees are to be collected", share_bps=0)

    def _leaves(self, held: Range, worth: RangeWorth) -> str:
        """Why the range is given up; empty where it is not."""
        config = self.config
        loss = held.cost - worth.worth - worth.fees
        if config.max_loss_bps < BPS and loss * BPS > held.cost * config.max_loss_bps:
            self.quit = f"it lost {loss} of {held.cost}"
            return self.quit
        if self.outside < config.recentre_after_blocks:
            return ""
        if worth.fees < config.recentre_cost:
            return ""  # nothing says that the next one would earn more
        return f"the price has been outside {held.lower} … {held.upper} for {self.outside} blocks"

    # ---- none is there ----

    def _enter(self, pool: PoolView, tick: int, spacing: int, view: View, number: int) -> Actions:
        token = asset_id(pool.chain_id, self.config.token)
        position = view.positions.get(token)
        amount = position.amount if position is not None else 0
        traded = self.before not in (-1, amount)
        if (number < self.waits and not traded) or (position is not None and position.state != "open"):
            return
        self.before = -1
        there = (view.worth(token) or 0) if position is not None else 0
        if self.quit:
            if position is not None:
                self.waits, self.before = number + PATIENCE, amount
                yield Close(token=token, reason=self.quit)
            return
        half = (self.config.budget + self.gained) // 2
        off = half * self.config.tolerance_bps // BPS
        self.waits = number + PATIENCE
        if there < half - off:
            self.before = amount
            yield Open(token=token, pool=pool.id, reason="half of a range is of the token", max_spend=half - there)
        elif there > half + off:
            self.before = amount
            share = max(1, (there - half) * BPS // there)
            yield Close(token=token, reason="more than half of a range would be of the token", share_bps=share)
        else:
            lower, upper = self._bounds(tick, spacing)
            yield Provide(
                pool=pool.id, lower=lower, upper=upper, reason=f"a range about tick {tick}", max_quote=half + off
            )

    def _bounds(self, tick: int, spacing: int) -> tuple[int, int]:
        """Multiples of the spacing, as far from the price as the config and the volatility say."""
        config = self.config
        half = config.half_width
        if self.moves:
            half = max(half, isqrt(sum(self.moves) * config.volatility_horizon // len(self.moves)))
        middle = round(tick / spacing) * spacing
        wide = max(spacing, -(-half // spacing) * spacing)
        return middle - wide, middle + wide
