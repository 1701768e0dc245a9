"""What an on-chain venue must hold."""

from collections.abc import Callable
from functools import partial

from sniper_sdk.conformance.drawing import some
from sniper_sdk.conformance.venue_on_chain import VenueOnChain
from sniper_sdk.conformance.venue_ranges import VenueRanges
from sniper_sdk.conformance.venue_routes import VenueRoutes
from sniper_sdk.conformance.venue_swaps import VenueSwaps


class VenueConformance(VenueSwaps, VenueRoutes, VenueRanges, VenueOnChain):
    """Plans hold every step that a swap needs and no other; proceeds go to the owner; minimum and amount stand in the
    calldata; approvals are exact; pure and deterministic.

        class TestUniswap(VenueConformance):
            venue = Uniswap
            config = UniswapConfig(...)
            chain_id = 1
            amm = "constant-product"

    amm          Name of an AMM that the venue serves on ``chain_id``. One class for each AMM.
    pool_data    What its pools answer to ``venue_data``.
    route_amms   AMMs that one route may use, each with what its pools answer to ``venue_data``. Empty for a venue that
                 carries out no routes.
    pays_sender  Whether the contract pays whoever sends the transaction, so that no recipient stands in the calldata.
    before_tax   Whether its minimum is for what leaves the pool, because its contract can count nothing else: then a
                 token that keeps a part of each transfer arrives below it. The README must say so.

    With `settle`, plans are sent on the dev chain, and balances are counted; with `moved_logs`, what its logs say of
    liquidity in ranges is read.
    """

    def calls(self) -> list[Callable[[], object]]:
        """What is timed for the plugin's level: plans."""
        made = self._made()
        return [partial(made.plan, swap) for swap in some(self.swaps(), self.examples)]
