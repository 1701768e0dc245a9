"""What a transaction was for a wallet: a swap, or a transfer. Pure.

Amounts come from the logs of the tokens, which may lie: what is told of them is a hint.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sniper.evm.abi import event
from sniper.evm.log import Log

TRANSFER: Final = event("Transfer(address indexed from, address indexed to, uint256 value)").topic
UNWRAPPED: Final = event("Withdrawal(address indexed src, uint256 wad)").topic
"""WETH9 and its like: native coin comes out."""
_WORD: Final = 32
_TOPICS: Final = 3


class Transaction(NamedTuple):
    """``sender``: who signed it. ``value``: wei that came with it. ``unwrapped``: whether native coin came out."""

    hash: str
    block: int
    sender: str
    value: int
    unwrapped: bool


class Moved(NamedTuple):
    """What a token says that it moved: base units."""

    token: str
    sender: str
    receiver: str
    amount: int


class Deed(NamedTuple):
    """``direction``: 1 bought, -1 sold, 0 sent or received. ``amount``: base units."""

    token: str
    direction: int
    amount: int
    words: str


def moved(log: Log) -> Moved | None:
    """What a log says; None where it is no ERC-20 transfer. NFTs have a fourth topic."""
    if len(log.topics) != _TOPICS or log.topics[0] != TRANSFER or len(log.data) != _WORD:
        return None
    sender, receiver = (f"0x{topic[-40:]}".lower() for topic in log.topics[1:])
    return Moved(log.address.lower(), sender, receiver, int.from_bytes(log.data))


def deeds(wallet: str, transaction: Transaction, moves: Iterable[Moved], money: frozenset[str]) -> list[Deed]:
    """By token, sorted. Only what the wallet itself signed counts as a swap: others can make it receive and, by tokens
    that lie, send whatever they like."""
    change: dict[str, int] = {}
    for move in moves:
        if wallet in (move.sender, move.receiver) and move.sender != move.receiver:
            sign = 1 if move.receiver == wallet else -1
            change[move.token] = change.get(move.token, 0) + sign * move.amount
    came = {token: amount for token, amount in sorted(change.items()) if amount > 0}
    went = {token: -amount for token, amount in sorted(change.items()) if amount < 0}
    own = transaction.sender == wallet
    paid = [*went, *(["the native coin"] if own and transaction.value else [])]
    got = [*came, *(["the native coin"] if own and transaction.unwrapped and not came else [])]
    if own and paid and got:
        bought = [Deed(token, 1, amount, f"bought for {_names(paid)}") for token, amount in came.items()]
        sold = [Deed(token, -1, amount, f"sold for {_names(got)}") for token, amount in went.items()]
    else:
        bought = [Deed(token, 0, amount, "received") for token, amount in came.items()]
        sold = [Deed(token, 0, amount, "sent") for token, amount in went.items()]
    return [deed for deed in (*bought, *sold) if deed.token not in money]


def _names(of: list[str]) -> str:
    return of[0] if len(of) == 1 else f"{len(of)} coins"
