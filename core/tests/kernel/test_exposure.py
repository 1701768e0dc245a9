"""What is at stake: counted from the reservation on, and never above a cap, whatever is answered first."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from world import CHAIN, ETHER, USD, Looks, Setup, World, target, token_of

from sniper.kernel.wiring import CheckWiring, WatchWiring
from sniper_risk_limits.check import Limits, LimitsConfig

TENTH = ETHER // 10
CAP, OF_STRATEGY = 5 * TENTH, 3 * TENTH
LIMITS = LimitsConfig(
    max_spend_per_trade=ETHER,
    max_spend_per_day=100 * ETHER,
    max_positions=9,
    max_exposure=CAP,
    max_exposure_per_strategy=OF_STRATEGY,
)
GAS = TENTH // 2
"""More than the gas of all entries here: it counts in a cost, and no check knows it before."""
SETUP = Setup(
    tokens=4,
    checks=(CheckWiring("looks", Looks()),),
    watches=(WatchWiring("limits", Limits, LIMITS),),
    strategies=(("script", (target(),)), ("second", (target(),))),
)


def at_stake(world: World) -> dict[str, int]:
    """By strategy instance: what positions cost, and what orders have reserved."""
    book = world.book
    found = {"script": 0, "second": 0}
    for position in book.positions.values():
        found[position.instance] += position.cost
    for order in book.orders.values():
        if order.placed.side == "increase":
            found[order.placed.instance] += order.cash
    return found


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("open"), st.integers(1, 4), st.integers(2, 3), st.sampled_from(("script", "second"))),
            st.tuples(st.just("answer"), st.integers(0, 9), st.just(0), st.just("")),
            st.tuples(st.just("answer"), st.just(0), st.just(0), st.just("")),
            st.tuples(st.just("mine"), st.just(0), st.just(0), st.just("")),
            st.tuples(st.just("crash"), st.just(0), st.just(0), st.just("")),
        ),
        min_size=10,
        max_size=40,
    )
)
def test_caps_on_exposure_hold_in_every_interleaving(steps: list[tuple[str, int, int, str]]) -> None:
    world = World(SETUP)
    for what, which, amount, instance in steps:
        if what == "open":
            world.open(which, amount * TENTH, instance=instance)
        elif what == "answer" and world.asks:
            world.answer(list(world.asks.values())[which % len(world.asks)])
        elif what == "mine":
            world.mine()
        elif what == "crash":
            world.crash()
        assert sum(at_stake(world).values()) <= CAP + GAS
        assert max(at_stake(world).values()) <= OF_STRATEGY + GAS


def test_an_entry_counts_from_its_reservation_on_and_until_it_is_sold() -> None:
    world = World(replace(SETUP, checks=(), watches=(), quote=USD))
    view, token = world.account.view, token_of(1)
    assert view.exposure(str(CHAIN)) == 0
    world.open(1, TENTH)
    assert view.exposure(str(CHAIN)) == view.exposure(str(CHAIN), token=token, instance="script") == TENTH
    world.settle()
    assert view.exposure(str(CHAIN), venue="router") == world.book.positions[token].cost == TENTH
    assert [view.exposure(str(CHAIN), token=token_of(2)), view.exposure(str(CHAIN), venue="x")] == [0, 0]
    world.close(1)
    world.settle()
    assert view.exposure(str(CHAIN)) == 0
