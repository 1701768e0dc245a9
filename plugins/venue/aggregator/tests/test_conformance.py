from typing import ClassVar

from sniper_sdk import DevChain, PackageConformance, VenueConformance
from sniper_sdk.creation import creation_code
from sniper_sdk.devchain import contract_address
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


class TestPairsOnAChain(VenueConformance):
    """Pairs of Uniswap V2, which a venue of their own trades alone where the config does not say otherwise."""

    venue = Aggregator
    config = CONFIG.model_copy(update={"singles": ("constant-product",)})
    amm = "constant-product"
    pool_data = 30
    pays_sender = True
    route_amms: ClassVar[dict[str, int]] = {"constant-product": 30}

    def settle(self, chain: DevChain) -> Aggregator:
        """No manager and no vault: pairs need neither. One contract of a chain: it is where its deployer's first
        transaction put it."""
        deployer, nobody = chain.accounts[9], "0x" + "00" * 20
        contract = contract_address(deployer.address, 0)
        if not chain.nonce(deployer.address):
            creation = creation_code("sniper_venue_aggregator", "Aggregator", chain.addresses.weth, nobody, nobody)
            chain.deploy(creation, sender=deployer)
        at = {"chain_id": chain.chain_id, "contract": contract.lower(), "wrapped": chain.addresses.weth.lower()}
        return Aggregator(config=self.config.model_copy(update=at))
