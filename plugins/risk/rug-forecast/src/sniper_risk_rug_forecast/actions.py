"""What happens to a pool of the Uniswap V2 kind, one action after the other, seen from one of its two coins."""

from typing import Literal

from sniper.plugin import Frozen

Kind = Literal["mint", "burn", "swap", "sync"]


class Action(Frozen, kw_only=True):
    """One action, with the reserves after it. Amounts are base units.

    time, block                   Unix seconds and number of its block.
    kind                          ``mint`` and ``burn`` of liquidity, ``swap``, or ``sync``: reserves set anew.
    sender                        Who called the pool: most often a router. Empty for ``sync``.
    to                            Who received; empty for ``mint`` and ``sync``, whose logs do not say it.
    quote_in, quote_out           What the pool took and gave of the coin that is paid with.
    token_in, token_out           The same of the coin that is traded.
    quote_reserve, token_reserve  What the pool counts as its own afterwards.
    """

    time: int
    block: int
    kind: Kind
    sender: str = ""
    to: str = ""
    quote_in: int = 0
    quote_out: int = 0
    token_in: int = 0
    token_out: int = 0
    quote_reserve: int
    token_reserve: int
