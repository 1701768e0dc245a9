"""What liquidity in a range is worth now, and what it has earned."""

from typing import TYPE_CHECKING

from sniper.kernel.book import Range
from sniper.kernel.given import given_amount
from sniper.kernel.pool import Pool
from sniper.types import split_asset
from sniper.view import RangeWorth

if TYPE_CHECKING:
    from sniper.kernel.account import Account


def range_worth(account: "Account", held: Range) -> RangeWorth | None:
    """See `sniper.view.View.range_worth`."""
    pool = account.pool(held.pool)
    if pool is None or not held.liquidity:
        return None
    token = split_asset(held.token)[1]
    i = held.coins.index(token)
    try:
        amounts = pool.impl.range_amounts(held.lower, held.upper, held.liquidity, up=False)
        fees = pool.impl.range_fees(held.id, held.liquidity) or (0, 0)
        price = pool.price(token)
    except Exception:  # NoLiquidity, or a fault of the plugin: nothing tells
        return None
    waiting = fees[1 - i] + int(fees[i] * price)
    return RangeWorth(
        quote=given_amount(amounts[1 - i]),
        token=given_amount(amounts[i]),
        fees_quote=given_amount(fees[1 - i]),
        fees_token=given_amount(fees[i]),
        worth=amounts[1 - i] + int(amounts[i] * price),
        waiting=waiting,
        fees=waiting + held.fees_quote + int(held.fees_token * price),
        held=held.quote_in + int(held.token_in * price),
    )


def worth(pool: Pool, token: str, amount: int) -> int | None:
    """What so much of a token (address) is worth at the pool's price, base units of the other coin; None where nothing
    tells."""
    if not amount:
        return 0
    try:
        return int(amount * pool.price(token))
    except Exception:  # NoLiquidity, or a fault of the plugin
        return None
