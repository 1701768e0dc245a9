"""Gas for own wallets that run short: one transfer at a time, within limits, and none twice."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import CHAIN, ETHER, Setup, World

from sniper.events import GasRead
from sniper.kernel import facts as f
from sniper.kernel.asks import ReadGas, Sign
from sniper.kernel.wiring import ExecutionWiring, GasWiring, TreasuryWiring
from sniper.types import DAY, NATIVE

TRADER, KEEPER = "0x" + "a1" * 20, "0x" + "a2" * 20
COIN = f"{CHAIN}:{NATIVE}"
RULES = GasWiring(to=(TRADER, KEEPER), floor=ETHER // 10, ceiling=ETHER // 2, per_day=ETHER)
OFTEN = ExecutionWiring(read_wallet_blocks=1)


def bank(rules: GasWiring = RULES, **setup: Any) -> World:
    had = {TRADER: ETHER // 20, KEEPER: ETHER // 5} | setup.pop("had", {})
    treasury = TreasuryWiring(to=(), gas=rules)
    return World(Setup(treasury=treasury, execution=OFTEN, others=tuple(had.items()), **setup))


def gifts(world: World) -> list[tuple[str, int]]:
    return [(order.steps[0].to, order.amount_in) for order in world.of(f.OrderPlaced)]


def held(world: World, wallet: str) -> int:
    return world.others[wallet] + world.given(wallet, world.chain.head.number)


def blocks(world: World, count: int = 1) -> None:
    for _ in range(count):
        world.mine()
        world.answer_all()


def test_a_wallet_below_the_floor_is_filled_to_the_ceiling_once() -> None:
    world = bank()
    before = world.book.cash[COIN]
    blocks(world, 6)
    assert gifts(world) == [(TRADER, ETHER // 2 - ETHER // 20)], "the other one has enough"
    assert held(world, TRADER) == ETHER // 2
    (booked,) = world.of(f.Booked)
    assert world.book.cash[COIN] == before - gifts(world)[0][1] - booked.gas
    assert world.of(f.IntentFormed)[0].intent == "main/gas/1"
    world.check()
    world.check_replay()
    world.check_against_chain()


def test_one_is_on_its_way_at_a_time_and_the_next_wallet_has_its_turn() -> None:
    world = bank(had={KEEPER: 0})
    for _ in range(3):
        world.mine(most=0)
        world.answer_all()
    assert len(gifts(world)) == 1
    blocks(world, 5)
    assert gifts(world) == [(TRADER, ETHER // 2 - ETHER // 20), (KEEPER, ETHER // 2)]


def test_a_reading_from_before_it_arrived_leads_to_no_second_one() -> None:
    world = bank()
    world.mine(most=0)
    (late,) = world.asked(ReadGas)
    del world.asks[late.id]
    blocks(world)
    assert world.of(f.Booked)
    assert not world.book.orders
    answer = world.make(late)
    assert isinstance(answer, GasRead)
    assert dict(answer.balances)[TRADER] < RULES.floor
    world.tell(answer)
    blocks(world, 3)
    assert len(gifts(world)) == 1


def test_no_more_is_given_in_a_day_than_is_allowed() -> None:
    world = bank()
    for _ in range(6):
        world.others[TRADER] = -world.given(TRADER, world.chain.head.number)  # it spends all of it at once
        blocks(world, 4)
    assert sum(amount for to, amount in gifts(world) if to == TRADER) == ETHER
    world.now += DAY
    world.others[TRADER] = -world.given(TRADER, world.chain.head.number)
    blocks(world, 4)
    assert sum(amount for to, amount in gifts(world) if to == TRADER) == ETHER + ETHER // 2
    world.check()
    world.check_replay()


def test_a_refusal_of_the_signer_is_not_asked_for_again_at_once() -> None:
    world = bank(had={TRADER: ETHER})
    world.others[TRADER] = 0
    world.mine()
    for ask in world.asked(ReadGas):
        world.answer(ask)
    (sign,) = world.asked(Sign)
    world.answer(sign, how="refused")
    blocks(world, 5)
    assert len(gifts(world)) == 1


def test_what_a_reorg_took_back_arrives_once() -> None:
    world = bank()
    blocks(world, 1)
    assert world.of(f.Booked)
    world.chain.reorg(1)
    world.mine(most=0)
    world.answer_all()
    blocks(world, 6)
    assert held(world, TRADER) == ETHER // 2
    assert len(gifts(world)) == 1
    world.check()
    world.check_against_chain()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["mine", "empty", "answer", "crash", "reorg", "restart"]), max_size=25))
def test_whatever_happens_each_gift_arrives_once_and_the_books_equal_the_chain(deeds: list[str]) -> None:
    world = bank()
    for deed in deeds:
        match deed:
            case "mine":
                world.mine()
            case "empty":
                world.mine(most=0)
            case "answer":
                world.answer_all()
            case "crash":
                world.crash()
            case "reorg":
                if world.chain.head.number > 1:
                    world.chain.reorg(1)
                    world.mine()
            case "restart":
                world.restart()
        world.check()
    blocks(world, 12)
    assert held(world, TRADER) == ETHER // 2
    assert len(gifts(world)) == 1
    world.check_against_chain()


@pytest.mark.parametrize("signs", [True, False])
def test_what_is_only_played_gives_nothing(signs: bool) -> None:
    world = bank(signs=signs)
    world.mine()
    assert bool(world.asked(ReadGas)) == signs
