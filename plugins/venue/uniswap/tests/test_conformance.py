from typing import ClassVar

from sniper_sdk import PackageConformance, VenueConformance
from sniper_venue_uniswap.venue import Uniswap, UniswapConfig

CONFIG = UniswapConfig(
    chain_id=1,
    wrapped="0x" + "ee" * 20,
    v2_router="0x" + "a2" * 20,
    v3_router="0x" + "a3" * 20,
    universal_router="0x" + "a4" * 20,
)
ROUTES = {"constant-product": 30, "uniswap-v3": 3000, "uniswap-v4": 500 << 184 | 10 << 160}


class TestPackage(PackageConformance):
    distribution = "sniper-venue-uniswap"


class TestV2(VenueConformance):
    venue = Uniswap
    config = CONFIG
    amm = "constant-product"
    route_amms: ClassVar[dict[str, int]] = ROUTES


class TestV3(VenueConformance):
    venue = Uniswap
    config = CONFIG
    amm = "uniswap-v3"
    pool_data = 3000
    route_amms: ClassVar[dict[str, int]] = ROUTES
