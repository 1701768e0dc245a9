"""What a deployer made before: the addresses of what it created follow from its own and its nonce."""

import asyncio
from typing import Final

from sniper.errors import CallReverted, CodecError
from sniper.evm import rlp
from sniper.evm.keccak import keccak256
from sniper.io import Chain

MOST_NONCES: Final = 100
"""Of each deployer, the newest."""


def created(creator: str, nonce: int) -> str:
    """Where a contract is that an account creates with this nonce: the last 20 bytes of the keccak of the RLP of both
    (Yellow Paper, section 7)."""
    return "0x" + keccak256(rlp.encode([bytes.fromhex(creator[2:]), _scalar(nonce)]))[12:].hex()


async def earlier_tokens(chain: Chain, creators: tuple[str, ...], but: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tokens that the accounts created themselves, without ``but``; and what was left out. Those that a factory created
    for them are not found. Raises `RpcError`."""
    found: list[str] = []
    cut: list[str] = []
    for creator in creators:
        count = await chain.nonce(creator)
        if count > MOST_NONCES:
            cut.append(f"{creator} has sent {count} transactions, of which the last {MOST_NONCES} were looked at")
        places = [created(creator, nonce) for nonce in range(max(0, count - MOST_NONCES), count)]
        answers = await asyncio.gather(*(_is_token(chain, place) for place in places))
        found += [place for place, yes in zip(places, answers, strict=True) if yes and place != but]
    return tuple(dict.fromkeys(found)), tuple(cut)


async def _is_token(chain: Chain, address: str) -> bool:
    try:
        await asyncio.gather(
            chain.read(address, "totalSupply()(uint256)"),
            chain.read(address, "decimals()(uint256)"),
        )
    except (CallReverted, CodecError):
        return False
    return True


def _scalar(number: int) -> bytes:
    """Big-endian, without leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
