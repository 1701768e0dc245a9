"""When a price reaches a trigger."""

from sniper.exchange_orders import Side
from sniper.kernel.plans.rule import Heard
from sniper.order_types import By


def stopped(heard: Heard, side: Side, trigger: int) -> bool:
    """Whether a stop is reached: of what buys from below, of what sells from above."""
    return heard.ask_high >= trigger if side == "buy" else 0 < heard.bid_low <= trigger


def touched(heard: Heard, side: Side, trigger: int) -> bool:
    """Whether a target is reached: of what buys from above, of what sells from below."""
    return 0 < heard.ask_low <= trigger if side == "buy" else heard.bid_high >= trigger


def counts(heard: Heard, by: By, last: int) -> bool:
    """Whether what was heard moves a trigger. Best prices move one that waits for trades only where no trade was ever
    heard of: else nothing would."""
    prices = heard.kind == "prices"
    return prices == (by == "prices") or (prices and not last)
