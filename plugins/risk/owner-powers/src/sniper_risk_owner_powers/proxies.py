"""What is behind a proxy of any kind, seen in its code: also where it keeps to no standard."""

from sniper.errors import CallReverted
from sniper.evm.keccak import keccak256
from sniper.evm.proxies import Behind, facets, hexed, of_beacon
from sniper.evm.proxies import behind as followed
from sniper.io import Chain, Io
from sniper_risk_owner_powers.delegates import Delegate, delegates
from sniper_risk_owner_powers.names import selectors
from sniper_risk_owner_powers.terms import ADDRESS


async def behind(io: Io, chain: Chain, address: str) -> Behind:
    """What runs when ``address`` is called. Raises `RpcError` and `ComputeError`."""

    async def seen(code: bytes) -> list[str]:
        found = (await io.compute(delegates, code)).found
        return [each for delegate in found for each in await _named(chain, address, delegate)]

    return await followed(chain, address, seen)


async def _named(chain: Chain, holder: str, delegate: Delegate) -> list[str]:
    """Addresses of code; storage is always that of ``holder``, in whose name all of it runs."""
    if delegate.kind == "table":
        try:
            return list(await facets(chain, holder))
        except CallReverted:
            return await _tabled(chain, holder, delegate.slot)
    if delegate.kind == "constant":
        return [hexed(delegate.address)]
    word = delegate.address or (await chain.storage(holder, delegate.slot)) >> delegate.shift & ADDRESS
    if delegate.kind == "slot":
        return [hexed(word)] if word else []
    return [await of_beacon(chain, hexed(word))]


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
