"""The AMM follows real pools by their logs and prices as the real Vault, through drawn histories."""

import asyncio
from typing import Any

import pytest
from driven_balancer import CREATE, GIVEN_IN, GIVEN_OUT, ONE, Balancer, Count, Pool
from hypothesis import strategies as st

from sniper.amm import NoLiquidity
from sniper_amm_balancer_weighted.pool import BalancerWeighted, BalancerWeightedConfig
from sniper_sdk.amm_fixtures import DevChainReader
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.devchain import DevChain

parts = st.one_of(st.integers(0, 64).flatmap(lambda bits: st.integers(1, 2**bits)), st.integers(2**62, 2**64))
"""Parts in 2**64 of something, of any order of magnitude, and often large."""
coins = st.integers(0, 7)
amounts = st.integers(0, 70).flatmap(lambda bits: st.integers(1, 2**bits))
quotes = st.tuples(st.sampled_from([GIVEN_IN, GIVEN_OUT]), coins, coins, parts)

happenings = st.one_of(
    st.tuples(st.just("swap"), quotes),
    st.tuples(st.just("swap"), quotes),
    st.tuples(st.just("add"), st.lists(parts, min_size=8, max_size=8)),
    st.tuples(st.just("add_one"), st.tuples(parts, coins)),
    st.tuples(st.just("remove"), st.tuples(parts)),
    st.tuples(st.just("remove_one"), st.tuples(parts, coins)),
    st.tuples(st.just("set_fee"), st.tuples(st.integers(10**12, 10**17))),
    st.tuples(st.just("pause"), st.tuples(st.booleans())),
)


@st.composite
def begun(draw: st.DrawFn) -> tuple[str, list[int], list[int], int, list[int]]:
    """Version, decimals, weights, fee and first amounts of a pool."""
    version = draw(st.sampled_from(list(CREATE)))
    count = 2 if version == "2021, two tokens" else draw(st.one_of(st.just(2), st.integers(2, 8)))
    usual = [[ONE // 2, ONE // 2], [ONE * 4 // 5, ONE // 5], [ONE // 5, ONE * 4 // 5], [ONE // 3, ONE * 2 // 3 + 1]]
    weights = draw(st.sampled_from(usual)) if count == 2 and draw(st.booleans()) else None
    if weights is None:
        spare = ONE - count * 10**16
        cuts = sorted(draw(st.lists(st.integers(0, spare), min_size=count - 1, max_size=count - 1)))
        ends = [0, *cuts, spare]
        weights = [10**16 + ends[n + 1] - ends[n] for n in range(count)]
    decimals = [draw(st.sampled_from([18, 18, 18, 8, 6, 0])) for _ in range(count)]
    return version, decimals, weights, draw(st.integers(10**12, 10**17)), [draw(amounts) for _ in range(count)]


def live(balancer: Balancer, count: Count, beginning: Any, history: list[Any], quoted: list[Any]) -> None:
    version, decimals, weights, fee, first = beginning
    pool = Pool(balancer, count, version, decimals, weights, fee)
    # the first amounts are drawn with 18 decimals: below a millionth of a share a pool does not begin
    pool.begin([1 + amount * 10**12 // scale for amount, scale in zip(first, pool.amm.scales, strict=True)])
    n = len(pool.coins)
    for name, given in [("quote", ()), *history]:
        match name:
            case "swap":
                kind, i, j, part = given
                if i % n != j % n:
                    pool.swap(kind, i % n, j % n, sized(pool, kind, i % n, j % n, part))
            case "add":
                pool.add([balance * part >> 62 for balance, part in zip(pool.amm.balances, given, strict=False)])
            case "add_one" | "remove_one":
                getattr(pool, name)(given[0], given[1] % n)
            case "remove" | "set_fee" | "pause":
                getattr(pool, name)(*given)
        for kind, i, j, part in quoted:
            i, j = i % n, j % n if i % n != j % n else (i + 1) % n
            pool.compare(kind, i, j, sized(pool, kind, i, j, part))
    assert pool.loaded() == pool.amm


def sized(pool: Pool, kind: int, i: int, j: int, part: int) -> int:
    """Up to somewhat more than the pool takes or gives."""
    most = pool.amm.balances[i if kind == GIVEN_IN else j] * 32 // 100
    return (most * part >> 64) + (part & 1)


@pytest.fixture(scope="module")
def balancer(chain: DevChain, ask: Any, feed: Any) -> Balancer:
    return Balancer(chain, ask, feed)


def histories(balancer: Balancer, examples: int) -> Count:
    count = Count()

    def check(beginning: Any, history: list[Any], quoted: list[Any]) -> None:
        live(balancer, count, beginning, history, quoted)

    for_all(
        check,
        examples=examples,
        shrinks=False,
        beginning=begun(),
        history=st.lists(happenings, max_size=6),
        quoted=st.lists(quotes, min_size=8, max_size=16),
    )
    assert 0 < count.refused < count.compared // 2
    assert count.transactions > 2 * examples
    return count


def test_states_and_quotes_equal_the_contract_through_histories(balancer: Balancer) -> None:
    assert histories(balancer, 40).compared >= 1500


@pytest.mark.parametrize("version", CREATE)
def test_a_paused_pool_gives_nothing_until_it_is_unpaused(balancer: Balancer, version: str) -> None:
    pool = Pool(balancer, Count(), version, [18, 18], [ONE // 2, ONE // 2], ONE // 100)
    pool.begin([ONE, ONE])
    assert pool.compare(GIVEN_IN, 0, 1, 1000) is not None
    pool.pause(True)
    assert pool.compare(GIVEN_IN, 0, 1, 1000) is None
    assert pool.compare(GIVEN_OUT, 0, 1, 1000) is None
    assert (pool.amm.reserve(0), pool.amm.most_in(0, 1)) == (0, 0)
    assert pool.loaded() == pool.amm
    pool.pause(False)
    assert pool.compare(GIVEN_IN, 0, 1, 1000) is not None


@pytest.mark.parametrize("version", CREATE)
def test_the_protocol_s_share_leaves_the_balances_only_where_it_is_not_minted(balancer: Balancer, version: str) -> None:
    pool = Pool(balancer, Count(), version, [18, 18], [ONE // 2, ONE // 2], ONE // 10)
    pool.begin([10**6 * ONE, 10**6 * ONE])
    for i in (0, 1):
        pool.swap(GIVEN_IN, i, 1 - i, 10**5 * ONE)
    before = pool.amm.balances
    pool.add([ONE, ONE])
    paid = [old + ONE - new for old, new in zip(before, pool.amm.balances, strict=True)]
    assert any(paid) == ("2021" in version)


def test_limits_are_the_contract_s_to_the_unit(balancer: Balancer) -> None:
    count = Count()
    for version in CREATE:
        for places in (18, 6, 0):
            pool = Pool(balancer, count, version, [18, places], [ONE * 7 // 10, ONE * 3 // 10], 3 * 10**15 + 7)
            pool.begin([123_456_789 * 10**18 + 1, 987_654_321 * 10**places])
            for i in (0, 1):
                most = pool.amm.most_in(i, 1 - i)
                assert pool.compare(GIVEN_IN, i, 1 - i, most)
                assert pool.compare(GIVEN_IN, i, 1 - i, most + 1) is None
                most = pool.amm.balances[i] * 3 // 10
                assert pool.compare(GIVEN_OUT, 1 - i, i, most)
                assert pool.compare(GIVEN_OUT, 1 - i, i, most + 1) is None
                assert pool.compare(GIVEN_IN, i, 1 - i, 0) is None
                assert pool.compare(GIVEN_OUT, i, 1 - i, 0) is None
                assert pool.compare(GIVEN_IN, i, 1 - i, 2**255) is None
    assert count.compared >= 4 * 3 * 2 * 7


def test_balances_end_where_112_bits_do(balancer: Balancer) -> None:
    pool = Pool(balancer, Count(), "2023", [18, 18], [ONE // 2, ONE // 2], 10**12)
    pool.begin([2**112 - 10**6, 2**112 - 10**6])
    assert pool.amm.most_in(0, 1) == 10**6 - 1
    assert pool.compare(GIVEN_IN, 0, 1, 10**6 - 1) is not None
    assert pool.compare(GIVEN_IN, 0, 1, 10**6) is None
    assert pool.compare(GIVEN_OUT, 0, 1, 2**100) is None


def test_what_no_known_factory_made_is_refused_with_the_remedy(balancer: Balancer) -> None:
    pool = Pool(balancer, Count(), "2021", [18, 18], [ONE // 2, ONE // 2], 10**12)
    reader = DevChainReader(balancer.chain, balancer.ask)
    for factories in ((), (balancer.factories["2022"],)):
        config = BalancerWeightedConfig(factories=(balancer.vault,), pool_factories=factories)
        with pytest.raises(NoLiquidity, match="add its factory"):
            asyncio.run(BalancerWeighted.load(pool.address, reader, config))


@pytest.mark.long
def test_states_and_quotes_equal_the_contract_through_many_histories(balancer: Balancer) -> None:
    assert histories(balancer, 520).compared >= 20_000
