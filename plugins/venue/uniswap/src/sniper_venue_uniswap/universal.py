"""Routes through the Universal Router 2.1 (universal-router: Dispatcher, Commands; v4-periphery: V4Router, Actions).

The router collects the whole amount through Permit2, holds the coins between the legs, each of which is one command,
and sends what is left of every coin to the owner; of the coin that is wanted, the minimum or the route reverts.

It sells fixed amounts, or all that it has of a coin. So a share of the coin that is paid is computed here, and a share
of a coin that an earlier leg brings cannot be sold, unless it is all of it.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sniper.evm.abi import function
from sniper.venue import NATIVE, WHOLE, RouteLeg, RouteSwap, UnsupportedRoute

V2: Final = "constant-product"
V3: Final = "uniswap-v3"
V4: Final = "uniswap-v4"
V2_FEE_BPS: Final = 30
"""What pairs of Uniswap's own factory charge, and the only fee that the router can compute."""

MOST: Final = 2**160 - 1
"""Permit2 and the router's minimum count in 160 bits; Permit2 takes this amount as unlimited."""

_EXECUTE: Final = function("execute(bytes commands, bytes[] inputs, uint256 deadline)")
_ROUTER: Final = "0x" + "0" * 39 + "2"
"""As a recipient: the router itself (``ActionConstants.ADDRESS_THIS``)."""

_ALL: Final = 2**255
"""As an amount: what the router has of the coin (``ActionConstants.CONTRACT_BALANCE``)."""

_OPEN_DELTA: Final = 0
"""As an amount in V4: what is owed to the router, from a payment or a swap before."""

_SETTLE, _SWAP, _TAKE = 0x0B, 0x06, 0x0E


class Command(NamedTuple):
    """One byte of ``commands``, and its input."""

    number: int
    input: bytes


def _command(number: int, fields: str) -> Callable[..., Command]:
    encode = function(f"input({fields})").encode
    return lambda *values: Command(number, encode(*values)[4:])


_swap_v3 = _command(0x00, "address recipient, uint256 amountIn, uint256 least, bytes path, bool payerIsUser")
_collect = _command(0x02, "address token, address recipient, uint160 amount")
_sweep = _command(0x04, "address token, address recipient, uint256 least")
_swap_v2 = _command(0x08, "address recipient, uint256 amountIn, uint256 least, address[] path, bool payerIsUser")
_wrap = _command(0x0B, "address recipient, uint256 amount")
_unwrap = _command(0x0C, "address recipient, uint256 least")
_swap_v4 = _command(0x10, "bytes actions, bytes[] parameters")

_settle = function("settle(address currency, uint256 amount, bool payerIsUser)").encode
_take = function("take(address currency, address recipient, uint256 amount)").encode
_single = function(
    "single(((address currency0, address currency1, uint24 fee, int24 tickSpacing, address hooks) key, bool zeroForOne,"
    " uint128 amountIn, uint128 least, bytes hookData) swap)"
).encode


def sold(legs: Sequence[RouteLeg], token_in: str, amount_in: int) -> list[int]:
    """What each leg sells: an amount, or `_ALL` of what is there. ``token_in``: with the wrapped coin for native.

    Raises `UnsupportedRoute` where a leg wants a share of what is not known before the route is carried out.
    """
    known: dict[str, int | None] = {token_in: amount_in}
    amounts = []
    for leg in legs:
        if leg.coin_in not in known:
            raise UnsupportedRoute(f"the leg through {leg.pool} sells {leg.coin_in}, which no leg before it brings")
        there = known[leg.coin_in]
        if leg.share == WHOLE:
            amounts.append(_ALL)
            known[leg.coin_in] = None if there is None else 0
        elif there is None or not 0 < leg.share < WHOLE:
            raise UnsupportedRoute(
                f"the leg through {leg.pool} sells a share ({leg.share} of {WHOLE}) of {leg.coin_in}, which an earlier "
                "leg brings: the Universal Router can sell all of such a coin only"
            )
        else:
            amounts.append(there * leg.share // WHOLE)
            known[leg.coin_in] = there - amounts[-1]
        known[leg.coin_out] = None
    return amounts


def calldata(route: RouteSwap, wrapped: str) -> bytes:
    """``wrapped``: the coin that the router was deployed with. Raises `UnsupportedRoute`."""
    if route.amount_in >= MOST or route.min_out > MOST:
        raise UnsupportedRoute(f"{route.amount_in} for at least {route.min_out} is beyond the 160 bits of Permit2")
    pay, get = (wrapped if token == NATIVE else token for token in (route.token_in, route.token_out))
    commands = [
        _wrap(_ROUTER, route.amount_in) if route.token_in == NATIVE else _collect(pay, _ROUTER, route.amount_in)
    ]
    for leg, amount in zip(route.legs, sold(route.legs, pay, route.amount_in), strict=True):
        if amount:  # a share that comes to nothing; to the router 0 would mean something else
            commands += _leg(leg, amount, wrapped)
    unwraps = route.token_out == NATIVE
    commands.append(_unwrap(route.owner, route.min_out) if unwraps else _sweep(get, route.owner, route.min_out))
    for coin in dict.fromkeys(coin for leg in route.legs for coin in (leg.coin_in, leg.coin_out)):
        if coin != get:
            back = coin == wrapped and route.token_in == NATIVE
            commands.append(_unwrap(route.owner, 0) if back else _sweep(coin, route.owner, 0))
    numbers = bytes(command.number for command in commands)
    return _EXECUTE.encode(numbers, [command.input for command in commands], route.deadline)


def _leg(leg: RouteLeg, amount: int, wrapped: str) -> list[Command]:
    if leg.amm == V2:
        return [_swap_v2(_ROUTER, amount, 0, [leg.coin_in, leg.coin_out], False)]
    if leg.amm == V3:
        path = bytes.fromhex(leg.coin_in[2:]) + leg.pool_data.to_bytes(3, "big") + bytes.fromhex(leg.coin_out[2:])
        return [_swap_v3(_ROUTER, amount, 0, path, False)]
    return _leg_v4(leg, amount, wrapped)


def _leg_v4(leg: RouteLeg, amount: int, wrapped: str) -> list[Command]:
    """Pays first and sells what was paid; what the pool did not take comes back. Around a pool of the native coin the
    router unwraps all that it has, and wraps again what is left."""
    fee, spacing, hooks = leg.pool_data >> 184 & 0xFFFFFF, leg.pool_data >> 160 & 0xFFFFFF, leg.pool_data & 2**160 - 1
    native = bool(leg.pool_data >> 208)
    coin_in, coin_out = (NATIVE if native and coin == wrapped else coin for coin in (leg.coin_in, leg.coin_out))
    zero_for_one = int(coin_in, 16) < int(coin_out, 16)
    low, high = (coin_in, coin_out) if zero_for_one else (coin_out, coin_in)
    key = (low, high, fee, spacing, f"0x{hooks:040x}")
    parameters = [
        _settle(coin_in, amount, False)[4:],
        _single((key, zero_for_one, _OPEN_DELTA, 0, b""))[4:],
        _take(coin_out, _ROUTER, _OPEN_DELTA)[4:],
        _take(coin_in, _ROUTER, _OPEN_DELTA)[4:],
    ]
    swap = _swap_v4(bytes((_SETTLE, _SWAP, _TAKE, _TAKE)), parameters)
    if not native:
        return [swap]
    return [*([_unwrap(_ROUTER, 0)] if coin_in == NATIVE else []), swap, _wrap(_ROUTER, _ALL)]
