"""Where a stop that follows the market is."""

from sniper.exchange_orders import Side
from sniper.kernel.plans.rule import Heard
from sniper.types import BPS


def followed(side: Side, best: int, heard: Heard, step: int) -> int:
    """The best price for what trades on ``side`` later: the highest of what sells, the lowest of what buys. ``best``:
    until now, ticks; 0: there was none. It counts only where it is better by ``step`` ticks."""
    price = heard.bid_high if side == "sell" else heard.ask_low
    if not price:
        return best
    better = price >= best + step if side == "sell" else price <= best - step
    return price if better or not best else best


def level(side: Side, best: int, amount: int, bps: int) -> int:
    """The trigger at this distance from the best price, ticks, rounded away from it; 0: there is none above zero."""
    if side == "sell":
        return max(0, best - amount if amount else best * (BPS - bps) // BPS)
    return best + amount if amount else -(-best * (BPS + bps) // BPS)
