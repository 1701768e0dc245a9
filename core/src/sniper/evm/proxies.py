"""All code that runs behind an address, in the order in which a call meets it: what proxies hand their calls on to."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from sniper.errors import CallReverted, CodecError
from sniper.evm.keccak import keccak256
from sniper.io import Chain

__all__ = [
    "ADMIN_SLOT",
    "BEACON_SLOT",
    "IMPLEMENTATION_SLOT",
    "Behind",
    "behind",
    "cloned",
    "facets",
    "hexed",
    "minimal",
    "of_beacon",
]

MOST: Final = 16
"""Pieces of code behind one address; the facets of a diamond are one each."""
ADDRESS: Final = 2**160 - 1

IMPLEMENTATION_SLOT: Final = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC
"""EIP-1967: what a proxy delegates to."""
BEACON_SLOT: Final = 0xA3F0AD74E5423AEBFD80D3EF4346578335A9A72AEAEE59FF6CB3582B35133D50
"""EIP-1967: who tells a proxy what it delegates to."""
ADMIN_SLOT: Final = 0xB53127684A568B3173AE13B9F8A6016E243E63B6E8EE1178D6A717850B5D6103
"""EIP-1967: who may change that."""

DELEGATECALL: Final = 0xF4
_DESIGNATED: Final = b"\xef\x01\x00"
"""Before the address whose code an account runs (EIP-7702)."""
_CLONE: Final = 64
"""Bytes in which a clone has named its target: EIP-1167 takes 45, its variants a few more or less."""
_MINIMAL: Final = tuple(
    (bytes.fromhex(begin), bytes.fromhex(end))
    for begin, end in (
        ("363d3d373d3d3d363d73", "5af43d82803e903d91602b57fd5bf3"),
        ("365f5f375f5f365f73", "5af43d5f5f3e5f3d91602a57fd5bf3"),
    )
)
"""Code of a minimal proxy before and after its target: of EIP-1167 and of EIP-7511. It ends there, and jumps nowhere
else."""
_SAFE: Final = keccak256(b"masterCopy()")[:4]
"""What a Safe's proxy answers itself; it delegates to the address in its first slot."""
_SAFE_PROXY: Final = 512
"""Bytes of a Safe's proxy at the most: it is far below, and a contract is seldom."""


class Behind(NamedTuple):
    """addresses, codes  Of each piece of code, the proxy's own first; of the same code only the first.
    unresolved           Why not all of it is known; empty where it is.
    """

    addresses: tuple[str, ...]
    codes: tuple[bytes, ...]
    unresolved: str = ""


Seen = Callable[[bytes], Awaitable[Sequence[str]]]
"""From code that runs in the name of an address to the addresses of the code that it hands calls on to. May raise
`CallReverted` where that cannot be found out."""


async def behind(chain: Chain, address: str, seen: Seen | None = None) -> Behind:
    """What runs when ``address`` is called. ``seen``: how that is told; where left out, by the standards EIP-1167,
    EIP-1967, EIP-2535 and EIP-7702, and as a Safe's proxies do. Raises `RpcError`, and what ``seen`` raises."""
    addresses: list[str] = []
    codes: list[bytes] = []
    pending, known = [address], {address}
    while pending:
        here = pending.pop(0)
        code = await chain.code(here)
        if not code:
            return Behind(tuple(addresses), tuple(codes), f"there is no code at {here}")
        if len(codes) == MOST:
            return Behind(tuple(addresses), tuple(codes), f"more than {MOST} contracts are behind {address}")
        addresses.append(here)
        codes.append(code)
        try:
            named = await (seen(code) if seen else _by_standards(chain, address, code))
        except CallReverted as refusal:
            why = f"the code behind {here} cannot be found: {refusal}"
            return Behind(tuple(addresses), tuple(codes), why)
        for each in named:
            if each not in known:
                known.add(each)
                pending.append(each)
    return Behind(tuple(addresses), tuple(codes))


def cloned(code: bytes) -> str:
    """What a clone delegates to, by its code: a minimal proxy (EIP-1167, and its shorter variants) or an account that
    runs the code of another (EIP-7702). Empty where it is neither."""
    if is_designated(code):
        return "0x" + code[3:].hex()
    at = code.find(b"\x73", 0, _CLONE)
    while at >= 0:
        # PUSH20, the address, GAS, DELEGATECALL
        if code[at + 21 : at + 23] == b"\x5a\xf4":
            return "0x" + code[at + 1 : at + 21].hex()
        at = code.find(b"\x73", at + 1, _CLONE)
    return ""


def minimal(code: bytes) -> str:
    """What a minimal proxy hands each call on to and does nothing else, by its code (EIP-1167, EIP-7511), whatever data
    follows. Empty where it is none: proof, where `cloned` is a hint, for code may name somebody and never get there."""
    for begin, end in _MINIMAL:
        after = len(begin) + 20
        if code.startswith(begin) and code[after:].startswith(end):
            return "0x" + code[len(begin) : after].hex()
    return ""


def is_designated(code: bytes) -> bool:
    """Whether it is that of an account with a key of its own, which borrows code (EIP-7702)."""
    return len(code) == 23 and code.startswith(_DESIGNATED)


async def facets(chain: Chain, diamond: str) -> tuple[str, ...]:
    """Of a diamond (EIP-2535), by its loupe. Raises `CallReverted` where it does not answer."""
    try:
        (found,) = await chain.read(diamond, "facetAddresses()(address[])")
        return tuple(str(each).lower() for each in found)
    except (CallReverted, CodecError):
        pass
    try:
        (listed,) = await chain.read(diamond, "facets()((address,bytes4[])[])")
    except CodecError as error:
        raise CallReverted(f"the diamond {diamond} tells its facets in no known way: {error}") from error
    return tuple(str(each).lower() for each, _ in listed)


async def of_beacon(chain: Chain, beacon: str) -> str:
    """What a beacon (EIP-1967) names. Raises `CallReverted` where it names nothing."""
    try:
        (named,) = await chain.read(beacon, "implementation()(address)")
    except CodecError as error:
        raise CallReverted(f"the beacon {beacon} names no implementation: {error}") from error
    return str(named).lower()


async def _by_standards(chain: Chain, holder: str, code: bytes) -> Sequence[str]:
    """Storage is always that of ``holder``, in whose name all of it runs."""
    clone = cloned(code)
    if clone:
        return (clone,)
    if DELEGATECALL not in code:
        return ()
    if len(code) <= _SAFE_PROXY and _SAFE in code:
        return (hexed(await chain.storage(holder, 0)),)
    implementation, beacon = await asyncio.gather(
        chain.storage(holder, IMPLEMENTATION_SLOT), chain.storage(holder, BEACON_SLOT)
    )
    if implementation & ADDRESS:
        return (hexed(implementation),)
    if beacon & ADDRESS:
        return (await of_beacon(chain, hexed(beacon)),)
    try:
        return await facets(chain, holder)
    except CallReverted:
        return ()  # most that delegate are no diamonds


def hexed(word: int) -> str:
    """The address in a word."""
    return f"0x{word & ADDRESS:040x}"
