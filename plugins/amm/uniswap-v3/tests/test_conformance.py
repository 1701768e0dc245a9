from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_amm_uniswap_v3.tick import sqrt_ratio_at_tick
from sniper_sdk import AmmConformance, PackageConformance

SPACING = 60


class TestPackage(PackageConformance):
    distribution = "sniper-amm-uniswap-v3"


@st.composite
def pools(draw: st.DrawFn) -> UniswapV3:
    """Pools with some positions about their price; or none, or not initialised."""
    pool = UniswapV3(config=UniswapV3Config(), fee=3000, tick_spacing=SPACING)
    if draw(st.integers(0, 9)) == 0:
        return pool
    tick = draw(st.integers(-50_000, 50_000))
    pool.initialize(sqrt_ratio_at_tick(tick), tick)
    for _ in range(draw(st.integers(0, 4))):
        handler, parameters = draw(mints(pool))
        getattr(pool, handler)(*parameters)
    return pool


def mints(pool: UniswapV3) -> SearchStrategy[tuple[str, tuple[Any, ...]]]:
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


class TestUniswapV3(AmmConformance[UniswapV3]):
    amm = UniswapV3
    # held by test_against_contract.py, through whole histories
    test_it_is_exact_against_the_real_contract = None  # type: ignore[assignment]
    pools = pools()

    def logs(self, pool: UniswapV3) -> SearchStrategy[tuple[str, tuple[Any, ...]]] | None:
        return mints(pool) if pool.sqrt_price_x96 else None
