"""Calls of NonfungiblePositionManager (v3-periphery 1.4.4), and what its logs say.

Each mint is a position of its own: whom an ``increaseLiquidity`` would benefit its calldata do not say, so no signer
could know that it is the sender. To the manager the zero address as a recipient means itself: there coins wait, within
one transaction, to be unwrapped and swept to the owner.
"""

from typing import Final

from sniper.evm.abi import event, function
from sniper.evm.log import Log
from sniper.venue import NATIVE, LiquidityMoved, Provision, Removal

_MULTICALL: Final = function("multicall(bytes[] data)")
_MINT: Final = function(
    "mint((address token0, address token1, uint24 fee, int24 tickLower, int24 tickUpper, uint256 amount0Desired,"
    " uint256 amount1Desired, uint256 amount0Min, uint256 amount1Min, address recipient, uint256 deadline))"
)
_DECREASE: Final = function(
    "decreaseLiquidity((uint256 tokenId, uint128 liquidity, uint256 amount0Min, uint256 amount1Min, uint256 deadline))"
)
_COLLECT: Final = function("collect((uint256 tokenId, address recipient, uint128 amount0Max, uint128 amount1Max))")
_BURN: Final = function("burn(uint256 tokenId)")
_UNWRAP: Final = function("unwrapWETH9(uint256 amountMinimum, address recipient)")
_SWEEP: Final = function("sweepToken(address token, uint256 amountMinimum, address recipient)")
_REFUND: Final = function("refundETH()").encode()
_MOST: Final = 2**128 - 1

_INCREASED: Final = event(
    "IncreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)"
)
_DECREASED: Final = event(
    "DecreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)"
)
_COLLECTED: Final = event("Collect(uint256 indexed tokenId, address recipient, uint256 amount0, uint256 amount1)")


def mint(provision: Provision) -> bytes:
    """Native coin that it does not need comes back."""
    bounds = (provision.lower, provision.upper, *provision.amounts, *provision.least)
    made = _MINT.encode((*provision.coins, provision.pool_data, *bounds, provision.owner, provision.deadline))
    return _MULTICALL.encode([made, _REFUND] if provision.native else [made])


def take_out(removal: Removal, wrapped: str) -> bytes:
    """Liquidity first, then all that is owed for it, fees included; at the end of it the position itself."""
    calls = []
    if removal.liquidity:
        calls.append(_DECREASE.encode((removal.position, removal.liquidity, *removal.least, removal.deadline)))
    recipient = NATIVE if removal.native else removal.owner
    calls.append(_COLLECT.encode((removal.position, recipient, _MOST, _MOST)))
    if removal.native:
        calls += [
            _UNWRAP.encode(0, removal.owner) if coin == wrapped else _SWEEP.encode(coin, 0, removal.owner)
            for coin in removal.coins
        ]
    if removal.ends:
        calls.append(_BURN.encode(removal.position))
    return _MULTICALL.encode(calls)


def moved(logs: tuple[Log, ...], manager: str) -> LiquidityMoved | None:
    """By the manager's own logs; all others are of no account."""
    position = liquidity = 0
    amounts = (0, 0)
    for log in logs:
        if log.address != manager or not log.topics:
            continue
        for kind, sign in ((_INCREASED, 1), (_DECREASED, -1)):
            if log.topics[0] == kind.topic:
                position, changed, *taken = kind.decode(log.topics, log.data)
                liquidity += sign * changed
                amounts = (amounts[0] + taken[0], amounts[1] + taken[1])
        if log.topics[0] == _COLLECTED.topic:
            position = _COLLECTED.decode(log.topics, log.data)[0]
    return LiquidityMoved(position=position, liquidity=liquidity, amounts=amounts) if position else None
