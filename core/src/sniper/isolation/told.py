"""What a view tells a worker: which attributes of what, in which order, and which errors a question may raise.

The host packs by these lists (`sniper.isolation.serving`) and the worker reads by them (`sniper.isolation.far_view`).
"""

from typing import Final

from sniper.amm import NoLiquidity, NoRanges, Unpriced
from sniper.errors import CallReverted, PermissionDenied, RpcError

POSITION: Final = (
    "token", "pool", "quote", "instance", "venue", "amount", "cost", "opened_at", "opened_block", "state",
)  # fmt: skip
RANGE: Final = (
    "id", "pool", "token", "quote", "instance", "lower", "upper", "liquidity", "quote_in", "token_in", "cost",
    "fees_quote", "fees_token", "state", "opened_at", "opened_block",
)  # fmt: skip
POOL: Final = ("id", "chain_id", "amm", "coins", "created_at", "created_block")
TOKEN: Final = ("symbol", "decimals", "deployer", "buy_tax_bps", "sell_tax_bps")
TICKER: Final = ("last", "bid", "bid_size", "ask", "ask_size", "stale")
CONTRACT: Final = ("lots", "cost", "unrealised", "margin", "leverage", "maintenance", "liquidation")
ORDER: Final = ("id", "key", "instance", "side", "size", "price", "filled", "state", "cancelling")

ERRORS: Final[dict[str, type[Exception]]] = {
    error.__name__: error
    for error in (
        Unpriced,
        NoRanges,
        NoLiquidity,
        CallReverted,
        RpcError,
        PermissionDenied,
        KeyError,
        LookupError,
        ValueError,
        TypeError,
    )
}
"""By name, which travels; the more special ones first. Any other one is a `RuntimeError`."""


def kind_of(error: Exception) -> str:
    """Its name in `ERRORS`; empty for another one."""
    return next((name for name, kind in ERRORS.items() if isinstance(error, kind)), "")
