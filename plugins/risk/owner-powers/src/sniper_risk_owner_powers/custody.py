"""Powers over what the contract holds and what it is: ether, tokens, liquidity, its code, its end."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sniper_risk_owner_powers.balances import Change
from sniper_risk_owner_powers.contract import (
    APPROVE,
    BALANCE_OF,
    IMPLEMENTATION,
    TRANSFER,
    TRANSFER_FROM,
    Contract,
    slot_keys,
    variables,
)
from sniper_risk_owner_powers.flow import Flow
from sniper_risk_owner_powers.machine import Call, Destroy
from sniper_risk_owner_powers.report import Guard
from sniper_risk_owner_powers.terms import Term, Word, leaves

LIQUIDITY_OUT: Final = frozenset(
    {0xBAA2ABDE, 0x02751CEC, 0xAF2979EB, 0x2195995C, 0xDED9382A, 0x5B0D5984, 0x0C49CCBE, 0x89AFCB44}
)
"""What a router (Uniswap V2's removeLiquidity…), a position manager (V3's decreaseLiquidity) or a pair (burn) is asked
for when liquidity is taken out."""

SYNC: Final = 0xFFF6CAE9
"""``sync()`` of a V2 pair."""


class Custody(NamedTuple):
    power: str
    flow: Flow
    node: int
    place: int
    guards: tuple[Guard, ...]
    depends: tuple[str, ...]
    what: str


def custody(contract: Contract, changed: list[Change]) -> Iterator[Custody]:
    for flow in contract.flows:
        for number, node in enumerate(flow.nodes):
            if number not in flow.ends_well:
                continue
            for event in node.events:
                if isinstance(event, Call):
                    yield from _called(contract, flow, number, event)
                elif isinstance(event, Destroy):
                    guards = contract.guards(flow, number)
                    what = "destroys the contract; its ether goes with it"
                    yield Custody("self-destruct", flow, number, event.place, guards, _names(event.to), what)
    yield from _rescaled(contract)
    for change in changed:
        if change.kind in {"less", "none"} and _synced(change):
            where = change.write
            guards = contract.guards(where.flow, where.node)
            what = "takes tokens out of a pool and has it count again"
            yield Custody("take-liquidity", where.flow, where.node, where.place, guards, (str(where.variable),), what)
        if change.kind in {"less", "none"} and change.account is contract.this:
            guards = contract.guards(change.write.flow, change.write.node)
            if guards:
                what = "takes the tokens that the contract holds"
                where = change.write
                yield Custody("take-tokens", where.flow, where.node, where.place, guards, (str(where.variable),), what)


def _rescaled(contract: Contract) -> Iterator[Custody]:
    """A number that all balances are multiplied or divided by, and that somebody sets to what he likes."""
    flow = contract.by_selector.get(BALANCE_OF)
    if flow is None:
        return
    for node in flow.nodes:
        if node.exit == "return" and node.returned:
            for variable, load in variables(node.returned[0]).items():
                if slot_keys(load):
                    continue
                for write in contract.writers.get(variable, ()):
                    guards = contract.guards(write.flow, write.node)
                    if guards and any(leaf.op == "arg" for leaf in leaves(write.value)):
                        what = "changes what all balances count for"
                        yield Custody("burn", write.flow, write.node, write.place, guards, (str(variable),), what)


def _synced(change: Change) -> bool:
    """The account that loses is a pair, as it is told to take its balances for its reserves."""
    account = change.account
    return any(
        isinstance(event, Call) and event.selector == SYNC and event.to is account and not _given(account)
        for node in change.write.flow.nodes
        for event in node.events
    )


def _names(word: Word) -> tuple[str, ...]:
    return tuple(sorted(str(v) for v in variables(word)))


def _called(contract: Contract, flow: Flow, number: int, call: Call) -> Iterator[Custody]:
    guards = contract.guards(flow, number)

    def found(power: str, what: str) -> Custody:
        return Custody(power, flow, number, call.place, guards, _names(call.to), what)

    if call.kind in {"delegate", "code"}:
        if _given(call.to):
            # what is kept as the code from now on is run once to set it up
            kept = any(
                w.flow is flow and w.value is call.to and w.variable in contract.code_variables for w in contract.writes
            )
            if not kept:
                yield found("delegatecall", "runs code that the caller names as its own")
        else:
            for variable in variables(call.to):
                setter = contract.settable(variable)
                if setter:
                    write, who = setter
                    what = "exchanges the code that is run in the contract's name"
                    # a proxy hands every call on; a function that lends its storage away does more than it says
                    power = "upgrade" if flow.selector is None else "delegatecall"
                    yield Custody(power, write.flow, write.node, write.place, who, (str(variable),), what)
            for leaf in leaves(call.to):
                if leaf.op == "ret":
                    asked = contract.answers(leaf)
                    kind = "beacon" if asked is not None and asked.selector == IMPLEMENTATION else "call"
                    who = (Guard(kind=kind, variable=contract.asked(leaf)),)
                    what = "runs the code that another contract names"
                    yield Custody("upgrade", flow, number, call.place, who, _names(call.to), what)
        return
    if call.kind != "call":
        return
    if call.value != 0 and (guards or _sweeps(contract, call)) and not _only_paid_in(call.value):
        yield found("take-ether", "sends the ether that the contract holds")
    elif call.value != 0 and not guards:
        for variable, load in variables(call.value).items():
            if not slot_keys(load) and variable not in contract.supply:
                priced = contract.settable(variable)
                if priced:
                    what = "ether is paid out at a rate that can be changed"
                    yield Custody("take-ether", flow, number, call.place, priced[1], (str(variable),), what)
    if not guards:
        return
    if call.selector in LIQUIDITY_OUT:
        yield found("take-liquidity", "takes liquidity out of a pool")
    elif call.selector in {TRANSFER, APPROVE} and not _asks_itself(contract, call):
        any_token = "; any token, those of a pool's liquidity too" if _given(call.to) else ""
        yield found("take-tokens", f"sends tokens that the contract holds{any_token}")
    elif call.selector == TRANSFER_FROM and call.args:
        account = call.args[0]
        if account is contract.this:
            yield found("take-tokens", "sends tokens that the contract holds")
        elif not contract.sender(account):
            yield found("leak", "moves tokens of others that they allowed the contract to move")
    elif call.selector is None and call.args and _given(call.to):
        yield found("take-tokens", "calls anything in the contract's name")


def _given(word: Word) -> bool:
    return isinstance(word, Term) and any(leaf.op == "arg" for leaf in word.leaves)


def _only_paid_in(value: Word) -> bool:
    """What the caller sent is passed on, or part of it."""
    return isinstance(value, Term) and all(leaf.name == "callvalue" for leaf in value.leaves)


def _asks_itself(contract: Contract, call: Call) -> bool:
    return call.to is contract.this


def _sweeps(contract: Contract, call: Call) -> bool:
    """Anybody may call it, but all of the ether goes to an account that the contract names."""
    value, to = call.value, call.to
    whole = isinstance(value, Term) and (value.op == "balance" or value.name == "selfbalance")
    named = isinstance(to, int) or any(not slot_keys(load) for load in variables(to).values())
    return whole and named and not _given(to)


OWNER: Final = 0x8DA5CB5B
"""``owner()`` (ERC-173)."""


def _disowned(contract: Contract) -> Iterator[tuple[Flow, int, int, str, tuple[Guard, ...]]]:
    """The contract says that it has no owner while the variable that guards keeps one."""
    flow = contract.by_selector.get(OWNER)
    told = {node.returned[0] for node in flow.nodes if node.exit == "return" and node.returned} if flow else set()
    if flow is None or 0 not in told:
        return
    for word in told:
        for variable in variables(word):
            guard = Guard(kind="slot", variable=str(variable))
            if guard in contract.used_guards:
                yield flow, 1, flow.nodes[1].start, str(variable), (guard,)


def kept_roles(
    contract: Contract, powers: list[tuple[str, tuple[Guard, ...]]]
) -> Iterator[tuple[Flow, int, int, str, tuple[Guard, ...]]]:
    """(function, node, place, the owner's variable, who): where an owner who renounced is owner again, or somebody who
    is not the owner keeps a power."""
    yield from _disowned(contract)
    for write in contract.writes:
        if write.value != 0 or write.variable.mapping:
            continue
        who = contract.guards(write.flow, write.node)
        name = str(write.variable)
        if [g for g in who if g.kind == "slot" and g.variable == name] == [] or len(who) > 1:
            continue
        for other in contract.writers[write.variable]:
            guards = contract.guards(other.flow, other.node)
            if guards and other.value != 0 and all(g.variable != name for g in guards):
                yield other.flow, other.node, other.place, name, guards
        for power, guards in powers:
            others = tuple(g for g in guards if g.variable != name and g.kind in {"slot", "constant", "mapping"})
            if power in {"mint", "burn", "leak", "freeze", "pause"} and others:
                yield write.flow, write.node, write.place, name, others
                break
