"""Where a contract's fallback finds the code that it runs: proxies of every kind, seen from their code alone."""

from typing import Final, Literal

from sniper.plugin import Frozen
from sniper_risk_owner_powers.code import LARGEST, decode
from sniper_risk_owner_powers.flow import Flow
from sniper_risk_owner_powers.machine import Call, run
from sniper_risk_owner_powers.terms import ADDRESS, Term, Terms, Word

STEPS: Final = 10_000

PRECOMPILED: Final = 0xFF
"""Below are contracts that the chain itself provides."""

DESIGNATED: Final = b"\xef\x01\x00"
"""Before the address whose code an account runs (EIP-7702)."""


class Delegate(Frozen):
    """kind  ``constant``: at ``address`` (EIP-1167); ``slot``: at the address in a storage slot (EIP-1967 and others);
           ``beacon``: at the address that a beacon names, which is at ``address`` or, where that is zero, in the slot;
           ``table``: each function has its own (EIP-2535), in the mapping at ``slot``.
    shift  Lowest bit of the address in the slot.
    """

    kind: Literal["constant", "slot", "beacon", "table"]
    address: int = 0
    slot: int = 0
    shift: int = 0


class Delegates(Frozen):
    found: tuple[Delegate, ...]


def delegates(runtime: bytes) -> Delegates:
    """To whom the calls go that no function of this code takes. Pure."""
    if runtime.startswith(DESIGNATED) and len(runtime) == 23:
        return Delegates(found=(Delegate(kind="constant", address=int.from_bytes(runtime[3:], "big")),))
    if not runtime or len(runtime) > LARGEST:
        return Delegates(found=())
    flow = Flow(run(decode(runtime), Terms(), None, STEPS))
    calls = {e.result: e for node in flow.nodes for e in node.events if isinstance(e, Call)}
    found: dict[Delegate, None] = {}
    for call in calls.values():
        if call.kind == "delegate" and call.selector is None and call.args:
            delegate = _of(call.to, calls)
            if delegate is not None:
                found[delegate] = None
    return Delegates(found=tuple(found))


def _of(to: Word, calls: dict[Term, Call]) -> Delegate | None:
    if isinstance(to, int):
        return Delegate(kind="constant", address=to & ADDRESS) if to > PRECOMPILED else None
    at = _slot(to)
    if at is not None:
        return Delegate(kind="slot", slot=at[0], shift=at[1])
    if to.op == "ret" and isinstance(to.args[0], Term):
        asked = calls[to.args[0]].to
        if isinstance(asked, int):
            return Delegate(kind="beacon", address=asked & ADDRESS)
        at = _slot(asked)
        return Delegate(kind="beacon", slot=at[0], shift=at[1]) if at else None
    load = to.args[0] if to.op == "field" else to
    if isinstance(load, Term) and load.op == "sload" and isinstance(load.args[0], Term) and load.args[0].op == "map":
        base = load.args[0].args[0]
        return Delegate(kind="table", slot=base) if isinstance(base, int) else None
    return None


def _slot(word: Term) -> tuple[int, int] | None:
    load, shift = (word.args[0], word.args[1]) if word.op == "field" else (word, 0)
    if isinstance(load, Term) and load.op == "sload" and isinstance(load.args[0], int) and isinstance(shift, int):
        return load.args[0], shift
    return None
