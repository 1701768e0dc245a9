"""Prices as integers, for stages that remember them: exact to compare, small to keep, the same on every machine."""

from typing import Final

from sniper.amm import NoLiquidity
from sniper.types import split_asset
from sniper.view import View

SCALE: Final = 1 << 96
_MOST: Final = 1 << 255


def scaled_price(view: View, pool: str, token: str) -> int | None:
    """What one base unit of a token (asset id) costs in a pool (its id), in the other coin's base units times 2**96,
    rounded down. 0 where the pool has nothing left; None where it is not known or cannot be priced."""
    known = view.pool(pool)
    address = split_asset(token)[1]
    if known is None or len(known.coins) != 2 or address not in known.coins:
        return None
    try:
        price = known.price(address)
        return max(0, min(price.numerator * SCALE // price.denominator, _MOST))
    except NoLiquidity:
        return 0
    except Exception:  # an AMM's code: what it cannot price is not known
        return None
