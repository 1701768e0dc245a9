"""What one order in a pool is of its plan."""

from sniper.instrument import POOL_PRICE
from sniper.plugin import Frozen


class Part(Frozen):
    """``size``: lots that it fills, all or none. ``limit``: ticks, no worse price is taken; None: at the market.
    ``tries``: how often in a row its leg was refused before."""

    plan: str
    leg: str
    size: int
    limit: int | None = None
    tries: int = 0

    def least_for(self, sold: int) -> int:
        """What selling so many lots must bring, quote base units; 0: anything."""
        return 0 if self.limit is None else -(-sold * self.limit // POOL_PRICE)

    def least_of(self, paid: int) -> int:
        """The lots that so many base units of the quote asset must buy; 0: any."""
        return 0 if self.limit is None else -(-paid * POOL_PRICE // self.limit)
