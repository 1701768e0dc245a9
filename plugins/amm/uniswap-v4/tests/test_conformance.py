from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper_amm_uniswap_v3.tick import sqrt_ratio_at_tick
from sniper_amm_uniswap_v4.fees import DYNAMIC
from sniper_amm_uniswap_v4.hooks import NONE
from sniper_amm_uniswap_v4.pool import UniswapV4, UniswapV4Config
from sniper_sdk import AmmConformance, PackageConformance

SPACING = 60
ID = bytes(32)
KNOWN = "0x" + "22" * 18 + "0080"
UNKNOWN = "0x" + "33" * 18 + "0080"


class TestPackage(PackageConformance):
    distribution = "sniper-amm-uniswap-v4"


@st.composite
def pools(draw: st.DrawFn) -> UniswapV4:
    """Pools with some positions about their price or none; with hooks that are known, unknown or none."""
    tick = draw(st.integers(-50_000, 50_000))
    hooks, fee = draw(st.sampled_from([(NONE, 3000), (NONE, 3000), (KNOWN, DYNAMIC), (UNKNOWN, 500)]))
    pool = UniswapV4(
        config=UniswapV4Config(harmless_hooks=(KNOWN,)),
        fee=fee,
        hooks=hooks,
        lp_fee=draw(st.sampled_from([-1, 0, 700])) if fee == DYNAMIC else fee,
        protocol_fee=draw(st.sampled_from([0, 1000 | 500 << 12])),
        tick_spacing=SPACING,
        sqrt_price_x96=sqrt_ratio_at_tick(tick),
        tick=tick,
    )
    for _ in range(draw(st.integers(0, 4))):
        handler, parameters = draw(modifications(pool))
        getattr(pool, handler)(*parameters)
    return pool


def modifications(pool: UniswapV4) -> SearchStrategy[tuple[str, tuple[Any, ...]]]:
    middle = pool.tick // SPACING
    return st.builds(
        lambda lower, width, amount: (
            "liquidity_modified",
            (ID, "0x", lower * SPACING, (lower + width) * SPACING, amount, bytes(32)),
        ),
        st.integers(middle - 30, middle + 10),
        st.integers(1, 40),
        st.integers(10**9, 10**24),
    )


class TestUniswapV4(AmmConformance[UniswapV4]):
    amm = UniswapV4
    # held by test_against_contract.py, through whole histories
    test_it_is_exact_against_the_real_contract = None  # type: ignore[assignment]
    pools = pools()

    def logs(self, pool: UniswapV4) -> SearchStrategy[tuple[str, tuple[Any, ...]]] | None:
        fees = st.integers(0, 1000).map(lambda fee: ("protocol_fee_updated", (ID, fee | fee << 12)))
        return modifications(pool) | fees
