"""Which powers can be carried out, by whom, and how they are called."""

from collections import defaultdict
from typing import Final

from sniper.evm.abi import function
from sniper.evm.proxies import hexed
from sniper.evm.rulers import named, rulers
from sniper.evm.surface import Callable, surface
from sniper.io import Chain, Io
from sniper.plugin import Frozen
from sniper_risk_owner_powers.deeds import WAYS, Claim
from sniper_risk_owner_powers.holders import Holder, address_in
from sniper_risk_owner_powers.proxies import behind
from sniper_risk_owner_powers.report import Guard, Power

MOST_CLAIMS: Final = 16
MOST_CALLERS: Final = 3
"""Of those who may be in a list that cannot be read."""

_EVERYBODYS: Final = frozenset(
    function(signature).selector.hex()
    for signature in ("transfer(address,uint256)", "transferFrom(address,address,uint256)", "approve(address,uint256)")
)
"""Where these themselves refuse or charge, there is no call by which somebody makes them."""
_REFUSALS: Final = frozenset({"freeze", "pause", "limit", "tax", "sell-block"})
_UPGRADES: Final = tuple(
    Callable(selector=function(signature).selector, types=types)
    for signature, types in (
        ("upgradeTo(address)", ("address",)),
        ("upgradeToAndCall(address,bytes)", ("address", "bytes")),
    )
)
"""What a proxy's admin sends to its fallback."""


class Claims(Frozen):
    """``left_out``: powers for which there was no room."""

    found: tuple[Claim, ...]
    left_out: int = 0


async def claims(
    io: Io, chain: Chain, token: str, codes: tuple[bytes, ...], powers: tuple[Power, ...], holders: tuple[Holder, ...]
) -> Claims:
    """Each kind of power once, before any a second time. Raises `RpcError` and `ComputeError`."""
    held = {holder.variable: holder for holder in holders}
    listed: tuple[str, ...] | None = None
    found: list[Claim] = []
    turns: dict[str, int] = defaultdict(int)
    order: list[tuple[int, int]] = []
    for number, power in enumerate(powers):
        if can_be_shown(power):
            order.append((turns[power.power], number))
            turns[power.power] += 1
    for _, number in sorted(order):
        power = powers[number]
        callers = [who for guard in power.guards if (who := _holder(guard, held))]
        if not callers and all(guard.kind in {"mapping", "call"} for guard in power.guards):
            # Who is in a list cannot be read; and what anybody may call can be meant for one who is not asked more.
            if listed is None:
                known = [holder.address for holder in holders if holder.kind not in {"nobody", "contract"}]
                listed = tuple(each.address for each in (await rulers(chain, token, known=known, but=(token,))).found)
            callers = list(listed[:MOST_CALLERS])
        if power.guards and not callers:
            continue
        to, functions = await _called(io, chain, token, codes, power)
        if callers == [to]:  # a beacon of which the code does not tell who changes it
            callers = await named(chain, to)
        if functions:
            found.append(
                Claim(
                    number=number,
                    power=power.power,
                    to=to,
                    callers=tuple(callers),
                    guarded=bool(power.guards),
                    functions=tuple(functions),
                )
            )
    return Claims(found=tuple(found[:MOST_CLAIMS]), left_out=len(found[MOST_CLAIMS:]))


def can_be_shown(power: Power) -> bool:
    """Whether there is a call to make, and something to see."""
    return power.power in WAYS and not (power.power in _REFUSALS and {power.selector, *power.setters} <= _EVERYBODYS)


def _holder(guard: Guard, held: dict[str, Holder]) -> str:
    """Who passes, where that is one; empty: not known, or nobody."""
    holder = held.get(guard.variable)
    if holder is None or holder.kind == "nobody" or guard.kind not in {"slot", "constant", "beacon"}:
        return ""
    return holder.address


async def _called(
    io: Io, chain: Chain, token: str, codes: tuple[bytes, ...], power: Power
) -> tuple[str, list[Callable]]:
    """Where, and what. A beacon is told by a call of its own what it shall name."""
    beacon = next((guard for guard in power.guards if guard.kind == "beacon"), None)
    if beacon is not None:
        where = hexed(await address_in(chain, token, beacon.variable) or 0)
        pieces = (await behind(io, chain, where)).codes
        every = [what for piece in pieces for what in (await io.compute(surface, piece)).functions]
        return where, [what for what in every if what.changes and what.types[:1] == ("address",)]
    if power.selector == "fallback":
        return token, list(_UPGRADES) if power.power == "upgrade" else []
    wanted = [power.selector]
    if power.power in _REFUSALS:
        wanted = [each for each in dict.fromkeys((power.selector, *power.setters)) if each not in _EVERYBODYS]
    known: dict[str, Callable] = {}
    for piece in reversed(codes):  # a function that several pieces have is that of the first
        known.update({what.selector.hex(): what for what in (await io.compute(surface, piece)).functions})
    return token, [known[selector] for selector in wanted if selector in known]
