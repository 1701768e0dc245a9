"""Who holds a role now: nobody, a wallet, a multisig, a timelock or another contract."""

from collections.abc import Iterable
from typing import Final, Literal

from sniper.evm.proxies import hexed
from sniper.evm.rulers import ruler
from sniper.io import Chain, Io
from sniper.plugin import Frozen
from sniper_risk_owner_powers.analyse import explored
from sniper_risk_owner_powers.code import LARGEST
from sniper_risk_owner_powers.contract import IMPLEMENTATION, variables
from sniper_risk_owner_powers.machine import Call, Edge
from sniper_risk_owner_powers.proxies import behind
from sniper_risk_owner_powers.report import Guard
from sniper_risk_owner_powers.terms import ADDRESS, leaves

MOST: Final = 24
"""Roles that are looked up for one token."""


class Holder(Frozen):
    """Who has the role that ``variable`` names. ``kind``, and ``number`` for its weight, as in
    `sniper.evm.rulers.Ruler`, but that a timelock counts as one only where its code waits."""

    variable: str
    address: str
    kind: Literal["nobody", "wallet", "multisig", "timelock", "contract"]
    number: int = 0


class Settable(Frozen):
    """fixed  Nobody can change what was asked for.
    guards   Who can.
    """

    fixed: bool
    guards: tuple[Guard, ...]


def implementation_of(codes: tuple[bytes, ...]) -> Settable:
    """Who changes what a beacon names. Pure."""
    if not all(0 < len(code) <= LARGEST for code in codes):
        return Settable(fixed=False, guards=())
    contract, _, complete = explored(codes)
    flow = contract.by_selector.get(IMPLEMENTATION)
    named = [node.returned[0] for node in flow.nodes if node.exit == "return" and node.returned] if flow else []
    found = [variable for word in named for variable in variables(word)]
    changes = [write for variable in found for write in contract.writers.get(variable, ())]
    who = [contract.guards(write.flow, write.node) for write in changes]
    if not named or not complete or not all(who):
        return Settable(fixed=False, guards=())
    return Settable(fixed=not who, guards=tuple(dict.fromkeys(guard for guards in who for guard in guards)))


class Delayed(Frozen):
    always: bool


def delayed(codes: tuple[bytes, ...]) -> Delayed:
    """Whether a contract makes every call that its callers name only after looking at the time. Pure."""
    if not all(0 < len(code) <= LARGEST for code in codes):
        return Delayed(always=False)
    contract, _, complete = explored(codes)
    made = [
        (flow, number)
        for flow in contract.flows
        for number, node in enumerate(flow.nodes)
        for event in node.events
        if isinstance(event, Call) and event.kind != "static" and any(leaf.op == "arg" for leaf in leaves(event.to))
    ]
    return Delayed(always=complete and bool(made) and not any(n in f.ahead((1,), _looks_at_time) for f, n in made))


def _looks_at_time(edge: Edge) -> bool:
    return edge.condition is not None and any(leaf.name == "timestamp" for leaf in edge.condition.leaves)


async def holders(io: Io, chain: Chain, token: str, guards: Iterable[Guard]) -> tuple[Holder, ...]:
    """Of each role that is in one storage slot, or in the code. Raises `RpcError` and `ComputeError`."""
    found: dict[str, Holder] = {}
    # Of what is a beacon and a caller, too, the caller counts: that its code is fixed does not say that it never calls.
    for guard in sorted(guards, key=lambda guard: (guard.kind == "beacon", guard.kind == "call")):
        if guard.variable in found or len(found) == MOST:
            continue
        address = await address_in(chain, token, guard.variable)
        if address is not None and guard.kind in {"slot", "constant", "call", "beacon"}:
            if guard.kind in {"slot", "constant"}:
                found[guard.variable] = await _holder(io, chain, guard.variable, address)
            elif guard.kind == "beacon":
                found[guard.variable] = await _named(io, chain, guard.variable, address)
            else:  # it may say anything at any time
                found[guard.variable] = Holder(variable=guard.variable, address=hexed(address), kind="contract")
    return tuple(found.values())


async def _named(io: Io, chain: Chain, variable: str, address: int) -> Holder:
    """Of what a beacon at ``address`` names: who can change it, where that is one."""
    where = hexed(address)
    codes = (await behind(io, chain, where)).codes
    settable = await io.compute(implementation_of, codes)
    if settable.fixed:
        return Holder(variable=variable, address=where, kind="nobody")
    if len(settable.guards) == 1 and settable.guards[0].kind == "slot":
        owner = await address_in(chain, where, settable.guards[0].variable)
        if owner is not None:
            return await _holder(io, chain, variable, owner)
    return Holder(variable=variable, address=where, kind="contract")


async def address_in(chain: Chain, token: str, variable: str) -> int | None:
    """The address that a guard's variable stands for: itself, where it is one, else what is stored there. None where it
    is in a mapping or an array. Raises `RpcError`."""
    if variable.startswith("0x") and len(variable) == 42:
        return int(variable, 16)
    at = located(variable)
    return None if at is None else await chain.storage(token, at[0]) >> at[1] & ADDRESS


def located(variable: str) -> tuple[int, int] | None:
    """Slot and lowest bit of a variable that is neither in a mapping nor in an array."""
    path, _, shift = variable.partition("@")
    base, _, offset = path.partition("+")
    try:
        return (int(base, 0) + int(offset or "0", 0)) % 2**256, int(shift or "0")
    except ValueError:
        return None


async def _holder(io: Io, chain: Chain, variable: str, address: int) -> Holder:
    where = hexed(address)

    async def waits() -> bool:
        codes = (await behind(io, chain, where)).codes
        return (await io.compute(delayed, codes)).always

    found = await ruler(chain, where, waits)
    return Holder(variable=variable, address=where, kind=found.kind, number=found.weight)
