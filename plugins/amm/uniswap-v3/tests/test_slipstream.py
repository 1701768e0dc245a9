"""Slipstream: quotes that were recorded on Base, and what its contracts say otherwise than Uniswap's."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sniper_amm_uniswap_v3.slipstream import Slipstream, SlipstreamConfig
from sniper_amm_uniswap_v3.tick import changed

DATA = Path(os.environ.get("SNIPER_DATA", Path(__file__).parents[4] / ".." / "shared" / "data"))
VECTORS = DATA / "amm-vectors" / "aerodrome_slipstream_quote_exact_input.json"
POOL, COINS = "0x" + "99" * 20, ("0x" + "01" * 20, "0x" + "02" * 20)
TICKS = {-400: (7, 7), 25_600: (9, 2), 51_200: (9, -9)}
VIEWS: dict[str, tuple[Any, ...]] = {
    "token0()(address)": (COINS[0],),
    "token1()(address)": (COINS[1],),
    "liquidity()(uint128)": (7,),
    "fee()(uint24)": (444,),
    "tickSpacing()(int24)": (100,),
    "slot0()(uint160,int24,uint16,uint16,uint16,bool)": (2**96, 0, 0, 1, 1, True),
}


class Reader:
    """`sniper.io.Chain` on a pool as the published CLPool declares it; no package ships its bytecode."""

    block = 1

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        assert address == POOL
        if signature.startswith("tickBitmap(int16)"):
            return (sum(1 << (tick // 100 & 255) for tick in TICKS if tick // 100 >> 8 == args[0]),)
        if signature.startswith("ticks("):
            gross, net = TICKS[int(str(args[0]))]
            return (gross, net, 0, 0, 0, 0, 0, 0, 0, True)
        return VIEWS[signature]


async def test_a_loaded_pool_has_the_fee_that_its_factory_gives_it_now() -> None:
    found = await Slipstream.load(POOL, Reader(), SlipstreamConfig())
    assert (found.pool, found.coins) == (POOL, COINS)
    assert found.amm == Slipstream(
        config=SlipstreamConfig(),
        fee=444,
        tick_spacing=100,
        sqrt_price_x96=2**96,
        tick=0,
        liquidity=7,
        ticks=tuple((tick, *liquidity) for tick, liquidity in TICKS.items()),
    )
    assert found.amm is not None
    assert found.amm.venue_data(0, 1) == 100


def test_a_new_pool_is_read_unless_the_fee_of_its_spacing_is_configured() -> None:
    config = SlipstreamConfig.model_validate({"fees": {"100": 500}})
    known, unknown = Slipstream.created(config, *COINS, 100, POOL), Slipstream.created(config, *COINS, 200, POOL)
    assert known is not None
    assert unknown is not None
    assert known.amm == Slipstream(config=config, fee=500, tick_spacing=100)
    assert (unknown.pool, unknown.coins, unknown.amm) == (POOL, COINS, None)


@pytest.mark.skipif(not VECTORS.exists(), reason=f"evaluation data is absent: {VECTORS} (set SNIPER_DATA)")
def test_a_pool_of_base_gives_what_its_quoter_gave_on_chain() -> None:
    document = json.loads(VECTORS.read_text())
    state = document["pool_state"]
    assert state["block"] == document["block"]
    ticks: tuple[tuple[int, int, int], ...] = ()
    for index, (gross, net, *_) in state["tick_data"].items():
        ticks = changed(ticks, int(index), gross, net)
    pool = Slipstream(config=SlipstreamConfig(), ticks=ticks, **state["scalars"])
    answered = [quote for quote in document["quotes"] if isinstance(quote["result"], int)]  # one call timed out
    for quote in answered:
        _, _, direction, amount = quote["call"].split("|")
        i = ["cbETH->WETH", "WETH->cbETH"].index(direction)
        assert pool.amount_out(i, 1 - i, int(amount)) == quote["result"]
    assert len(answered) == 25
