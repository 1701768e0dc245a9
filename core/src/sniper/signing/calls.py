"""What a call moves, for the functions that venues of sniper call, and their relatives.

Sources: v2-periphery (UniswapV2Router02), swap-router-contracts (SwapRouter02), v3-periphery
(NonfungiblePositionManager), universal-router (see `sniper.signing.commands`), WETH9, and sniper's own Aggregator,
whose caller alone receives.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from sniper.evm.abi import function
from sniper.signing.calldata import WORD, UnreadableCall, address, dynamic, first_address, number, offset, parts, word
from sniper.signing.commands import EXECUTE, movements


class Moves(NamedTuple):
    """What the sender of a call gives, at most, and who is given something.

    receivers  Words of calldata; those that mean the sender or the called contract are left out, the sender's own
               address is not.
    spent      (token, amount) that may be taken from the sender.
    """

    receivers: tuple[bytes, ...]
    spent: tuple[tuple[str, int], ...]


_OURS: Final = frozenset(n.to_bytes(WORD, "big") for n in (1, 2))
"""In SwapRouter02: the sender, the router itself (``Constants.MSG_SENDER``, ``ADDRESS_THIS``)."""


def _v2(recipient: int, path: int, amount: int | None) -> Callable[[bytes], Moves]:
    """``amount``: None where the native coin is paid."""

    def read(data: bytes) -> Moves:
        token = first_address(data, path)
        return Moves((word(data, recipient),), () if amount is None else ((token, number(data, amount)),))

    return read


def _single(amount: int) -> Callable[[bytes], Moves]:
    """``exactInputSingle`` and ``exactOutputSingle``: tokenIn, tokenOut, fee, recipient, two amounts, price limit."""
    return lambda data: Moves(_others(word(data, 3)), ((address(word(data, 0)), number(data, amount)),))


def _input_path(data: bytes) -> Moves:
    """``exactInput``: a path that begins with what is paid, recipient, amount, least."""
    if number(data, 0) != WORD:
        raise UnreadableCall("a tuple that is not where it belongs")
    inner = data[WORD:]
    path = dynamic(inner, offset(inner, 0))
    if len(path) < 20:
        raise UnreadableCall(f"a path of {len(path)} bytes")
    return Moves(_others(word(inner, 1)), ((f"0x{path[:20].hex()}", number(inner, 2)),))


def _mint(data: bytes) -> Moves:
    """token0, token1, fee, two ticks, two amounts, two least ones, recipient, deadline."""
    paid = ((address(word(data, n)), number(data, n + 5)) for n in range(2))
    return Moves((word(data, 9),), tuple((token, amount) for token, amount in paid if amount))


def _collect(data: bytes) -> Moves:
    """A position, recipient, two amounts. To the zero address: to the manager itself, within its ``multicall``."""
    recipient = word(data, 1)
    return Moves((recipient,) if any(recipient) else (), ())


def _to(position: int) -> Callable[[bytes], Moves]:
    return lambda data: Moves(_others(word(data, position)), ())


def _nothing(data: bytes) -> Moves:
    """Pays the sender alone."""
    return Moves((), ())


def _aggregator(data: bytes) -> Moves:
    """The first coin is paid, by allowance or, wrapped, as value."""
    if number(data, 0) != WORD:
        raise UnreadableCall("a tuple that is not where it belongs")
    inner = data[WORD:]
    return Moves((), ((first_address(inner, 0), number(inner, 2)),))


def _others(receiver: bytes) -> tuple[bytes, ...]:
    return () if receiver in _OURS else (receiver,)


def _by_selector(readers: dict[str, Callable[[bytes], Moves]]) -> dict[bytes, Callable[[bytes], Moves]]:
    return {function(signature).selector: read for signature, read in readers.items()}


_INSIDE: Final = _by_selector(
    {
        "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))": _single(4),
        "exactOutputSingle((address,address,uint24,address,uint256,uint256,uint160))": _single(5),
        "exactInput((bytes,address,uint256,uint256))": _input_path,
        "unwrapWETH9(uint256,address)": _to(1),
        "unwrapWETH9(uint256)": _nothing,
        "sweepToken(address,uint256,address)": _to(2),
        "sweepToken(address,uint256)": _nothing,
        "refundETH()": _nothing,
        "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))": _mint,
        "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))": _nothing,
        "collect((uint256,address,uint128,uint128))": _collect,
        "burn(uint256)": _nothing,
    }
)
"""SwapRouter02 and NonfungiblePositionManager, alone and within their ``multicall``. Only the owner of a position may
take out of it, and burn it once it is empty; what it is then owed, a ``collect`` alone pays."""


def _multicall(data: bytes, position: int) -> Moves:
    found = list(_each(parts(data, offset(data, WORD * position))))
    return Moves(
        tuple(receiver for moves in found for receiver in moves.receivers),
        tuple(spent for moves in found for spent in moves.spent),
    )


def _each(calls: list[bytes]) -> Iterator[Moves]:
    for call in calls:
        read = _INSIDE.get(call[:4])
        if read is None:
            raise UnreadableCall(f"a multicall of 0x{call[:4].hex()}")
        yield read(call[4:])


_READERS: Final = (
    _by_selector(
        {
            "swapExactETHForTokens(uint256,address[],address,uint256)": _v2(2, 1, None),
            "swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)": _v2(2, 1, None),
            "swapETHForExactTokens(uint256,address[],address,uint256)": _v2(2, 1, None),
            "swapExactTokensForETH(uint256,uint256,address[],address,uint256)": _v2(3, 2, 0),
            "swapExactTokensForETHSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)": _v2(
                3, 2, 0
            ),
            "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)": _v2(3, 2, 0),
            "swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)": _v2(
                3, 2, 0
            ),
            "swapTokensForExactETH(uint256,uint256,address[],address,uint256)": _v2(3, 2, 1),
            "swapTokensForExactTokens(uint256,uint256,address[],address,uint256)": _v2(3, 2, 1),
            "multicall(uint256,bytes[])": lambda data: _multicall(data, 1),
            "multicall(bytes[])": lambda data: _multicall(data, 0),
            "deposit()": _nothing,
            "withdraw(uint256)": _nothing,
            "execute((address[],uint8,uint256,uint256,bool,uint256,"
            "(uint8,uint8,uint8,uint64,uint256,uint256)[]))": _aggregator,
        }
    )
    | _INSIDE
    | {EXECUTE.selector: lambda data: Moves(*movements(data))}
)


def read(calldata: bytes) -> Moves | None:
    """What a call moves; None for a function that is not known here. Raises `UnreadableCall`."""
    reader = _READERS.get(calldata[:4])
    return None if reader is None else reader(calldata[4:])
