"""The AMM follows pools by their logs and prices as they exchange, through drawn histories."""

from typing import Any

import pytest
from hypothesis import strategies as st

from sniper_sdk.conformance.drawing import some
from sniper_sdk.devchain import DevChain

from .world import World

Step = tuple[str, int, int]
Kind = tuple[str, tuple[int, ...], int, int]

STEPS = (
    "add", "remove", "remove unevenly", "remove one", "exchange", "exchange", "exchange", "buy", "donate", "ramp",
    "stop ramp", "wait", "fee",
)  # fmt: skip
histories = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 7), st.integers(0, 2**32)), min_size=8, max_size=8
)


COINS = {"Plain4Basic": (4, 4), "FirstPool": (2, 8), "PlainPool": (2, 8), "OptimizedPool": (2, 2), "NgPool": (2, 8)}
"""The least and the most."""


def pools(*kinds: str) -> st.SearchStrategy[Kind]:
    return st.sampled_from(kinds).flatmap(
        lambda kind: st.tuples(
            st.just(kind),
            st.lists(st.sampled_from([6, 8, 18]), min_size=COINS[kind][0], max_size=COINS[kind][1]).map(tuple),
            st.sampled_from([5, 100, 2000]),
            st.integers(1, 9),
        )
    )


@pytest.fixture(scope="module")
def world(chain: DevChain, ask: Any, send: Any, feed: Any) -> World:
    return World(chain, ask, send, feed)


async def live(world: World, reader: Any, kind: Kind, history: list[Step], count: int) -> int:
    name, decimals, a, magnitude = kind
    pool = world.make(name, decimals, a)
    await pool.load(reader)
    pool.compare_quotes(0, 1, [1000], [])
    assert len(pool.add([unit * 10**magnitude + k for k, unit in enumerate(pool.units)])) == 1
    pool.quote_around(0, count)
    for happens, i, seed in history:
        await pool.step(happens, i, seed, reader)
        pool.quote_around(seed, count)
    followed = pool.amm.curve
    await pool.load(reader)
    assert pool.amm.curve.at_rest(divide_last=followed.divide_last, ramp=followed.ramp) == followed
    return pool.compared


@pytest.mark.parametrize(
    "names", [("Plain4Basic",), ("FirstPool", "PlainPool", "OptimizedPool"), ("NgPool",)], ids=lambda names: names[0]
)
async def test_state_and_quotes_equal_the_contract_through_histories(
    world: World, reader: Any, names: tuple[str, ...]
) -> None:
    compared = 0
    for kind, history in some(st.tuples(pools(*names), histories), 5):
        compared += await live(world, reader, kind, history, count=1)
    assert compared >= 600


@pytest.mark.long
@pytest.mark.parametrize(
    "names", [("Plain4Basic",), ("FirstPool", "PlainPool", "OptimizedPool"), ("NgPool",)], ids=lambda names: names[0]
)
async def test_state_and_quotes_equal_the_contract_through_many_histories(
    world: World, reader: Any, names: tuple[str, ...]
) -> None:
    compared = 0
    for kind, history in some(st.tuples(pools(*names), histories), 50):
        compared += await live(world, reader, kind, history, count=4)
    assert compared >= 20_000
