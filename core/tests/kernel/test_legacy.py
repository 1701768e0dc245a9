"""On a chain without a base fee a bid is a gas price, and what is signed is of type 0."""

from dataclasses import replace
from itertools import pairwise

import pytest
from world import GWEI, Setup, World, token_of

from sniper.kernel import facts as f
from sniper.kernel.asks import Sign
from sniper.kernel.wiring import ExecutionWiring
from sniper.types import FeeBid

OLD = replace(Setup(), legacy=True, execution=ExecutionWiring(replace_after_blocks=1))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(OLD)
    monkeypatch.setattr(type(made.chain), "base_fee", 0)
    return made


def test_what_is_offered_at_most_is_the_gas_price_that_is_signed_and_reserved(world: World) -> None:
    world.open()
    (order,), (made,) = world.of(f.OrderPlaced), world.of(f.AttemptMade)
    price = made.bid.max_fee
    assert made.bid == FeeBid(max_priority_fee=price, max_fee=price)
    assert price >= 30 * GWEI
    assert order.gas == sum(step.gas for step in order.steps) * price
    (ask,) = world.asked(Sign)
    assert isinstance(ask.body, Sign)
    assert ask.body.legacy
    world.settle()
    world.close()
    world.settle()
    assert token_of(1) not in world.book.positions
    world.check_against_chain()
    world.check_replay()


def test_a_replacement_has_a_gas_price_that_nodes_take(world: World) -> None:
    world.open()
    world.answer_all()
    for _ in range(3):
        world.mine(most=0)
        world.answer_all()
    bids = [made.bid for made in world.of(f.AttemptMade)]
    assert len(bids) > 2
    for before, after in pairwise(bids):
        assert after.max_priority_fee == after.max_fee > before.max_fee * 9 // 8
