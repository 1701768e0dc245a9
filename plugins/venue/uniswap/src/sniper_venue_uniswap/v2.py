"""Calls of UniswapV2Router02 (v2-periphery).

Always the variants for tokens that take a fee on transfer: they measure what arrived, so ``min_out`` holds for what the
owner really gets, and they cost other tokens no more than one balance read.
"""

from typing import Final

from sniper.evm.abi import function
from sniper.venue import NATIVE, Swap

_BUY: Final = function(
    "swapExactETHForTokensSupportingFeeOnTransferTokens(uint256 amountOutMin, address[] path, address to,"
    " uint256 deadline)"
)
_SELL: Final = function(
    "swapExactTokensForETHSupportingFeeOnTransferTokens(uint256 amountIn, uint256 amountOutMin, address[] path,"
    " address to, uint256 deadline)"
)
_CHANGE: Final = function(
    "swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256 amountIn, uint256 amountOutMin, address[] path,"
    " address to, uint256 deadline)"
)


def calldata(swap: Swap, path: tuple[str, str]) -> bytes:
    """``path``: the pair's coins in the order of the trade, wrapped coin for native."""
    if swap.token_in == NATIVE:
        return _BUY.encode(swap.min_out, path, swap.owner, swap.deadline)
    sell = _SELL if swap.token_out == NATIVE else _CHANGE
    return sell.encode(swap.amount_in, swap.min_out, path, swap.owner, swap.deadline)
