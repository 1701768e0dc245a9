"""The AMM follows real pools by their logs and prices as the real Vault, through drawn histories."""

import asyncio
from itertools import permutations
from typing import Any

import pytest
from driven_stable import DAY, DECIMALS, GIVEN_IN, GIVEN_OUT, NOBODY, ONE, VERSIONS, Balancer, Count, Pool
from hypothesis import strategies as st

from sniper.amm import NoLiquidity, Unpriced
from sniper_amm_balancer_stable.config import BalancerStableConfig
from sniper_amm_balancer_stable.pool import BalancerStable
from sniper_sdk.amm_fixtures import DevChainReader
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.devchain import DevChain

parts = st.one_of(st.integers(0, 64).flatmap(lambda bits: st.integers(1, 2**bits)), st.integers(2**62, 2**64))
"""Parts in 2**64 of something, of any order of magnitude, and often large."""
coins = st.integers(0, 4)
rates = st.one_of(*[st.integers(9 * ONE // 10, 2 * ONE)] * 3, st.integers(10**15, 10**21))
seconds = st.sampled_from([0, 100, 3600, 3 * DAY])
quotes = st.tuples(st.sampled_from([GIVEN_IN, GIVEN_OUT]), coins, coins, parts)

happenings = st.one_of(
    st.tuples(st.just("swap"), quotes),
    st.tuples(st.just("swap"), quotes),
    st.tuples(st.just("swap"), quotes),
    st.tuples(st.just("add"), st.lists(parts, min_size=5, max_size=5)),
    st.tuples(st.just("add_one"), st.tuples(parts, coins)),
    st.tuples(st.just("remove"), st.tuples(parts)),
    st.tuples(st.just("remove_one"), st.tuples(parts, coins)),
    st.tuples(st.just("remove_unevenly"), st.lists(parts, min_size=5, max_size=5)),
    st.tuples(st.just("swap_in"), st.tuples(parts, coins)),
    st.tuples(st.just("swap_out"), st.tuples(parts, coins)),
    st.tuples(st.just("set_fee"), st.tuples(st.integers(10**12, 10**17))),
    st.tuples(st.just("pause"), st.just(())),
    st.tuples(st.just("ramp"), st.tuples(st.integers(-8, 8), st.integers(1, 3))),
    st.tuples(st.just("stop_ramp"), st.just(())),
    st.tuples(st.just("set_rate"), st.tuples(coins, rates)),
    st.tuples(st.just("update_rate"), st.tuples(coins)),
    st.tuples(st.just("keep_rate"), st.tuples(coins, seconds)),
    st.tuples(st.just("wait"), st.tuples(st.one_of(st.integers(1, 60), st.integers(1, DAY)))),
)


@st.composite
def begun(draw: st.DrawFn) -> tuple[str, list[int], list[tuple[int, int] | None], int, int, list[int]]:
    """Version, decimals, rates, amplification, fee and first amounts of a pool."""
    version, count = draw(st.sampled_from(VERSIONS)), draw(st.integers(2, 5))
    decimals = [draw(st.sampled_from([18, *DECIMALS])) for _ in range(count)]
    rated = [draw(st.one_of(st.none(), st.tuples(rates, seconds))) for _ in range(count)]
    amplifier = draw(st.one_of(st.integers(1, 5000), st.sampled_from([1, 50, 200, 2000, 5000])))
    # mostly of one order of magnitude, as the coins of such pools are
    magnitude, spread = draw(st.integers(0, 45)), draw(st.sampled_from([0, 1, 1, 3, 10, 40]))
    first = [draw(st.integers(2**magnitude, 2 ** (magnitude + spread))) for _ in range(count)]
    return version, decimals, rated, amplifier, draw(st.integers(10**12, 10**17)), first


def live(balancer: Balancer, count: Count, beginning: Any, history: list[Any], quoted: list[Any]) -> None:
    version, decimals, rated, amplifier, fee, first = beginning
    before = balancer.chain.snapshot()  # a factory's pools can be paused for 90 days, which histories use up
    pool = Pool(balancer, count, version, decimals, rated, amplifier, fee)
    # with 18 decimals: below a millionth of a share a pool does not begin
    pool.begin([1 + amount * 10**15 // scale for amount, scale in zip(first, pool.amm.scales, strict=True)])
    n = len(pool.coins)
    for name, given in [("quote", ()), *history]:
        match name:
            case "swap":
                kind, i, j, part = given
                if i % n != j % n:
                    pool.swap(kind, i % n, j % n, sized(pool, kind, i % n, j % n, part))
            case "add":
                pool.add([balance * part >> 63 for balance, part in zip(pool.amm.balances, given, strict=False)])
            case "remove_unevenly":
                pool.remove_unevenly([b * part >> 66 for b, part in zip(pool.amm.balances, given, strict=False)])
            case "add_one" | "remove_one" | "swap_in" | "swap_out":
                getattr(pool, name)(given[0], given[1] % n)
            case "ramp":
                now = pool.amm.ramp.at(pool.amm.now) // 1000
                pool.ramp(min(max(now + now * given[0] // 8, 1), 5000), given[1])
            case "set_rate" | "update_rate" | "keep_rate":
                getattr(pool, name)(given[0] % n, *given[1:])
            case "pause":
                pool.pause(True)
                assert [pool.compare(kind, 0, 1, 1000) for kind in (GIVEN_IN, GIVEN_OUT)] == [None, None]
                pool.pause(False)
            case "remove" | "set_fee" | "stop_ramp" | "wait":
                getattr(pool, name)(*given)
        for kind, i, j, part in quoted:
            i, j = i % n, j % n if i % n != j % n else (i + 1) % n
            pool.compare(kind, i, j, sized(pool, kind, i, j, part))
    read = pool.loaded()
    assert (read.balances, read.fee, read.paused) == (pool.amm.balances, pool.amm.fee, pool.amm.paused)
    assert read.ramp.end == pool.amm.ramp.at(pool.amm.now)
    balancer.chain.revert(before)


def sized(pool: Pool, kind: int, i: int, j: int, part: int) -> int:
    """Of what comes in up to thrice what the pool holds, of what goes out a little more than that."""
    most = pool.amm.balances[i] * 3 if kind == GIVEN_IN else pool.amm.balances[j] * 101 // 100
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
        history=st.lists(happenings, min_size=6, max_size=6),
        quoted=st.lists(quotes, min_size=6, max_size=10),
    )
    assert 0 < count.refused < count.compared // 2
    assert count.read_again > 0
    assert sum(count.happened.values()) > 3 * examples
    return count


def test_states_and_quotes_equal_the_contract_through_histories(balancer: Balancer) -> None:
    assert histories(balancer, 60).compared >= 3000


@pytest.mark.long
def test_states_and_quotes_equal_the_contract_through_many_histories(balancer: Balancer) -> None:
    assert histories(balancer, 450).compared >= 20_000


@pytest.mark.parametrize("version", VERSIONS)
def test_each_thing_that_can_happen_is_followed(balancer: Balancer, version: str) -> None:
    count, rated = Count(), [(ONE * 11 // 10, 3600), None, (ONE * 2, 0)]
    pool = Pool(balancer, count, version, [18, 6, 8], rated, 200, 10**15)
    provided = next(k for k, provider in enumerate(pool.providers) if provider != NOBODY)
    happens = [
        ("begin", ([10**24 // scale for scale in pool.amm.scales],)),
        ("add", ([10**24 // scale // (10 + k) for k, scale in enumerate(pool.amm.scales)],)),
        ("add_one", (2**60, 1)),
        ("remove", (2**60,)),
        ("remove_one", (2**58, 2)),
        ("remove_unevenly", ([10**24 // scale // (10 + k) for k, scale in enumerate(pool.amm.scales)],)),
        ("swap_in", (2**62, 0)),
        ("swap_out", (2**60, 1)),
        ("swap", (GIVEN_IN, 0, 1, 10**24 // pool.amm.scales[0] // 5)),
        ("swap", (GIVEN_OUT, 1, 2, 10**24 // pool.amm.scales[2] // 5)),
        ("set_fee", (10**16,)),
        ("ramp", (300, 2)),
        ("wait", (DAY // 2,)),
        ("stop_ramp", ()),
        ("ramp", (150, 1)),
        ("wait", (2 * DAY,)),
        ("set_rate", (provided, ONE * 13 // 10)),
        ("update_rate", (provided,)),
        ("keep_rate", (provided, 50)),
        ("pause", (True,)),
        ("pause", (False,)),
    ]
    for name, given in happens:
        before = count.happened[name]
        getattr(pool, name)(*given)
        assert count.happened[name] == before + 1, name
        for i, j in permutations(range(3), 2):
            for kind in (GIVEN_IN, GIVEN_OUT):
                quoted = pool.compare(kind, i, j, pool.amm.balances[(i, j)[kind]] // 7)
                assert (quoted is None) == pool.amm.paused
    assert count.compared > 6 * 2 * len(happens)


def plain(balancer: Balancer, version: str, *rated: tuple[int, int] | None, amplifier: int = 200) -> Pool:
    """Two coins of 18 decimals, a thousand of each."""
    pool = Pool(balancer, Count(), version, [18, 18], list(rated or (None, None)), amplifier, ONE // 1000)
    pool.begin([1000 * ONE, 1000 * ONE])
    return pool


@pytest.mark.parametrize("version", VERSIONS)
def test_a_paused_pool_gives_nothing_until_it_is_unpaused(balancer: Balancer, version: str) -> None:
    pool = plain(balancer, version)
    assert pool.compare(GIVEN_IN, 0, 1, 1000) is not None
    pool.pause(True)
    with pytest.raises(Unpriced, match="paused"):
        pool.amm.amount_out(0, 1, 1000)
    assert (pool.amm.reserve(0), pool.amm.most_in(0, 1)) == (0, 0)
    assert pool.loaded().paused
    pool.pause(False)
    assert pool.compare(GIVEN_IN, 0, 1, 1000) is not None


@pytest.mark.parametrize("version", VERSIONS)
def test_the_share_is_no_coin_and_what_is_swapped_for_it_is_liquidity(balancer: Balancer, version: str) -> None:
    pool = plain(balancer, version)
    assert pool.address not in pool.amm.coins
    before = pool.amm.balances
    pool.swap_in(2**62, 0)
    assert [new - old for old, new in zip(before, pool.amm.balances, strict=True)] == [before[0] // 16, 0]
    pool.swap_out(2**62, 1)
    assert pool.amm.balances[1] < before[1]
    assert pool.count.happened.keys() >= {"swap_in", "swap_out"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cached_rate_counts_to_the_second_in_which_it_ends_and_then_the_provider_s(
    balancer: Balancer, version: str
) -> None:
    pool = plain(balancer, version, (ONE, 3600), None)
    rated = next(k for k, rate in enumerate(pool.amm.rates) if rate is not None)
    rate = pool.amm.rates[rated]
    assert rate is not None
    cached = pool.compare(GIVEN_IN, rated, 1 - rated, ONE)
    pool.set_rate(rated, 2 * ONE)
    pool.wait(rate.expires - pool.amm.now)
    assert pool.compare(GIVEN_IN, rated, 1 - rated, ONE) == cached
    assert pool.count.read_again == 0
    pool.wait(1)
    doubled = pool.compare(GIVEN_IN, rated, 1 - rated, ONE)
    assert pool.count.read_again == 1
    assert cached is not None
    assert doubled is not None
    assert doubled > cached * 19 // 10
    pool.swap(GIVEN_IN, rated, 1 - rated, ONE)  # and the pool keeps it from now on, by its log
    kept = pool.amm.rates[rated]
    assert kept is not None
    assert (kept.cached, kept.expires) == (2 * ONE, pool.amm.now + 3600)


def test_a_provider_s_rate_is_not_believed_for_longer_than_configured(balancer: Balancer) -> None:
    pool = plain(balancer, "2023", (ONE, 0), None)
    seconds = balancer.config.rate_seconds
    pool.wait(1)
    pool.reload()
    pool.wait(seconds)
    assert pool.amm.amount_out(0, 1, ONE) > 0
    pool.wait(1)
    for quote in (pool.amm.amount_out, pool.amm.amount_in):
        with pytest.raises(Unpriced, match="61 s ago is too old"):
            quote(0, 1, ONE)
    with pytest.raises(Unpriced):
        pool.amm.price(0, 1)
    pool.update_rate(next(k for k, rate in enumerate(pool.amm.rates) if rate is not None))
    assert pool.amm.amount_out(0, 1, ONE) > 0


def found_at(pool: Pool, times: tuple[int, ...]) -> list[tuple[bool, bool]]:
    """At each second: whether it is outdated, and whether it is priced."""
    found = []
    for time in times:
        pool.amm.on_block(time)
        try:
            priced = pool.amm.amount_out(0, 1, ONE) > 0
        except Unpriced:
            priced = False
        found.append((pool.amm.outdated(), priced))
    return found


def test_a_pool_is_to_be_read_anew_after_half_of_the_time_for_which_what_moves_is_believed(balancer: Balancer) -> None:
    seconds = balancer.config.rate_seconds
    ends = (seconds // 2 - 1, seconds // 2, seconds, seconds + 1)
    pool = plain(balancer, "2023", (ONE, 0), None)
    pool.reload()
    begun = pool.amm.now
    assert found_at(pool, (begun, *(begun + end for end in ends))) == [
        (False, True), (False, True), (True, True), (True, True), (True, False),
    ]  # fmt: skip
    pool = plain(balancer, "2023")
    pool.ramp(400, 2)
    pool.wait(DAY)
    assert not pool.amm.outdated(), "its logs tell how it moves"
    pool.amm = pool.loaded()
    begun = pool.amm.now
    assert [found for found, _ in found_at(pool, tuple(begun + end for end in ends))] == [False, True, True, True]
    pool.pause(True)
    pool.amm.on_block(begun + DAY)
    assert not pool.amm.outdated(), "a paused pool says itself when it goes on"


def test_a_pool_is_not_read_anew_for_a_rate_whose_cache_lasts_until_shortly_before_it_ends(balancer: Balancer) -> None:
    pool = plain(balancer, "2023", (ONE, 3600), None)
    rate = next(rate for rate in pool.amm.rates if rate is not None)
    half = balancer.config.rate_seconds // 2
    assert found_at(pool, (rate.expires - half, rate.expires - half + 1, rate.expires, rate.expires + 1)) == [
        (False, True), (True, True), (True, True), (True, False),
    ]  # fmt: skip
    pool = plain(balancer, "2023")
    assert found_at(pool, (pool.amm.now + 10**6,)) == [(False, True)], "nothing of it moves"


def test_a_provider_that_reverts_stops_the_pool_when_its_cache_has_ended(balancer: Balancer) -> None:
    pool = plain(balancer, "2023", (ONE, 3600), None)
    rated = next(k for k, provider in enumerate(pool.providers) if provider != NOBODY)
    pool.set_rate(rated, 0)
    pool.reload()
    assert pool.compare(GIVEN_IN, 0, 1, ONE) is not None
    pool.wait(3600)
    pool.reload()
    assert pool.compare(GIVEN_IN, 0, 1, ONE) is None
    with pytest.raises(Unpriced, match="reverted"):
        pool.amm.amount_out(0, 1, ONE)


def test_a_ramp_that_began_before_the_pool_was_read_is_not_believed_for_longer_than_configured(
    balancer: Balancer,
) -> None:
    pool = plain(balancer, "2023")
    pool.ramp(400, 2)
    pool.wait(DAY)
    pool.amm = pool.loaded()
    assert pool.amm.unknown_ramp
    assert pool.compare(GIVEN_OUT, 0, 1, 500 * ONE) is not None
    pool.wait(balancer.config.rate_seconds)
    assert pool.amm.amount_out(0, 1, ONE) > 0
    pool.wait(1)
    with pytest.raises(Unpriced, match="no view says whereto"):
        pool.amm.amount_out(0, 1, ONE)
    pool.stop_ramp()
    assert pool.compare(GIVEN_OUT, 0, 1, 500 * ONE) is not None
    assert pool.count.read_again == 0


def test_limits_are_the_contract_s_to_the_unit(balancer: Balancer) -> None:
    count = Count()
    for version in VERSIONS:
        for places in (18, 6, 0):
            pool = Pool(balancer, count, version, [18, places], [None, (ONE * 11 // 10, DAY)], 100, 3 * 10**15 + 7)
            pool.begin([10 ** (27 if scale == 1 else 9 + places) for scale in pool.amm.scales])
            for i in (0, 1):
                most = pool.amm.most_in(i, 1 - i)
                assert most <= 2**112 - 1 - pool.amm.balances[i]
                assert pool.compare(GIVEN_IN, i, 1 - i, most)
                assert pool.compare(GIVEN_IN, i, 1 - i, most + 1) is None
                pool.compare(GIVEN_OUT, i, 1 - i, pool.amm.balances[1 - i] - 2)
                assert pool.compare(GIVEN_OUT, i, 1 - i, pool.amm.balances[1 - i]) is None
                assert pool.compare(GIVEN_OUT, i, 1 - i, pool.amm.balances[1 - i] + 1) is None
                assert pool.compare(GIVEN_IN, i, 1 - i, 0) is None
                assert pool.compare(GIVEN_OUT, i, 1 - i, 0) is None
                assert pool.compare(GIVEN_IN, i, 1 - i, 2**255) is None
    assert count.compared >= 4 * 3 * 2 * 8


@pytest.mark.parametrize("decimals", [[18, 18], [18, 0]], ids=["112 bits", "256 bits"])
def test_balances_end_where_112_bits_do_or_the_arithmetic_does(balancer: Balancer, decimals: list[int]) -> None:
    pool = Pool(balancer, Count(), "2023", decimals, [None, None], 200, 10**12)
    pool.begin([2**110 // scale for scale in pool.amm.scales])
    for i in (0, 1):
        most = pool.amm.most_in(i, 1 - i)
        assert (most < 2**112 - 1 - pool.amm.balances[i]) == (pool.amm.scales[i] > 1)
        assert pool.compare(GIVEN_IN, i, 1 - i, most) is not None
        assert pool.compare(GIVEN_IN, i, 1 - i, most + 1) is None


def test_what_no_known_factory_made_is_refused_with_the_remedy(balancer: Balancer) -> None:
    pool = plain(balancer, "2023")
    reader = DevChainReader(balancer.chain, balancer.ask)
    for factories in ((), (balancer.factories["November 2022"],)):
        config = BalancerStableConfig(factories=(balancer.vault,), pool_factories=factories)
        with pytest.raises(NoLiquidity, match="add its factory"):
            asyncio.run(BalancerStable.load(pool.address, reader, config))


def test_a_pool_of_a_paused_vault_is_refused(balancer: Balancer) -> None:
    pool, before = plain(balancer, "2023"), balancer.chain.snapshot()
    balancer.allow(balancer.vault, "setPaused(bool)")
    balancer.send(balancer.vault, "setPaused(bool)", True)
    with pytest.raises(NoLiquidity, match="is paused"):
        pool.loaded()
    balancer.chain.revert(before)


def test_pools_of_the_vault_s_other_specializations_are_left_to_other_amms() -> None:
    for specialization, known in ((0, True), (1, False), (2, False)):
        found = BalancerStable.registered(BalancerStableConfig(), b"", "0x" + "11" * 20, specialization)
        assert (found is not None) == known
