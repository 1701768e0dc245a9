"""When it puts liquidity in, where, and when it takes it out again."""

from dataclasses import replace
from typing import Any

from sniper.events import Block, EntryDenied, RangeChanged
from sniper.types import Close, Open, Provide, Withdraw, split_asset
from sniper.view import RangeWorth
from sniper_sdk import Bench, builders
from sniper_sdk.builders import CHAIN, POOL, TOKEN, position, view
from sniper_strategy_v3_range.config import V3RangeConfig
from sniper_strategy_v3_range.strategy import PATIENCE, V3Range

ID = "main/v3-range/1"
BUDGET = 10**18


class World:
    """One block after the other, with the view that a test sets."""

    def __init__(self, **config: Any) -> None:
        settings = {"pool": POOL, "token": split_asset(TOKEN)[1], "budget": BUDGET, **config}
        self.bench = Bench(V3Range, V3RangeConfig(**settings), view(pools=[builders.pool(ticks=(7, 60))]))
        self.number = 0

    def sees(self, tick: int = 7, *, worth: RangeWorth | None = None, **changes: Any) -> None:
        held = [builders.range_(ID)] if worth is not None else []
        self.bench.view = view(
            pools=[builders.pool(ticks=(tick, 60))],
            block=self.number,
            ranges=held,
            range_worths={ID: worth} if worth else {},
            **changes,
        )

    def block(self) -> list[Any]:
        self.number += 1
        self.bench.view = replace(self.bench.view, blocks={CHAIN: self.number})
        zero = "0x" + "00" * 32
        return self.bench.send(
            Block(
                time=self.number * 10**9,
                chain_id=CHAIN,
                number=self.number,
                hash=zero,
                parent=zero,
                timestamp=self.number,
                base_fee=1,
                gas_used=0,
                gas_limit=1,
            )
        )

    def opened(self) -> None:
        self.bench.send(RangeChanged(time=self.number * 10**9, range=ID, pool=POOL, state="open"))


def worth(*, now: int = 10**18, fees: int = 0, waiting: int = 0) -> RangeWorth:
    return RangeWorth(now // 2, now // 2, 0, 0, now, waiting, fees, now)


def test_half_of_the_budget_is_bought_and_then_put_in_about_the_price() -> None:
    world = World(half_width=600, retry_blocks=2)
    (bought,) = world.block()
    assert bought == Open(token=TOKEN, pool=POOL, reason=bought.reason, max_spend=BUDGET // 2)
    assert world.block() == []
    world.sees(positions=[position(amount=5, cost=BUDGET // 2)])
    (put,) = world.block()
    assert put == Provide(pool=POOL, lower=-600, upper=600, reason=put.reason, max_quote=BUDGET * 11 // 20)
    assert world.block() == []
    world.bench.send(EntryDenied(time=world.number * 10**9, token=TOKEN, intent=ID, rule="a.b", retry_at=None))
    assert world.block() == []
    assert isinstance(world.block()[0], Provide)


def test_too_much_of_the_token_is_sold_first() -> None:
    world = World()
    world.sees(positions=[position(amount=5, cost=BUDGET)])
    (sold,) = world.block()
    assert sold == Close(token=TOKEN, reason=sold.reason, share_bps=5_000)


def test_it_moves_once_the_price_has_been_outside_for_long_and_the_range_has_earned_what_that_costs() -> None:
    world = World(recentre_after_blocks=3, recentre_cost=100)
    world.opened()
    world.sees(700, worth=worth(fees=99))
    assert [world.block() for _ in range(4)] == [[]] * 4
    world.sees(700, worth=worth(fees=100))
    (out,) = world.block()
    assert out == Withdraw(range=ID, reason=out.reason)
    world.opened()
    world.sees(599, worth=worth(fees=100))
    assert world.block() == []
    world.sees(600, worth=worth(fees=100))
    assert [len(world.block()) for _ in range(3)] == [0, 0, 1], "the upper end is outside"


def test_fees_are_collected_once_they_are_worth_it() -> None:
    world = World(collect_above=50)
    world.opened()
    world.sees(worth=worth(fees=80, waiting=49))
    assert world.block() == []
    world.sees(worth=worth(fees=80, waiting=50))
    (collected,) = world.block()
    assert collected == Withdraw(range=ID, reason=collected.reason, share_bps=0)
    assert [world.block() for _ in range(PATIENCE - 1)] == [[]] * (PATIENCE - 1)


def test_after_too_much_loss_all_is_taken_out_and_sold_and_nothing_put_in_again() -> None:
    world = World(max_loss_bps=1_000)
    world.opened()
    world.sees(worth=worth(now=18 * 10**17, fees=0))
    assert world.block() == []
    world.sees(worth=worth(now=18 * 10**17 - 1, fees=0))
    assert isinstance(world.block()[0], Withdraw)
    world.bench.send(RangeChanged(time=world.number * 10**9, range=ID, pool=POOL, state="closed"))
    world.sees(positions=[position(amount=5)])
    assert isinstance(world.block()[0], Close)
    world.sees()
    assert [world.block() for _ in range(2 * PATIENCE)] == [[]] * (2 * PATIENCE)


def test_moves_of_the_price_widen_the_range() -> None:
    world = World(half_width=60, volatility_blocks=10, volatility_horizon=100, tolerance_bps=5_000)
    for tick in (0, 100, 0, 100):
        world.sees(tick)
        world.block()
    world.sees(0, positions=[position(amount=5, cost=BUDGET // 2)])
    (put,) = world.block()
    assert (put.lower, put.upper) == (-1_020, 1_020)  # 100 a block, and ten times that in a hundred
