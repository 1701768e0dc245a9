from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.amm import NoLiquidity
from sniper_amm_stableswap.curve import E18, FEE_ONE, Curve, Ramp
from sniper_amm_stableswap.pool import Stableswap, StableswapConfig
from sniper_sdk import AmmConformance, PackageConformance

SOMEBODY = "0x" + "11" * 20


class TestPackage(PackageConformance):
    distribution = "sniper-amm-stableswap"


@st.composite
def pools(draw: st.DrawFn) -> Stableswap:
    """Three coins, none of them scarcer than a tenth of another; NG's dynamic fee or a constant one.

    Without coins of 18 decimals: they show the last units of the contract's iterations, which end within one of the
    solution, and by which dust may trade better than the marginal price.
    """
    decimals = draw(st.lists(st.sampled_from([6, 8, 12]), min_size=3, max_size=3))
    whole = draw(st.integers(100, 10**8))
    balances = tuple(10**places * whole * draw(st.integers(10, 100)) // 10 for places in decimals)
    rates = tuple(10 ** (36 - places) for places in decimals)
    amplifier = draw(st.integers(10, 5000)) * 100
    curve = Curve(
        balances=balances,
        rates=rates,
        amplifier=amplifier,
        ramp=Ramp(begin=amplifier, end=amplifier),
        precision=100,
        divide_last=draw(st.booleans()),
        fee=draw(st.integers(10**5, 10**8)),
        admin_fee=draw(st.integers(0, FEE_ONE)),
        offpeg=draw(st.sampled_from([0, 2 * FEE_ONE, 5 * FEE_ONE])),
        supply=whole * E18,
    ).at_rest()
    return Stableswap(config=StableswapConfig(), curve=curve, moving=draw(st.booleans()))


def quoted(quote: Callable[[int, int, int], int], i: int, j: int, amount: int) -> int | None:
    try:
        return quote(i, j, amount)
    except NoLiquidity:
        return None


class TestStableswap(AmmConformance[Stableswap]):
    amm = Stableswap
    pools = pools()
    coins = 3

    def test_more_in_is_never_less_out(self) -> None:
        """But for what the contract itself takes back: its iteration for y ends within one of the solution, from either
        side, and NG's fee grows with what a trade leaves out of balance."""

        def check(pool: Stableswap, i: int, j: int, amount: int, more: int) -> None:
            outs = quoted(pool.amount_out, i, j, amount), quoted(pool.amount_out, i, j, amount + more)
            needs = quoted(pool.amount_in, i, j, amount), quoted(pool.amount_in, i, j, amount + more)
            for less, greater in (outs, needs):
                assert less is None or greater is None or less <= greater + 2 + less // 10**6

        self._law(check, more=self.amounts())

    def logs(self, pool: Stableswap) -> SearchStrategy[tuple[str, tuple[Any, ...]]]:
        curve = pool.curve
        put = st.lists(st.integers(0, 10**12), min_size=3, max_size=3).map(tuple)
        taken = st.tuples(*(st.integers(0, balance // 100) for balance in curve.balances))
        fees, supply = st.tuples(*[st.integers(0, 10)] * 3), st.integers(10**20, 10**30)
        whoever, d = st.just(SOMEBODY), st.integers(1, 10**30)
        time = st.integers(0, 10**10)
        happens = [
            st.tuples(st.just("added_3"), st.tuples(whoever, put, fees, d, supply)),
            st.tuples(st.just("removed_3"), st.tuples(whoever, taken, fees, supply)),
            st.tuples(st.just("removed_unevenly_ng"), st.tuples(whoever, taken, fees, d, supply)),
            st.tuples(st.just("ramped"), st.tuples(*[st.integers(1, 10**6)] * 2, time, time)),
            st.tuples(st.just("ramp_stopped"), st.tuples(st.integers(1, 10**6), time)),
            st.tuples(st.just("charged"), st.tuples(st.integers(0, 10**8), st.integers(0, 10**10))),
            st.tuples(st.just("fees_applied"), st.tuples(st.integers(0, 10**8), st.integers(0, 10**11))),
            st.tuples(st.just("fee_applied"), st.tuples(st.integers(0, 10**8))),
            st.tuples(st.just("on_block"), st.tuples(time)),
        ]
        with suppress(NoLiquidity):  # what may follow is what the pool gives
            sold, shares = curve.balances[0] // 1000, curve.supply // 1000
            bought, received = curve.trade(0, 1, sold)[0], curve.withdrawn(2, shares)[0]
            happens.append(st.just(("exchanged", (SOMEBODY, 0, sold, 1, bought))))
            if received >= 0:
                left = curve.supply - shares
                happens.append(st.just(("removed_one_of_ng", (SOMEBODY, 2, shares, received, left))))
        return st.one_of(happens)
