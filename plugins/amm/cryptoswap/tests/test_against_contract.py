"""The AMM follows a contract of our own by its logs and prices as it does, through drawn histories.

The contract is in ``contracts/``: no package ships the real one's bytecode.
"""

from dataclasses import replace
from typing import Any

import pytest
from driven_cryptoswap import ONE, Beginning, Count, Pool
from hypothesis import strategies as st

from sniper_amm_cryptoswap.pool import Unfollowable
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.devchain import DevChain

parts = st.one_of(st.integers(0, 64).flatmap(lambda bits: st.integers(1, 2**bits)), st.integers(2**58, 2**63))
"""Parts in 2**64 of something, of any order of magnitude, and often large."""
coins = st.integers(0, 2)
quotes = st.tuples(coins, coins, parts)
fees = st.tuples(st.integers(5 * 10**5, 10**8), st.integers(5 * 10**5, 10**9), st.integers(10**12, 10**18)).map(
    lambda drawn: (min(drawn[:2]), max(drawn[:2]), drawn[2])
)
waits = st.one_of(st.integers(1, 100), st.integers(100, 100_000))


def magnitudes(low: int, high: int) -> st.SearchStrategy[int]:
    """Of any order of magnitude within."""
    return st.integers(low.bit_length(), high.bit_length()).flatmap(
        lambda bits: st.integers(max(low, 2 ** (bits - 1)), min(high, 2**bits))
    )


def parameters(n: int) -> st.SearchStrategy[tuple[int, int]]:
    """A · Nᴺ · 10,000 and gamma, within the contract's bounds."""
    most = (27 * 10**7, 5 * 10**16) if n == 3 else (4 * 10**7, 2 * 10**15)
    return st.tuples(magnitudes(n**n * 1000, most[0]), magnitudes(10**10, most[1]))


happenings = st.one_of(
    st.tuples(st.just("exchange"), quotes),
    st.tuples(st.just("exchange"), quotes),
    st.tuples(st.just("exchange"), quotes),
    st.tuples(st.just("wait"), st.tuples(waits)),
    st.tuples(st.just("add"), st.lists(parts, min_size=3, max_size=3)),
    st.tuples(st.just("remove"), st.tuples(parts)),
    st.tuples(st.just("remove_one"), st.tuples(parts, coins)),
    st.tuples(st.just("set_fees"), fees),
    st.tuples(st.just("ramp"), st.tuples(parameters(3), st.integers(100, 100_000))),
    st.tuples(st.just("stop_ramp"), st.tuples()),
)


@st.composite
def beginnings(draw: st.DrawFn, n: int) -> Beginning:
    ann, gamma = draw(parameters(n))
    decimals = [draw(st.sampled_from([18, 18, 8, 6])) for _ in range(n)]
    prices = [draw(magnitudes(10**12, 10**24)) for _ in range(n - 1)]
    worth = draw(magnitudes(10**21, 10**28))
    amounts = [
        worth * draw(st.integers(50, 200)) // 100 * ONE // price // 10 ** (18 - places) + 1
        for price, places in zip([ONE, *prices], decimals, strict=True)
    ]
    return Beginning(ann, gamma, draw(fees), decimals, prices, amounts)


def live(pool: Pool, beginning: Beginning, history: list[Any], quoted: list[Any]) -> None:
    pool.add(beginning.amounts)
    n = pool.n
    for name, given in [("quote", ()), *history]:
        match name:
            case "exchange":
                i, j, part = given
                if i % n != j % n:
                    pool.exchange(i % n, j % n, pool.amm.balances[i % n] * part >> 63)
            case "add":
                pool.add([balance * part >> 63 for balance, part in zip(pool.amm.balances, given, strict=False)])
            case "remove_one":
                pool.remove_one(given[0], given[1] % n)
            case "ramp":
                (ann, gamma), seconds = given
                if n == 2:
                    ann, gamma = min(ann, 4 * 10**7), min(gamma, 2 * 10**15)
                pool.ramp(ann, gamma, seconds)
            case "wait" | "remove" | "set_fees" | "stop_ramp":
                getattr(pool, name)(*given)
        for i, j, part in quoted:
            i, j = i % n, j % n if i % n != j % n else (i + 1) % n
            pool.compare(i, j, pool.amm.balances[i] * part >> 62)
        i, j, part = quoted[0]
        if i % n != j % n:
            pool.compare_out(i % n, j % n, pool.amm.balances[j % n] * part >> 65)


def histories(chain: DevChain, ask: Any, feed: Any, n: int, examples: int) -> Count:
    count = Count()

    def check(beginning: Beginning, history: list[Any], quoted: list[Any]) -> None:
        live(Pool(chain, ask, feed, count, beginning), beginning, history, quoted)

    for_all(
        check,
        examples=examples,
        shrinks=False,
        beginning=beginnings(n),
        history=st.lists(happenings, min_size=2, max_size=8),
        quoted=st.lists(quotes, min_size=4, max_size=8),
    )
    assert 0 < count.refused < count.compared // 2
    assert count.transactions > 2 * examples
    assert count.moved_prices
    assert count.in_ramps
    return count


@pytest.mark.parametrize("n", [2, 3])
def test_states_and_quotes_equal_the_contract_through_histories(chain: DevChain, ask: Any, feed: Any, n: int) -> None:
    assert histories(chain, ask, feed, n, 40).compared >= 1000


USUAL = Beginning(
    ann=1_707_629,
    gamma=11_809_167_828_997,
    fees=(3_000_000, 30_000_000, 5 * 10**14),
    decimals=[6, 8, 18],
    prices=[60_000 * ONE, 3_000 * ONE],
    amounts=[6_000_000 * 10**6, 100 * 10**8, 2_000 * ONE],
)


def test_after_a_claim_of_the_owner_the_pool_is_read_again(chain: DevChain, ask: Any, feed: Any, send: Any) -> None:
    pool = Pool(chain, ask, feed, Count(), USUAL)
    pool.add(USUAL.amounts)
    claim = send(pool.address, "claim_admin_fees()")
    with pytest.raises(Unfollowable, match="claimed"):
        feed(pool.amm, pool.address, claim)
    pool.amm = pool.loaded()
    assert pool.compare(0, 1, 10**9)


def test_what_the_pool_would_not_gain_by_is_refused(chain: DevChain, ask: Any, feed: Any) -> None:
    pool = Pool(
        chain, ask, feed, Count(), replace(USUAL, decimals=[18, 18, 18], amounts=[6 * 10**24, 10**20, 2 * 10**21])
    )
    pool.add([6 * 10**24, 10**20, 2 * 10**21])
    answers = [pool.compare(0, 2, 2**bits) for bits in range(90)]
    assert answers[0] is None
    assert answers[60] is not None
    assert answers[89] is None  # more than a hundred times D


def test_a_pool_that_everyone_left_begins_anew(chain: DevChain, ask: Any, feed: Any) -> None:
    pool = Pool(chain, ask, feed, Count(), USUAL)
    pool.add(USUAL.amounts)
    pool.remove(2**64)
    assert (pool.amm.d, pool.amm.supply, pool.amm.reserve(0)) == (0, 0, 0)
    assert pool.compare(0, 1, 10**9) is None
    pool.add([amount // 3 for amount in USUAL.amounts])
    assert pool.compare(0, 1, 10**9)


@pytest.mark.long
@pytest.mark.parametrize("n", [2, 3])
def test_states_and_quotes_equal_the_contract_through_many_histories(
    chain: DevChain, ask: Any, feed: Any, n: int
) -> None:
    assert histories(chain, ask, feed, n, 500).compared >= 20_000
