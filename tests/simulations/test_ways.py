"""What a worker plans trades with is what the shell would plan them with."""

from dataclasses import replace

import pytest

from sniper.config import Config
from sniper.errors import PluginError
from sniper.runtime.stage import Emitted, Plan
from sniper.runtime.way import Way, way
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_venue_uniswap.venue import Uniswap, UniswapConfig

TOKEN, QUOTE, PAIR, OWNER = ("0x" + digit * 40 for digit in "abcd")
SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
POOL = f"1:{PAIR}"
AMM = ConstantProduct(config=ConstantProductConfig(factories=("0x" + "E" * 40,), fee_bps=25), reserves=(10**21, 10**19))
VENUE = Uniswap(config=UniswapConfig(chain_id=1, wrapped=QUOTE, v2_router="0x" + "1" * 40, v3_router="0x" + "2" * 40))
WAY = Way(POOL, "constant-product", TOKEN, QUOTE, QUOTE, VENUE, (TOKEN, QUOTE), AMM)


@pytest.mark.parametrize("opens", [True, False])
def test_a_way_that_travelled_plans_the_same_trades(opens: bool) -> None:
    asked = Plan(pool=POOL, owner=OWNER, amount=10**17, opens=opens, allowance=1)
    travelled = way(POOL, WAY.given())
    assert travelled == WAY
    assert travelled.planned(asked, (), 1_700_000_000) == WAY.planned(asked, (), 1_700_000_000)


def test_what_the_pool_logs_moves_its_price_and_leaves_the_way_as_it_was() -> None:
    asked = Plan(pool=POOL, owner=OWNER, amount=10**17, opens=True, allowance=0)
    doubled = Emitted(
        address=PAIR, topics=(SYNC,), data=(2 * 10**21).to_bytes(32, "big") + (10**19).to_bytes(32, "big")
    )
    elsewhere = replace(WAY, pool=f"1:{OWNER}")
    before = WAY.planned(asked, (), 0).expected
    assert 1.99 < WAY.planned(asked, (doubled,), 0).expected / before < 2.01
    assert elsewhere.planned(asked, (doubled,), 0).expected == before
    assert WAY.planned(asked, (), 0).expected == before


def test_plugins_that_cannot_be_imported_are_refused_with_the_remedy() -> None:
    class Local(Uniswap):
        pass

    with pytest.raises(PluginError, match="top level of a module"):
        replace(WAY, venue=Local(config=VENUE.config)).given()


class Forgetful(Config):
    """Says less as JSON than it is."""

    router: str = ""

    def model_dump_json(self, **_: object) -> str:
        return "{}"


def test_a_config_that_does_not_survive_the_journey_is_refused() -> None:
    odd = Uniswap(config=Forgetful(router="0x" + "3" * 40))  # type: ignore[arg-type]  # any config will do
    with pytest.raises(PluginError, match="read back"):
        replace(WAY, venue=odd).given()
