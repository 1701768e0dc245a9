from sniper_sdk import PackageConformance, VenueConformance
from sniper_venue_uniswap.venue import Uniswap, UniswapConfig

CONFIG = UniswapConfig(chain_id=1, wrapped="0x" + "ee" * 20, v2_router="0x" + "a2" * 20, v3_router="0x" + "a3" * 20)


class TestPackage(PackageConformance):
    distribution = "sniper-venue-uniswap"


class TestV2(VenueConformance):
    venue = Uniswap
    config = CONFIG
    amm = "constant-product"


class TestV3(VenueConformance):
    venue = Uniswap
    config = CONFIG
    amm = "uniswap-v3"
    pool_data = 3000
