"""Functions with which owners open trading, by the names that verified token contracts give them. Pure.

Names are a token author's choice: the list has common ones, and cannot have all.
"""

from typing import Final

from sniper.evm.abi import function
from sniper_feed_pending_pool.words import number


def _selectors(*signatures: str) -> dict[str, str]:
    return {"0x" + function(each).selector.hex(): each.partition("(")[0] for each in signatures}


_ALWAYS: Final = _selectors(
    "openTrading()",
    "openTrading(address)",
    "openTrading(uint256)",
    "openTrade()",
    "enableTrading()",
    "enableTrading(uint256)",
    "enableTrading(uint256,uint256)",
    "startTrading()",
    "startTrading(uint256)",
    "startTrade()",
    "activateTrading()",
    "beginTrading()",
    "allowTrading()",
    "unlockTrading()",
    "setTradingEnabled()",
    "setTradingOpen()",
    "launch()",
    "launch(uint256)",
    "launchToken()",
    "goLive()",
)
_WHERE_TRUE: Final = _selectors(
    "openTrading(bool)",
    "enableTrading(bool)",
    "setTrading(bool)",
    "setTradingEnabled(bool)",
    "setTradingActive(bool)",
    "setTradingOpen(bool)",
    "setTradingStatus(bool)",
    "setTradingIsEnabled(bool)",
    "setIsTradingEnabled(bool)",
    "tradingStatus(bool)",
    "tradingEnabled(bool)",
    "toggleTrading(bool)",
    "updateTradingStatus(bool)",
)
NAMES: Final = _ALWAYS | _WHERE_TRUE
"""By selector, hex with 0x."""

EVERYDAY: Final = frozenset(
    _selectors(
        "transfer(address,uint256)",
        "transferFrom(address,address,uint256)",
        "approve(address,uint256)",
        "increaseAllowance(address,uint256)",
        "decreaseAllowance(address,uint256)",
        "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    )
)
"""What every holder of a token does, and no owner's deed."""


def opens(selector: str, arguments: bytes) -> bool:
    """Whether a call opens trading, by its name. Raises `Nonsense` where an argument is missing."""
    if selector in _WHERE_TRUE:
        return number(arguments, 0) != 0
    return selector in _ALWAYS
