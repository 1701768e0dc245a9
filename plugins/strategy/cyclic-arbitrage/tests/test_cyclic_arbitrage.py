from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.events import ArbitrageEnded, CycleFound
from sniper.proposal import Leg
from sniper.types import NATIVE, SECOND, Arbitrage
from sniper_sdk import Bench
from sniper_sdk.builders import CHAIN, QUOTE, address, view
from sniper_strategy_cyclic_arbitrage import strategy as module
from sniper_strategy_cyclic_arbitrage.config import CyclicArbitrageConfig
from sniper_strategy_cyclic_arbitrage.strategy import CyclicArbitrage

COIN = QUOTE.partition(":")[2]
TOKEN = address(0x70)
ONE, OTHER, THIRD = (address(0x9000 + n) for n in range(3))


def legs(*pools: str) -> tuple[Leg, ...]:
    """A way round over these pools, by a coin of its own between each two."""
    coins = [COIN, *(address(0x70 + n) for n in range(len(pools) - 1)), COIN]
    return tuple(Leg(pool=pool, token_in=coins[n], token_out=coins[n + 1]) for n, pool in enumerate(pools))


def found(time: int = 1, *pools: str, gain: int = 100, block: int = 1, quote: str = QUOTE) -> CycleFound:
    return CycleFound(
        time=time * SECOND,
        chain_id=CHAIN,
        block=block,
        quote=quote,
        legs=legs(*(pools or (ONE, OTHER))),
        amount=1_000,
        gain=gain,
        gas=240_000,
    )


def ended(time: int, state: str, *pools: str) -> ArbitrageEnded:
    return ArbitrageEnded(
        time=time * SECOND, intent="main/c/1", legs=legs(*(pools or (ONE, OTHER))), state=state, gained=0
    )


def bench(quote: str = QUOTE, **config: Any) -> Bench:
    return Bench(CyclicArbitrage, CyclicArbitrageConfig(**{"min_profit": 10, **config}), view(quote=quote))


def test_a_cycle_that_gains_is_wanted_with_the_limits_of_the_config() -> None:
    (intent,) = bench(max_amount=500, allowance=7).send(found())
    assert intent == Arbitrage(
        legs=legs(ONE, OTHER),
        reason="2 pools lead round with a gain of 100 base units before gas",
        min_profit=10,
        max_spend=500,
        allowance=7,
    )


def test_the_native_coin_is_told_in_coins() -> None:
    native = f"{CHAIN}:{NATIVE}"
    (intent,) = bench(quote=native).send(found(gain=10**17, quote=native))
    assert intent.reason == "2 pools lead round with a gain of 0.1 coins before gas"


@pytest.mark.parametrize(
    ("config", "event"),
    [
        ({"min_profit": 101}, found()),
        ({}, found(quote=f"{CHAIN}:{NATIVE}")),
        ({"max_hops": 2}, found(1, ONE, OTHER, THIRD)),
        ({"allowed_pools": (ONE,)}, found()),
        ({"denied_pools": (OTHER,)}, found()),
        ({"allowed_coins": (address(0x99),)}, found()),
        ({"allowed_coins": (TOKEN,)}, found(1, ONE, OTHER, THIRD)),
        ({}, found(1, ONE)),
    ],
)
def test_what_the_filters_do_not_let_pass_is_not_wanted(config: dict[str, Any], event: CycleFound) -> None:
    assert bench(**config).send(event) == []


def test_lists_that_name_all_of_a_cycle_let_it_pass_in_any_case_of_letters() -> None:
    config = {"allowed_pools": (ONE.upper().replace("X", "x"), OTHER), "allowed_coins": (TOKEN,)}
    assert len(bench(**config, denied_pools=(THIRD,)).send(found())) == 1


@pytest.mark.parametrize("name", ["allowed_pools", "denied_pools", "allowed_coins"])
def test_what_is_no_address_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        CyclicArbitrageConfig(**{"min_profit": 1, name: ("0x12",)})  # type: ignore[arg-type]  # any of them


def test_the_same_cycle_waits_for_its_cooldown_and_another_does_not() -> None:
    tested = bench(cooldown_s=10, max_per_block=9)
    assert len(tested.send(found(1))) == 1
    assert tested.send(found(10)) == []
    assert len(tested.send(found(10, OTHER, ONE))) == 1
    assert len(tested.send(found(11))) == 1


def test_no_more_cycles_are_wanted_in_a_block_than_the_config_allows() -> None:
    tested = bench(max_per_block=2)
    pairs = [(ONE, OTHER), (OTHER, ONE), (ONE, THIRD), (THIRD, ONE)]
    assert len(tested.send(*(found(1, *pair, block=5) for pair in pairs))) == 2
    assert len(tested.send(found(2, THIRD, OTHER, block=6))) == 1


def test_pools_whose_cycles_revert_again_and_again_are_left_alone_for_a_while() -> None:
    tested = bench(cooldown_s=0, max_per_block=9, max_reverts=2, avoid_s=100)
    tested.send(ended(1, "failed"))
    assert len(tested.send(found(2))) == 1
    tested.send(ended(3, "failed", ONE, THIRD))
    assert tested.send(found(4), found(4, ONE, THIRD)) == []
    assert len(tested.send(found(5, OTHER, THIRD))) == 1, "each of them failed once, in other company"
    assert len(tested.send(found(103))) == 1, "it is tried again later"
    tested.send(ended(104, "failed"))
    assert tested.send(found(105)) == [], "and then once is enough"


def test_a_success_and_nothing_else_forgives() -> None:
    tested = bench(cooldown_s=0, max_per_block=9, max_reverts=2)
    tested.send(ended(1, "failed"), ended(2, "done"), ended(3, "failed"))
    assert len(tested.send(found(4))) == 1
    tested.send(ended(5, "cancelled"), ended(6, "failed"))
    assert tested.send(found(7)) == []


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from("abc")), max_size=30))
def test_between_two_tries_of_one_cycle_there_is_always_the_cooldown(history: list[tuple[int, str]]) -> None:
    tested, now, tries = bench(cooldown_s=30, max_per_block=99), 0, dict[str, list[int]]()
    for gap, name in history:
        now += gap
        for _ in tested.send(found(now, ONE, address(ord(name)))):
            tries.setdefault(name, []).append(now)
    for times in tries.values():
        assert all(later - earlier >= 30 for earlier, later in pairwise(times))


def test_when_a_cycle_is_over_the_best_of_those_that_were_found_meanwhile_is_tried_once() -> None:
    tested = bench(cooldown_s=100, max_per_block=1)
    assert len(tested.send(found(1), found(1, ONE, THIRD, gain=30), found(1, OTHER, THIRD, gain=40))) == 1
    (intent,) = tested.send(ended(13, "done"))
    assert isinstance(intent, Arbitrage)
    assert intent.legs == legs(OTHER, THIRD)
    assert tested.send(found(14, OTHER, THIRD)) == [], "its cooldown began when it was tried"
    (intent,) = tested.send(ended(25, "failed", OTHER, THIRD))
    assert isinstance(intent, Arbitrage)
    assert intent.legs == legs(ONE, THIRD)
    assert tested.send(ended(37, "done", ONE, THIRD)) == []


def test_a_cycle_that_was_denied_is_tried_again_though_its_cooldown_lasts() -> None:
    tested = bench(cooldown_s=100, max_per_block=2)
    assert len(tested.send(found(1), found(1, ONE, THIRD))) == 2, "the kernel denies the second, and tells nobody"
    (intent,) = tested.send(ended(13, "cancelled"))
    assert isinstance(intent, Arbitrage)
    assert intent.legs == legs(ONE, THIRD)


def test_what_was_found_long_ago_or_is_left_alone_by_now_is_not_tried() -> None:
    tested = bench(cooldown_s=0, max_per_block=1, max_reverts=1)
    tested.send(found(1), found(2, ONE, THIRD))
    assert tested.send(ended(62, "done")) == []
    tested.send(found(70), found(70, ONE, THIRD))
    assert tested.send(ended(80, "failed")) == []


def test_routers_are_asked_for_as_many_hops_as_the_config_says() -> None:
    assert bench(max_hops=5).strategy.cycle_hops() == 5


def test_memory_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 4)
    tested = bench(max_per_block=99)
    for n in range(9):
        tested.send(found(n, ONE, address(0x100 + n)), ended(n, "failed", address(0x100 + n), address(0x200 + n)))
    strategy = tested.strategy
    assert isinstance(strategy, CyclicArbitrage)
    assert len(strategy.tried) == len(strategy.reverts) == 4
    assert len(strategy.waiting) <= module.WAITING
    assert address(0x208) in strategy.reverts
