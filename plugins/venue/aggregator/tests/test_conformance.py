from typing import ClassVar

from sniper_sdk import PackageConformance, VenueConformance
from sniper_venue_aggregator.venue import Aggregator, AggregatorConfig

CONFIG = AggregatorConfig(chain_id=1, contract="0x" + "a9" * 20, wrapped="0x" + "ee" * 20)


class TestPackage(PackageConformance):
    distribution = "sniper-venue-aggregator"


class TestSinglesAndRoutes(VenueConformance):
    venue = Aggregator
    config = CONFIG
    amm = "stableswap"
    pool_data = 0x0100
    pays_sender = True
    route_amms: ClassVar[dict[str, int]] = {
        "constant-product": 30,
        "uniswap-v3": 3000,
        "pancake-v3": 2500,
        "slipstream": 100,
        "algebra": 0,
        "uniswap-v4": 500 << 184 | 10 << 160,
        "solidly": 0,
        "stableswap": 0x0100,
        "cryptoswap": 0x0001,
        "balancer-weighted": 2 << 80 | 7,
        "balancer-stable": 7,
    }
