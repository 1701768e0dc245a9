"""All code that runs behind an address, in the order in which a call meets it."""

from typing import Final

from sniper.errors import CallReverted
from sniper.evm.keccak import keccak256
from sniper.io import Chain, Io
from sniper_risk_owner_powers.delegates import Delegate, delegates
from sniper_risk_owner_powers.names import selectors
from sniper_risk_owner_powers.terms import ADDRESS

MOST: Final = 16
"""Pieces of code behind one address; the facets of a diamond are one each."""


class Behind:
    """addresses, codes  Of each piece of code, the proxy's own first; of the same code only the first.
    unresolved           Why not all of it is known; empty where it is.
    """

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.codes: list[bytes] = []
        self.unresolved = ""


async def behind(io: Io, chain: Chain, address: str) -> Behind:
    """What runs when ``address`` is called. Raises `RpcError` and `ComputeError`."""
    found = Behind()
    pending = [address]
    seen = {address}
    while pending:
        here = pending.pop(0)
        code = await chain.code(here)
        if not code:
            found.unresolved = f"there is no code at {here}"
            break
        if len(found.codes) == MOST:
            found.unresolved = f"more than {MOST} contracts are behind {address}"
            break
        found.addresses.append(here)
        found.codes.append(code)
        for delegate in (await io.compute(delegates, code)).found:
            try:
                named = await _named(chain, address, delegate)
            except CallReverted as refusal:
                found.unresolved = f"the code behind {here} cannot be found: {refusal}"
                break
            for each in named:
                if each not in seen:
                    seen.add(each)
                    pending.append(each)
    return found


async def _named(chain: Chain, holder: str, delegate: Delegate) -> list[str]:
    """Addresses of code; storage is always that of ``holder``, in whose name all of it runs."""
    if delegate.kind == "table":
        try:
            (facets,) = await chain.read(holder, "facetAddresses()(address[])")
            return [str(facet).lower() for facet in facets]
        except CallReverted:
            return await _tabled(chain, holder, delegate.slot)
    if delegate.kind == "constant":
        return [hexed(delegate.address)]
    word = delegate.address or (await chain.storage(holder, delegate.slot)) >> delegate.shift & ADDRESS
    if delegate.kind == "slot":
        return [hexed(word)] if word else []
    (implementation,) = await chain.read(hexed(word), "implementation()(address)")
    return [str(implementation).lower()]


async def _tabled(chain: Chain, holder: str, slot: int) -> list[str]:
    """Of a diamond that does not tell its facets, those behind the usual functions. Raises `CallReverted` where it has
    none of a token."""
    found: dict[str, None] = {}
    for selector in selectors():
        key = keccak256(bytes.fromhex(selector).ljust(32, b"\0") + slot.to_bytes(32, "big"))
        word = await chain.storage(holder, int.from_bytes(key, "big")) & ADDRESS
        if word:
            found[hexed(word)] = None
    if not found:
        raise CallReverted(f"the diamond {holder} tells no facets and has none behind the usual functions")
    return list(found)


def hexed(address: int) -> str:
    return f"0x{address:040x}"
