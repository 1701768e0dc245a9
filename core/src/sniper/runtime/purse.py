"""Where simulations get tokens from: the storage slot that holds a balance, or somebody who has enough."""

from collections.abc import Iterator, Sequence
from typing import Final

from sniper.errors import ComputeError
from sniper.evm.keccak import keccak256
from sniper.evm.rpc import Endpoints
from sniper.evm.simulate import SimulatedBlock, SimulatedCall, StateOverride, simulate_blocks
from sniper.runtime.forwarder import word
from sniper.runtime.probing import VAULT
from sniper.runtime.stage import BALANCE_OF, PLENTY, Source

_SLOTS: Final = 64
_OPENZEPPELIN: Final = 0x52C63247E1F47DB19D5CE0460030C497F067CA4CEBF71BA98EEADABE20BACE00
"""ERC-7201 location of ``openzeppelin.storage.ERC20``, whose first member holds the balances."""
_SOLADY: Final = 0x87A211A2
"""Solady's ERC20 keeps a balance at keccak256(address . seed), 20 and 12 bytes."""


class Purse:
    """Sources of tokens, found once for each token of a chain."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], Source] = {}

    async def source(self, endpoints: Endpoints, token: str, block: str, holders: Sequence[str], amount: int) -> Source:
        """Who has ``amount`` of the token in a simulation on ``block``.

        Raises `ComputeError` where no slot is found and none of ``holders`` has that much, `RpcError`.
        """
        known = self._found.get((endpoints.chain_id, token))
        if known is not None:
            return known
        candidates = list(_candidates(VAULT))
        found = await _balance(endpoints, token, block, {slot: PLENTY + i for i, slot in enumerate(candidates)})
        if PLENTY <= found < PLENTY + len(candidates):
            slot = candidates[found - PLENTY]
            if await _balance(endpoints, token, block, {slot: PLENTY}) == PLENTY:
                source = Source(holder=VAULT, slot=slot)
                self._found[endpoints.chain_id, token] = source
                return source
        calls = [SimulatedCall(sender=each, to=token, data=BALANCE_OF.encode(each), gas=1_000_000) for each in holders]
        (results,) = await simulate_blocks(endpoints, [SimulatedBlock(calls=calls)], block=block)
        for holder, result in zip(holders, results, strict=True):
            if result.success and int.from_bytes(result.data[:32], "big") >= amount:
                return Source(holder=holder)
        raise ComputeError(
            f"nobody can be given {token} in a simulation: its balances are in no storage slot that is known"
        )


async def _balance(endpoints: Endpoints, token: str, block: str, slots: dict[int, int]) -> int:
    call = SimulatedCall(sender=VAULT, to=token, data=BALANCE_OF.encode(VAULT), gas=1_000_000)
    simulated = SimulatedBlock(calls=[call], states={token: StateOverride(slots=slots)})
    ((result,),) = await simulate_blocks(endpoints, [simulated], block=block)
    return int.from_bytes(result.data, "big") if result.success and len(result.data) == 32 else 0


def _candidates(holder: str) -> Iterator[int]:
    """Slots in which contracts keep the balance of ``holder``: mappings as Solidity lays them out, at the first slots
    and where ERC-7201 puts them; as Vyper does; as Solady does."""
    key = word(holder)
    for slot in (*range(_SLOTS), _OPENZEPPELIN):
        yield int.from_bytes(keccak256(key + slot.to_bytes(32, "big")), "big")
    for slot in range(_SLOTS):
        yield int.from_bytes(keccak256(slot.to_bytes(32, "big") + key), "big")
    yield int.from_bytes(keccak256(key[12:] + _SOLADY.to_bytes(12, "big")), "big")
