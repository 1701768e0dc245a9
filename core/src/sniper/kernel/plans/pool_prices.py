"""What a pool says to a plan: the exact price of the lots that the plan is about, as they were at the end of blocks.

What happens within a block counts for nothing: whoever moves a pool and puts it back in one block moves no plan. A
price is heard once a block was built on the one in which it was, and counts for a trigger once it was there at the end
of as many blocks in a row as the account says.
"""

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from sniper.amm import Amm, NoLiquidity
from sniper.errors import PluginFault
from sniper.instrument import POOL_PRICE, Instrument, pool_price
from sniper.kernel.given import given_amount
from sniper.kernel.plans.book import PlanState
from sniper.kernel.plans.rule import Heard, Rule, Sight
from sniper.kernel.pool import Pool
from sniper.types import BPS, asset_id, at_exchange, split_asset

if TYPE_CHECKING:
    from sniper.kernel.account import Account


class End(NamedTuple):
    """Prices at the end of a block to sell and to buy at, ticks; 0: none is known."""

    bid: int
    ask: int


class PoolPrices:
    """Of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    def instrument(self, id_: str) -> Instrument | None:
        """A pool (by its id) as a plan trades it. By a token's: the pool in which the account holds it, or else the one
        that has most of what the account pays with. None where nothing is known that the account could trade."""
        pool = self._pool(id_)
        if pool is None:
            return None
        (token,) = (coin for coin in pool.coins if coin != self._money)
        quote = self.account.quote
        base = asset_id(pool.chain_id, token)
        return Instrument(
            id=pool.id, kind="pool", base=base, quote=quote, settle=quote, tick=1, lot=1, flags=("reduce-only",)
        )

    def heard(self, plan: PlanState, rule: Rule[Any]) -> Heard | None:
        """What held at the end of the newest blocks, which is what a trigger counts: the lowest price is the highest of
        all of them, and the highest the lowest. None where a price of one of them is not known."""
        ends = self._ends(plan, rule, self.account.wiring.execution.trigger_blocks)
        bids, asks = [end.bid for end in ends], [end.ask for end in ends]
        if not ends or not (all(bids) or all(asks)):
            return None
        bid_low, bid_high = (max(bids), min(bids)) if all(bids) else (0, 0)
        ask_low, ask_high = (max(asks), min(asks)) if all(asks) else (0, 0)
        return Heard("prices", bid_low, bid_high, ask_low, ask_high, 0)

    def sight(self, plan: PlanState, rule: Rule[Any], now: int) -> Sight:
        """The prices at the end of the newest block that another one was built on."""
        for end in self._ends(plan, rule, 1):
            return Sight(now, 0, end.bid, end.ask)
        return Sight(now, 0, 0, 0)

    def cost(self, pool: Pool, instrument: Instrument, lots: int) -> int:
        """What buying so many costs now, quote base units. Raises what its AMM raises: `NoLiquidity`."""
        return self._cost(pool, pool.impl, instrument, lots)

    def _ends(self, plan: PlanState, rule: Rule[Any], blocks: int) -> list[End]:
        """The prices at the end of so many blocks, newest first; none where the pool was not there in all of them."""
        instrument = plan.started.instrument
        pool = self.account.pool(instrument.id)
        return [] if pool is None else [self._side(pool, amm, rule, instrument) for amm in self._at_ends(pool, blocks)]

    def _at_ends(self, pool: Pool, blocks: int) -> list[Amm]:
        """What the pool was before each of the newest blocks, whose logs may not all be here yet."""
        found: list[Amm] = []
        state: Amm | None = pool.impl
        for _, kept in islice(reversed(self.account.chain.undo), blocks):
            state = kept.get(pool.address, state)
            if state is not None:
                found.append(state)
        return found if len(found) == blocks else []

    def _side(self, pool: Pool, amm: Amm, rule: Rule[Any], instrument: Instrument) -> End:
        return End(
            self._known(pool, self._bid, pool, amm, rule, instrument),
            self._known(pool, self._ask, pool, amm, rule, instrument),
        )

    def _known(self, pool: Pool, price: Callable[..., int], *args: object) -> int:
        try:
            return price(*args)
        except NoLiquidity:
            return 0
        except Exception as error:  # a plugin's code: what it cannot price moves no plan
            self.account.kernel.report(f"amm {pool.amm} cannot price pool {pool.id}", error)
            return 0

    def _bid(self, pool: Pool, amm: Amm, rule: Rule[Any], instrument: Instrument) -> int:
        """What selling brings, rounded down: of what is held, no more than that."""
        i = pool.coins.index(split_asset(instrument.base)[1])
        value = rule.pays()
        if value:
            return pool_price(
                value, self._taxed(instrument, given_amount(amm.amount_in(i, 1 - i, value)), buying=False)
            )
        held = self.account.book.positions.get(instrument.base)
        lots = rule.measured("sell")
        if held is not None and held.amount:
            lots = min(lots, held.amount)
        amount = self.account.planning.after_tax(instrument.base, lots, buying=False)
        return pool_price(given_amount(amm.amount_out(i, 1 - i, amount)), lots) if amount else 0

    def _ask(self, pool: Pool, amm: Amm, rule: Rule[Any], instrument: Instrument) -> int:
        """What buying costs, rounded up."""
        lots, value = rule.measured("buy"), rule.pays()
        if value:
            i = pool.coins.index(split_asset(instrument.base)[1])
            out = given_amount(amm.amount_out(1 - i, i, value))
            lots = self.account.planning.after_tax(instrument.base, out, buying=True)
        else:
            value = self._cost(pool, amm, instrument, lots)
        return -(-value * POOL_PRICE // lots) if lots else 0

    def _cost(self, pool: Pool, amm: Amm, instrument: Instrument, lots: int) -> int:
        i = pool.coins.index(split_asset(instrument.base)[1])
        return given_amount(amm.amount_in(1 - i, i, self._taxed(instrument, lots, buying=True)))

    def _taxed(self, instrument: Instrument, lots: int, *, buying: bool) -> int:
        """How many must be sent so that so many arrive. Raises `NoLiquidity` where none would."""
        left = self.account.planning.after_tax(instrument.base, BPS, buying=buying)
        if not left:
            raise NoLiquidity(f"the tax of {instrument.base} takes all of it")
        return -(-lots * BPS // left)

    @property
    def _money(self) -> str:
        account = self.account
        return account.planning.pool_coin(account.wiring.quote)

    def _pool(self, id_: str) -> Pool | None:
        account = self.account
        if at_exchange(id_) or split_asset(id_)[0] != account.chain.id:
            return None
        pool = account.pool(id_)
        held = account.book.positions.get(id_)
        if pool is None and held is not None:
            pool = account.pool(held.pool)
        if pool is not None:
            return pool if self._trades(pool) else None
        trading = sorted(filter(self._trades, account.view.pools_of(id_)), key=lambda each: each.id)
        return max(trading, key=self._depth, default=None)

    def _trades(self, pool: Pool) -> bool:
        return len(pool.coins) == 2 and self._money in pool.coins

    def _depth(self, pool: Pool) -> int:
        try:
            return given_amount(pool.reserve(self._money))
        except Exception as error:  # a plugin's code: another pool serves
            fault = PluginFault(f"amm {pool.amm} does not say what pool {pool.id} has: {error}")
            self.account.kernel.report(str(fault), fault)
            return 0
