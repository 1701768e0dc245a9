"""One pending transaction, as a node tells it."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, field

from sniper.errors import SniperError

MOST_CALLDATA: Final = 131_072
"""Bytes; geth's pool takes no larger transaction (``txMaxSize``), so what is larger is not decoded."""

_Hash = Annotated[str, Meta(pattern="^0x[0-9a-f]{64}$")]
_Address = Annotated[str, Meta(pattern="^0x[0-9a-fA-F]{40}$")]
_Quantity = Annotated[str, Meta(pattern="^0x[0-9a-fA-F]{1,64}$")]
_Nonce = Annotated[str, Meta(pattern="^0x[0-9a-fA-F]{1,16}$")]
"""EIP-2681: below 2**64."""


class Nonsense(SniperError, ValueError):
    """A node told something that is no transaction of this chain, or calldata that its function cannot read."""

    code = "pending-nonsense"


class TooLarge(Nonsense):
    """More calldata than a pool takes."""

    code = "pending-too-large"


class _Told(Struct):
    """The fields of a transaction object that count (execution-apis, ``GenericTransaction``)."""

    hash: _Hash
    sender: _Address = field(name="from")
    nonce: _Nonce
    gas: _Quantity
    value: _Quantity
    input: str
    to: _Address | None = None
    gas_price: _Quantity | None = field(name="gasPrice", default=None)
    max_fee: _Quantity | None = field(name="maxFeePerGas", default=None)
    max_tip: _Quantity | None = field(name="maxPriorityFeePerGas", default=None)
    chain_id: _Quantity | None = field(name="chainId", default=None)
    block: _Quantity | None = field(name="blockNumber", default=None)


class Pending(Struct, frozen=True):
    """``to``: empty where it creates a contract. ``calldata``: hex with 0x, perhaps no hex at all. Wei, wei per gas."""

    hash: str
    sender: str
    nonce: int
    to: str
    value: int
    gas: int
    max_fee: int
    max_tip: int
    calldata: str


def read(told: Any, chain_id: int) -> Pending | None:
    """What a node says of a transaction (JSON); None where it is in a block already. Raises `Nonsense`, `TooLarge`."""
    try:
        found = msgspec.convert(told, _Told)
    except (msgspec.ValidationError, TypeError) as error:
        raise Nonsense(f"a node told {told!r:.120}, which is no pending transaction: {error}") from None
    if found.block is not None:
        return None
    if found.chain_id is not None and int(found.chain_id, 16) != chain_id:
        raise Nonsense(f"a node of chain {chain_id} told {found.hash}, which is of chain {int(found.chain_id, 16)}")
    if len(found.input) > 2 + 2 * MOST_CALLDATA:
        raise TooLarge(f"{found.hash} has {len(found.input) // 2 - 1} bytes of calldata; no pool takes so many")
    max_fee = found.max_fee or found.gas_price
    if max_fee is None:
        raise Nonsense(f"a node told {found.hash} without a price of its gas")
    return Pending(
        hash=found.hash,
        sender=found.sender.lower(),
        nonce=int(found.nonce, 16),
        to=(found.to or "").lower(),
        value=int(found.value, 16),
        gas=int(found.gas, 16),
        max_fee=int(max_fee, 16),
        max_tip=int(found.max_tip or max_fee, 16),
        calldata=found.input,
    )


def arguments(pending: Pending) -> bytes:
    """The calldata behind the selector. Raises `Nonsense` where it is no hex."""
    try:
        return bytes.fromhex(pending.calldata[10:])
    except ValueError:
        raise Nonsense(f"a node told {pending.hash} with calldata that is no hex") from None
