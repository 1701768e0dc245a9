from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.amm import NoLiquidity
from sniper_amm_balancer_weighted.pool import BalancerWeighted, BalancerWeightedConfig
from sniper_sdk import AmmConformance, PackageConformance

ONE = 10**18
POOL_ID = "0x" + "11" * 20 + "00020000000000000000002a"


class TestPackage(PackageConformance):
    distribution = "sniper-amm-balancer-weighted"


@st.composite
def weighted_pools(draw: st.DrawFn, coins: int | None = None) -> BalancerWeighted:
    count = coins or draw(st.integers(2, 8))
    weights = [10**16 + draw(st.integers(0, (ONE - count * 10**16) // count)) for _ in range(count - 1)]
    return BalancerWeighted(
        config=BalancerWeightedConfig(),
        pool_id=POOL_ID,
        coins=tuple(f"0x{number:040x}" for number in range(count)),
        weights=(*weights, ONE - sum(weights)),
        scales=tuple(10 ** draw(st.sampled_from([0, 0, 10, 12])) for _ in range(count)),
        short_powers=draw(st.booleans()),
        fee=draw(st.integers(10**12, 10**17)),
        balances=tuple(draw(st.integers(0, 2**96)) for _ in range(count)),
        paused=draw(st.integers(0, 9)) == 0,
    )


class TestBalancerWeighted(AmmConformance[BalancerWeighted]):
    amm = BalancerWeighted
    # held by test_against_contract.py, through whole histories
    test_it_is_exact_against_the_real_contract = None  # type: ignore[assignment]
    pools = weighted_pools()

    def logs(self, pool: BalancerWeighted) -> SearchStrategy[tuple[str, tuple[Any, ...]]]:
        count = len(pool.coins)
        amounts = st.integers(0, 2**90)
        zeros = (0,) * count
        return st.one_of(
            st.builds(
                lambda pair, paid: (
                    "swapped",
                    (b"", pool.coins[pair[0]], pool.coins[pair[1]], paid, pool.balances[pair[1]] // 5),
                ),
                st.permutations(range(count)),
                amounts,
            ),
            st.lists(amounts, min_size=count, max_size=count).map(
                lambda deltas: ("joined_or_exited", (b"", "0x", pool.coins, deltas, zeros))
            ),
            st.integers(10**12, 10**17).map(lambda fee: ("fee_changed", (fee,))),
            st.booleans().map(lambda paused: ("paused_or_not", (paused,))),
        )

    @given(pool=weighted_pools(2), share=st.integers(1, 2**64))
    def test_the_amount_in_buys_what_was_wanted_and_hardly_less_would(self, pool: BalancerWeighted, share: int) -> None:
        """The contract prices an exact output with an error bound of its own, so selling that amount gives the wanted
        one only within the bounds of both."""
        wanted = pool.balances[1] * 3 // 10 * share >> 64
        try:
            bought = pool.amount_out(0, 1, pool.amount_in(0, 1, wanted))
        except NoLiquidity:
            return
        exponent = pool.weights[0] // pool.weights[1] + 1
        unit = pool.price(0, 1) + 1
        assert abs(bought - wanted) <= 3 * (exponent + 1) * (pool.balances[1] // 10**14 + unit + 1)
