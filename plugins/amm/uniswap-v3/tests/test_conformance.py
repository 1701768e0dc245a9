from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper_amm_uniswap_v3.algebra import Algebra, AlgebraConfig
from sniper_amm_uniswap_v3.followed import Followed
from sniper_amm_uniswap_v3.pancake import PancakeV3, PancakeV3Config
from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_amm_uniswap_v3.slipstream import Slipstream, SlipstreamConfig
from sniper_amm_uniswap_v3.tick import sqrt_ratio_at_tick
from sniper_sdk import AmmConformance, PackageConformance

SPACING = 60


class TestPackage(PackageConformance):
    distribution = "sniper-amm-uniswap-v3"


@st.composite
def pools(draw: st.DrawFn, /, cls: Any, **fields: Any) -> Any:
    """Pools with some positions about their price; or none, or not initialised. Any: of each class."""
    pool: Followed = cls(fee=3000, tick_spacing=SPACING, **fields)
    if draw(st.integers(0, 9)) == 0:
        return pool
    tick = draw(st.integers(-50_000, 50_000))
    pool.initialize(sqrt_ratio_at_tick(tick), tick)
    for _ in range(draw(st.integers(0, 4))):
        handler, parameters = draw(mints(pool))
        getattr(pool, handler)(*parameters)
    return pool


def mints(pool: Followed) -> SearchStrategy[tuple[str, tuple[Any, ...]]]:
    middle = pool.tick // SPACING
    return st.builds(
        lambda lower, width, amount: (
            "mint",
            ("0x", "0x", lower * SPACING, (lower + width) * SPACING, amount, 0, 0),
        ),
        st.integers(middle - 30, middle + 10),
        st.integers(1, 40),
        st.integers(10**9, 10**24),
    )


class Conformance(AmmConformance[Followed]):
    # held by test_histories.py, through whole histories
    test_it_is_exact_against_the_real_contract = None  # type: ignore[assignment]

    def logs(self, pool: Followed) -> SearchStrategy[tuple[str, tuple[Any, ...]]] | None:
        return mints(pool) if pool.sqrt_price_x96 else None


class TestUniswapV3(Conformance):
    amm = UniswapV3
    pools = pools(UniswapV3, config=UniswapV3Config())


class TestPancakeV3(Conformance):
    amm = PancakeV3
    pools = pools(PancakeV3, config=PancakeV3Config())
    examples = 30


class TestSlipstream(Conformance):
    amm = Slipstream
    pools = pools(Slipstream, config=SlipstreamConfig())
    examples = 30


class TestAlgebra(Conformance):
    amm = Algebra
    pools = pools(Algebra, config=AlgebraConfig())
    examples = 30

    def logs(self, pool: Followed) -> SearchStrategy[tuple[str, tuple[Any, ...]]] | None:
        fees = st.integers(0, 65_535).map(lambda fee: ("fee_set", (fee,)))
        plugins = st.sampled_from([0, 1]).map(lambda config: ("plugin_config_set", (config,)))
        return mints(pool) | fees | plugins if pool.sqrt_price_x96 else fees
