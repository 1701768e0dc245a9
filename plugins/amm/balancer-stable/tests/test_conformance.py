from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.amm import NoLiquidity
from sniper_amm_balancer_stable.config import BalancerStableConfig
from sniper_amm_balancer_stable.moving import Ramp, Rate
from sniper_amm_balancer_stable.pool import BalancerStable
from sniper_sdk import AmmConformance, PackageConformance

ONE = 10**18
ADDRESS = "0x" + "11" * 20
POOL_ID = ADDRESS + "00000000000000000000002a"
SECOND = 1_700_000_000


class TestPackage(PackageConformance):
    distribution = "sniper-amm-balancer-stable"


@st.composite
def rates(draw: st.DrawFn) -> Rate | None:
    if draw(st.booleans()):
        return None
    rate = draw(st.integers(9 * ONE // 10, 2 * ONE))
    seconds = draw(st.integers(0, 10**5))
    return Rate(cached=rate, duration=seconds, expires=SECOND + seconds - draw(st.integers(0, 10**5)), live=rate + 1)


@st.composite
def stable_pools(draw: st.DrawFn, coins: int | None = None) -> BalancerStable:
    """None of the coins scarcer than a tenth of another, and all of fewer than 18 decimals: where all units of the
    contract's iterations show, which end within one of the solution, dust may trade better than at the margin."""
    count = coins or draw(st.integers(2, 5))
    scales = tuple(10 ** draw(st.sampled_from([6, 10, 12])) for _ in range(count))
    whole = draw(st.integers(100, 10**8)) if draw(st.integers(0, 9)) else 0
    amplifier = draw(st.integers(1, 5000)) * 1000
    pool = BalancerStable(
        config=BalancerStableConfig(),
        pool_id=POOL_ID,
        share=draw(st.integers(0, count)),
        coins=tuple(f"0x{number:040x}" for number in range(count)),
        scales=scales,
        fee=draw(st.integers(10**14, 10**17)),
        balances=tuple(whole * ONE // scale * draw(st.integers(10, 100)) // 10 for scale in scales),
        rates=tuple(draw(rates()) for _ in range(count)),
        ramp=Ramp(begin=amplifier, end=amplifier),
        unknown_ramp=draw(st.booleans()),
        paused=draw(st.integers(0, 9)) == 0,
    )
    pool.on_block(SECOND)
    return pool


class TestBalancerStable(AmmConformance[BalancerStable]):
    amm = BalancerStable
    # held by test_against_contract.py, through whole histories
    test_it_is_exact_against_the_real_contract = None  # type: ignore[assignment]
    pools = stable_pools()

    def logs(self, pool: BalancerStable) -> SearchStrategy[tuple[str, tuple[Any, ...]]]:
        count = len(pool.coins)
        listed = [*pool.coins[: pool.share], ADDRESS, *pool.coins[pool.share :]]
        amounts, time = st.integers(0, 10**12), st.integers(SECOND, SECOND + 10**6)
        numbers = st.integers(0, count)
        parts = st.integers(1, 5000 * 1000)
        return st.one_of(
            st.builds(
                lambda pair, paid: ("swapped", (b"", listed[pair[0]], listed[pair[1]], paid, 0)),
                st.permutations(range(count + 1)),
                amounts,
            ),
            st.lists(amounts, min_size=count + 1, max_size=count + 1).map(
                lambda deltas: ("joined_or_exited", (b"", "0x", listed, deltas, [0] * len(listed)))
            ),
            st.integers(10**12, 10**17).map(lambda fee: ("fee_changed", (fee,))),
            st.booleans().map(lambda paused: ("paused_or_not", (paused,))),
            st.tuples(st.just("ramped"), st.tuples(parts, parts, time, time)),
            st.tuples(st.just("ramp_stopped"), st.tuples(parts)),
            st.tuples(st.just("rate_cached"), st.tuples(numbers, st.integers(9 * ONE // 10, 2 * ONE))),
            st.tuples(st.just("rate_kept_for"), st.tuples(numbers, st.just(ADDRESS), st.integers(0, 10**5))),
            st.tuples(st.just("on_block"), st.tuples(time)),
        )

    @given(pool=stable_pools(2), share=st.integers(1, 2**64))
    def test_the_amount_in_buys_what_was_wanted_and_hardly_less_would(self, pool: BalancerStable, share: int) -> None:
        """The contract rounds an exact output on its own, so selling that amount gives the wanted one only within what
        both round."""
        wanted = pool.balances[1] * share >> 65
        try:
            need = pool.amount_in(0, 1, wanted)
            bought = pool.amount_out(0, 1, need)
            price = pool.price(0, 1)
        except NoLiquidity:
            return
        assert abs(bought - wanted) <= 2 * price + 2 * price * pool.scales[0] / ONE + 3
