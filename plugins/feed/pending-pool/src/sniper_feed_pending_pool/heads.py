"""The newest blocks, as far as the pool needs them: their hashes of transactions, and what the next one costs."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from sniper.errors import RpcError
from sniper.events import Block
from sniper.evm.endpoint import NodeError, Request
from sniper.evm.rpc import Endpoints
from sniper.fee import next_base_fee

MOST_BEHIND = 16
"""Blocks that are looked at together."""


class _Told(Struct):
    """A block object without transactions' bodies (execution-apis, ``Block``)."""

    hash: str
    number: str
    gas_used: str = field(name="gasUsed")
    gas_limit: str = field(name="gasLimit")
    transactions: list[str]
    base_fee: str = field(name="baseFeePerGas", default="0x0")


class Head(Struct, frozen=True):
    """``base_fee``: of the block after it, wei per gas. ``mined``: hashes of its transactions."""

    number: int
    hash: str
    base_fee: int
    gas_limit: int
    mined: tuple[str, ...]


class Heads:
    """Follows the kernel's blocks; where it has none, the chain's newest."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._known = ""

    def behind(self, resume: Mapping[str, Any] | None) -> list[Request]:
        """What to ask for to be where the kernel is (`FeedContext.resume`); empty where it is known. Oldest first."""
        if resume is None:
            return [("eth_getBlockByNumber", ("latest", False))]
        recent = [hash_ for _, hash_ in resume.get("recent") or ((0, resume["hash"]),)][:MOST_BEHIND]
        if not self._known:
            recent = recent[:1]
        elif self._known in recent:
            recent = recent[: recent.index(self._known)]
        return [("eth_getBlockByHash", (hash_, False)) for hash_ in reversed(recent)]

    async def read(self, requests: list[Request]) -> list[Head]:
        """Raises `RpcError`. A block that no node has any more is left out."""
        answers = await self._endpoints.batch(requests)
        found = [_head(each) for each in answers if each is not None and not isinstance(each, NodeError)]
        if found:
            self._known = found[-1].hash
        return found


def _head(told: Any) -> Head:
    """Any: JSON. Raises `RpcError`."""
    try:
        block = msgspec.convert(told, _Told)
        header = Block(
            time=0,
            chain_id=0,
            number=int(block.number, 16),
            hash=block.hash,
            parent="",
            timestamp=0,
            base_fee=int(block.base_fee, 16),
            gas_used=int(block.gas_used, 16),
            gas_limit=int(block.gas_limit, 16),
        )
    except (msgspec.ValidationError, ValueError) as error:
        raise RpcError(f"a node gave {told!r:.80}, which is no block: {error}") from None
    return Head(
        number=header.number,
        hash=header.hash,
        base_fee=next_base_fee(header),
        gas_limit=header.gas_limit,
        mined=tuple(block.transactions),
    )
