"""Powers over transfers: what an ordinary transfer can be refused for, or made to cost, and who can change that."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from sniper_risk_owner_powers.balances import Change
from sniper_risk_owner_powers.contract import ERC20, TRANSFER, TRANSFER_FROM, Contract, Write, slot_keys, variables
from sniper_risk_owner_powers.flow import Flow, Refusal
from sniper_risk_owner_powers.machine import Call, Store
from sniper_risk_owner_powers.report import Guard
from sniper_risk_owner_powers.storage import Variable
from sniper_risk_owner_powers.terms import Term, Word, leaves

COMPARES: Final = frozenset({"lt", "gt", "slt", "sgt"})


class Restriction(NamedTuple):
    """setter, guards  The write by which it is changed, and who may; setter None where it is in the code for good."""

    power: str
    flow: Flow
    start: int
    end: int
    variable: Variable | None
    setter: Write | None
    guards: tuple[Guard, ...]
    what: str


def restrictions(contract: Contract, changed: list[Change]) -> Iterator[Restriction]:
    for selector, sender, to, amount in ((TRANSFER, None, 4, 36), (TRANSFER_FROM, 4, 36, 68)):
        flow = contract.by_selector.get(selector)
        if flow is None:
            continue
        make = contract.terms.make
        parties = Parties(
            contract, contract.caller if sender is None else make("arg", sender), make("arg", to), make("arg", amount)
        )
        own = [c for c in changed if c.write.flow is flow]
        goals = {c.write.node for c in own} or set(flow.endings)
        for refusal in flow.refusals(goals):
            yield from _refused(contract, flow, parties, refusal)
        yield from _taxed(contract, flow, own)
    if not contract.balances:
        yield from _closed(contract)


def _closed(contract: Contract) -> Iterator[Restriction]:
    """In what is no token: what everybody may do until a switch says otherwise."""
    nobody = contract.terms.environment("nobody")
    parties = Parties(contract, contract.caller, nobody, contract.terms.environment("callvalue"))
    for flow in contract.flows:
        goals = {
            n
            for n, node in enumerate(flow.nodes)
            if any(isinstance(e, Store) or (isinstance(e, Call) and e.value != 0) for e in node.events)
            and not contract.guards(flow, n)
        }
        if goals:
            for refusal in flow.refusals(goals):
                yield from _refused(contract, flow, parties, refusal)


class Parties(NamedTuple):
    contract: Contract
    sender: Term
    to: Term
    amount: Term

    def account(self, word: Word | str) -> bool:
        return word is self.sender or word is self.to or self.contract.sender(word)


def _refused(contract: Contract, flow: Flow, parties: Parties, refusal: Refusal) -> Iterator[Restriction]:
    lost = refusal.lost

    def found(power: str, variable: Variable | None, what: str) -> Restriction:
        settable = contract.settable(variable) if variable else None
        setter, guards = settable or (None, ())
        return Restriction(power, flow, refusal.place, refusal.end, variable, setter, guards, what)

    for holding in (lost, *refusal.choices):
        own = holding is lost
        for variable, load in variables(holding.term).items():
            settable = contract.settable(variable)
            if settable is None or variable in contract.balances | contract.allowances | contract.supply:
                continue
            if not contract.can_be(variable, holding):
                continue
            keys = slot_keys(load)
            if keys:
                if len(keys) == 1 and parties.account(keys[0]) and own and not _exempts(contract, refusal):
                    yield found("freeze", variable, "refuses accounts that a list names")
            elif _limits(contract, parties, holding.term, variable):
                yield found("limit", variable, "refuses amounts beyond a limit that can be changed")
            elif holding.term.op == "eq" and any(parties.account(a) for a in holding.term.args):
                if own:
                    yield found("sell-block", variable, "refuses all but certain parties")
            elif _switches(holding.term):
                yield found("pause", variable, "refuses transfers by a switch")
    yield from _asked(contract, parties, refusal, found)
    if lost.term.op == "eq" and not lost.holds and any(parties.account(a) for a in lost.term.args):
        other = [a for a in lost.term.args if not parties.account(a)]
        read = variables(other[0]) if other else {}
        if other and other[0] != 0 and not any(slot_keys(load) for load in read.values()):
            yield found("sell-block", next(iter(read), None), "refuses all but certain parties")


def _exempts(contract: Contract, refusal: Refusal) -> bool:
    """Whether a list only lets some pass while a switch refuses the others: then the switch is the power."""
    term, holds = refusal.lost
    if holds or term.op not in {"sload", "field"}:
        return False
    return any(not v.mapping and contract.settable(v) for h in refusal.choices for v in variables(h.term))


def _limits(contract: Contract, parties: Parties, term: Term, variable: Variable) -> bool:
    """An amount or a balance on one side of a comparison, the variable without them on the other one."""
    if term.op not in COMPARES:
        return False

    def counted(side: Word) -> bool:
        return parties.amount in leaves(side) or any(v in contract.balances for v in variables(side))

    for one, other in (term.args, reversed(term.args)):
        # a constant divided by the amount is how a compiler looks for an overflow
        overflow = isinstance(one, Term) and one.op == "div" and isinstance(one.args[0], int)
        if counted(one) and not counted(other) and variable in variables(other) and not overflow:
            return True
    return False


def _switches(term: Term) -> bool:
    """A variable by itself, or against what is known, what time it is, or a secret's hash; nothing is calculated."""
    if term.op in {"sload", "field"}:
        return True
    if term.op not in COMPARES | {"eq"}:
        return False
    return all(isinstance(a, int) or a.op in {"sload", "field", "env", "add", "sub", "sha"} for a in term.args) and all(
        leaf.op in {"sload", "env", "sha"} for leaf in term.leaves
    )


def _asked(
    contract: Contract,
    parties: Parties,
    refusal: Refusal,
    found: Callable[[str, Variable | None, str], Restriction],
) -> Iterator[Restriction]:
    """Another contract, which the code names and a party does not, is told of a party and can refuse."""
    for leaf in refusal.lost.term.leaves:
        result = leaf.args[0] if leaf.op == "ret" else leaf
        call = contract.calls.get(result) if isinstance(result, Term) and result.op == "call" else None
        if call is None or call.selector in ERC20 or not any(parties.account(a) for a in call.args):
            continue
        read = variables(call.to)
        if (read and not any(slot_keys(load) for load in read.values())) or (isinstance(call.to, int) and call.to > 9):
            variable = next(iter(read), None)
            power = "pause" if variable and contract.settable(variable) else "sell-block"
            yield found(power, variable, "another contract can refuse")


def _taxed(contract: Contract, flow: Flow, changed: list[Change]) -> Iterator[Restriction]:
    for change in changed:
        if change.kind != "more":
            continue
        for variable in variables(change.write.value):
            if variable in contract.balances or variable in contract.supply or variable.mapping:
                continue
            settable = contract.settable(variable)
            if settable:
                place = change.write.place
                what = "what arrives depends on a rate that can be changed"
                yield Restriction("tax", flow, place, place, variable, *settable, what)
