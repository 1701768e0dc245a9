"""Powers over transfers: what an ordinary transfer can be refused for, or made to cost, and who can change that."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from sniper_risk_owner_powers.balances import Change
from sniper_risk_owner_powers.contract import ERC20, TRANSFER, TRANSFER_FROM, Contract, Write, slot_keys, variables
from sniper_risk_owner_powers.flow import Flow, Refusal
from sniper_risk_owner_powers.machine import Call, Edge, Store
from sniper_risk_owner_powers.report import Guard
from sniper_risk_owner_powers.storage import Variable
from sniper_risk_owner_powers.terms import ADDRESS, Term, Word, leaves

PRECOMPILES: Final = 9
"""Addresses up to this one are no contracts of anybody."""
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
    mild: bool = False
    until: tuple[int, int] = (0, 0)


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
    own = contract.balances | contract.allowances | contract.supply

    def found(power: str, variable: Variable | None, what: str) -> Restriction:
        setter, guards = (contract.settable(variable) if variable else None) or (None, ())
        floored = power == "limit" and setter is not None and _floored(contract, setter)
        mild = floored or (setter is not None and _announced(contract, setter))
        until = _until(contract, setter) if power == "pause" and setter is not None else (0, 0)
        return Restriction(power, flow, refusal.place, refusal.end, variable, setter, guards, what, mild, until)

    closed = False
    for holding in (lost, *(refusal.choices if _decides(parties, lost.term) else ())):
        for variable, load in variables(holding.term).items():
            settable = contract.settable(variable)
            if variable in own or settable is None:
                continue
            keys = slot_keys(load)
            if not contract.can_be(variable, holding):
                if not keys and _switches(holding.term) and not _locks(contract, settable[0]):
                    closed = True
                    what = "transfers wait for a switch that can only be opened"
                    yield found("pause", variable, what)._replace(mild=True)
                continue
            if keys:
                named = holding is lost and not _exempts(contract, refusal)
                spared = holding is not lost and holding.holds and lost.term.op == "eq"
                if len(keys) == 1 and parties.account(keys[0]) and (named or spared):
                    yield found("freeze", variable, "refuses accounts that a list names")
            elif _waits(parties, holding.term):
                yield found("limit", variable, "sets how long an account must wait")
            elif _limits(contract, parties, holding.term, variable):
                yield found("limit", variable, "refuses amounts beyond a limit that can be changed")
            elif _switches(holding.term) and not any(parties.account(a) for a in holding.term.args):
                closed = True
                yield found("pause", variable, "refuses transfers by a switch")
    yield from _asked(contract, parties, refusal, found)
    if closed or _opens(refusal):
        return
    party = any(parties.account(a) for a in lost.term.args)
    if lost.term.op == "eq" and party:
        other = next((a for a in lost.term.args if not parties.account(a)), 0)
        read = variables(other)
        chosen = any(contract.settable(v) for v in read)
        if other != 0 and (chosen or not lost.holds) and not any(slot_keys(load) for load in read.values()):
            yield found("sell-block", next(iter(read), None), "refuses all but certain parties")


def _until(contract: Contract, setter: Write) -> tuple[int, int]:
    """Time and block up to which a switch can be thrown, where the code sets an end to it; else zeros."""
    value, wanted = contract.terms.condition(setter.value)
    ends: dict[str, int] = {}

    def ended(edge: Edge) -> bool:
        term = edge.condition
        if term is None:
            return False
        if term is value:
            return edge.holds != wanted
        if term.op not in {"lt", "gt"} or not edge.holds:
            return False
        clock, end = term.args if term.op == "lt" else reversed(term.args)
        if isinstance(clock, Term) and clock.name in {"timestamp", "number"} and isinstance(end, int):
            ends[clock.name] = max(end, ends.get(clock.name, 0))
            return True
        return False

    if setter.node in setter.flow.ahead((1,), ended):
        return 0, 0
    return ends.get("timestamp", 0), ends.get("number", 0)


def _decides(parties: Parties, term: Term) -> bool:
    """Whether a condition is about who, when or whether, and no check of the arithmetic, which fails for no reason
    that what was decided before would tell."""
    if term.op in {"sload", "field"}:
        return True
    if term.op == "eq":
        return any(parties.account(a) or (isinstance(a, int) and a <= ADDRESS) for a in term.args) and not any(
            isinstance(a, Term) and a.op in {"add", "sub", "mul", "div"} for a in term.args
        )
    if term.op in COMPARES:
        fixed = any(isinstance(a, int) and a > 1 for a in term.args)
        return fixed or any(leaf.op == "env" for leaf in term.leaves)
    return term.op in {"call", "ret"}


def _opens(refusal: Refusal) -> bool:
    """Whether what is refused here passes at another time, or once a switch is thrown: then the party is an exception
    to that, and the others are not shut out for good."""
    return any(
        holding.term.op in {"sload", "field"}
        or any(leaf.name in {"timestamp", "number"} for leaf in holding.term.leaves)
        for holding in refusal.choices
    )


def _locks(contract: Contract, write: Write) -> bool:
    """Whether the function that opens also shuts, as a lock against being entered twice does."""
    return any(w.flow is write.flow and w.value != write.value for w in contract.writers[write.variable])


def _waits(parties: Parties, term: Term) -> bool:
    """A comparison of the time with what is noted of a party and something else."""
    return (
        term.op in COMPARES
        and any(leaf.name in {"timestamp", "number"} for leaf in term.leaves)
        and any(leaf.op == "sload" and any(parties.account(k) for k in slot_keys(leaf)) for leaf in term.leaves)
    )


DAY: Final = 86_400


def _announced(contract: Contract, setter: Write) -> bool:
    """Whether a change waits for a time that was noted at least a day before."""
    for term, _ in setter.flow.certain(setter.node):
        if term.op not in COMPARES or not _clocks(term):
            continue
        for variable in variables(term):
            noted = [w.value for w in contract.writers.get(variable, ()) if w.value != 0]
            if noted and all(_ahead(value) for value in noted):
                return True
    return False


def _ahead(value: Word) -> bool:
    """The present time and a day or more."""
    if not isinstance(value, Term) or value.op != "add":
        return False
    clock, more = value.args
    return isinstance(clock, Term) and clock.name == "timestamp" and isinstance(more, int) and DAY <= more < 2**64


def _floored(contract: Contract, setter: Write) -> bool:
    """Whether what a limit is set to is held above something that counts: a share of the supply, or a large number."""
    for term, holds in setter.flow.certain(setter.node):
        if term.op not in COMPARES or setter.value not in term.args:
            continue
        first, second = term.args
        # value < floor does not hold, or floor > value does not
        floor = second if term.op in {"lt", "slt"} and first is setter.value else first
        if (term.op in {"gt", "sgt"}) == (first is setter.value) or holds:
            continue
        if any(v in contract.supply for v in variables(floor)) or (isinstance(floor, int) and floor > 10**15):
            return True
    return False


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
    if term.op in COMPARES and not any(isinstance(a, int) or leaves(a) & _clocks(term) for a in term.args):
        return False
    return all(isinstance(a, int) or a.op in {"sload", "field", "env", "add", "sub", "sha"} for a in term.args) and all(
        leaf.op in {"sload", "env", "sha"} for leaf in term.leaves
    )


def _clocks(term: Term) -> frozenset[Term]:
    return frozenset(leaf for leaf in term.leaves if leaf.name in {"timestamp", "number"})


def _asked(
    contract: Contract,
    parties: Parties,
    refusal: Refusal,
    found: Callable[[str, Variable | None, str], Restriction],
) -> Iterator[Restriction]:
    """Another contract, which the code names and a party does not, can refuse: one whose address stands in the code, or
    one that is told of a party."""
    for leaf in refusal.lost.term.leaves:
        result = leaf.args[0] if leaf.op == "ret" else leaf
        call = contract.calls.get(result) if isinstance(result, Term) and result.op == "call" else None
        if call is None or call.selector in ERC20:
            continue
        fixed = isinstance(call.to, int) and call.to > PRECOMPILES
        if not fixed and not any(parties.account(a) for a in call.args):
            continue
        read = variables(call.to)
        keyed = [v for v, load in read.items() if any(parties.account(k) for k in slot_keys(load))]
        if keyed and contract.settable(keyed[0]):
            yield found("freeze", keyed[0], "an account can be given a contract that refuses")
        elif fixed or (read and not any(slot_keys(load) for load in read.values())):
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
                mild = _announced(contract, settable[0])
                yield Restriction("tax", flow, place, place, variable, *settable, what, mild)
