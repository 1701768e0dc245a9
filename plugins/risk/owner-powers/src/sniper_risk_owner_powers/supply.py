"""Powers over balances themselves: mint, burn those of others, move those of others."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sniper_risk_owner_powers.balances import Change
from sniper_risk_owner_powers.contract import TRANSFER_FROM, Contract, grows, slot_keys, spends, variables
from sniper_risk_owner_powers.flow import Flow
from sniper_risk_owner_powers.machine import Call, Edge
from sniper_risk_owner_powers.storage import Variable
from sniper_risk_owner_powers.terms import Term, Word, leaves


class Found(NamedTuple):
    """mild  See `Power`."""

    power: str
    change: Change
    what: str
    mild: bool = False


def supply_powers(contract: Contract, changed: list[Change]) -> Iterator[Found]:
    """(power, the change that shows it, what it is)."""
    by_flow: dict[int, list[Change]] = {}
    for change in changed:
        by_flow.setdefault(id(change.write.flow), []).append(change)
    escrows = _escrows(contract, changed)
    for group in by_flow.values():
        flow = group[0].write.flow
        gains = [c for c in group if c.kind in {"more", "set"}]
        losses = [c for c in group if c.kind == "less" or (c.kind == "none" and _counted(flow, c, gains))]
        yield from _minted(contract, flow, gains, losses, escrows)
        yield from _taken(contract, flow, gains, losses, escrows)
    yield from _granted(contract)


def _counted(flow: Flow, cleared: Change, gains: list[Change]) -> bool:
    """Whether what is cleared was looked at: otherwise a new record is only being laid out."""
    slot = cleared.write.slot
    values: list[Word] = [g.write.value for g in gains if g.write.slot != slot]
    values += [edge.condition for edge in flow.edges if edge.condition is not None]
    return not gains or any(leaf.op == "sload" and leaf.args[0] == slot for v in values for leaf in leaves(v))


def _escrows(contract: Contract, changed: list[Change]) -> frozenset[Variable]:
    """Other records by account into which parts of balances are set aside: what comes back from there is not new."""
    found = set()
    for loss in changed:
        if loss.kind == "less":
            for write in contract.writes:
                if (
                    write.flow is loss.write.flow
                    and write.variable not in contract.ledgers
                    and loss.account in write.keys
                    and write.variable not in contract.allowances
                    and grows(write)
                ):
                    found.add(write.variable)
    return frozenset(found)


def _minted(
    contract: Contract, flow: Flow, gains: list[Change], losses: list[Change], escrows: frozenset[Variable]
) -> Iterator[Found]:
    """A way on which an account gains and none loses."""
    if not gains:
        return
    paid = frozenset(c.write.node for c in losses) | {
        w.node for w in contract.writes if w.flow is flow and w.variable in escrows and not grows(w)
    }
    before = flow.ahead((1,), lambda edge: edge.target in paid)
    after = flow.behind([e for e in flow.endings if e not in paid], without=paid)
    for gain in gains:
        node = gain.write.node
        if node in before and node in after and node not in paid:
            mild = _earned(contract, gain) or _paced(contract, gain)
            yield Found("mint", gain, "adds to a balance what is taken from none", mild)


def _earned(contract: Contract, gain: Change) -> bool:
    """Anybody gets it: for what is paid in, once, or out of another record of its own that shrinks."""
    flow, node = gain.write.flow, gain.write.node
    if contract.guards(flow, node):
        return False
    certain = flow.certain(node)
    paid = [leaf for h in certain for leaf in h.term.leaves] + list(leaves(gain.amount))
    if any(leaf.name == "callvalue" for leaf in leaves(gain.amount)):
        return True
    for each in flow.nodes:
        for event in each.events:
            if not isinstance(event, Call) or event.selector != TRANSFER_FROM or not event.args:
                continue
            if contract.sender(event.args[0]) and event.result in _calls(paid):
                return True
    looked_at = {variable for h in certain for variable in variables(h.term)}
    for write in contract.writes:
        if write.flow is not flow or write.variable in contract.ledgers:
            continue
        if write.variable in looked_at and isinstance(write.value, int) and write.value != 0:
            return True
        if write.keys and contract.sender(write.keys[0]) and len(write.keys) == 1 and not grows(write):
            return True
    return False


def _calls(found: list[Term]) -> set[Word]:
    """The calls whose success or answers are among these."""
    return {leaf.args[0] if leaf.op == "ret" else leaf for leaf in found}


def _paced(contract: Contract, gain: Change) -> bool:
    """How much follows from the supply alone, and the next time has to be waited for."""
    flow, node = gain.write.flow, gain.write.node
    if any(leaf.op == "arg" for leaf in leaves(gain.amount)):
        return False
    waits = {
        variable
        for h in flow.certain(node)
        if any(leaf.name in {"timestamp", "number"} for leaf in h.term.leaves)
        for variable in variables(h.term)
    }
    return any(w.flow is flow and w.variable in waits for w in contract.writes)


def _taken(
    contract: Contract, flow: Flow, gains: list[Change], losses: list[Change], escrows: frozenset[Variable]
) -> Iterator[Found]:
    """A way on which an account that neither calls nor has allowed it loses."""
    given = frozenset(c.write.node for c in gains)
    for loss in losses:
        node = loss.write.node
        if contract.sender(loss.account) or not _any_account(contract, loss):
            continue
        consents = _consent(contract, loss.account)
        spent = _spent(contract, flow, loss.account)
        free = flow.ahead((1,), _either(consents, spent))
        if node not in free:
            continue
        if not flow.ahead((node,), _either(consents, spent)) & flow.endings:
            continue
        # a way over the loss on which somebody gains, before or after it; and one on which nobody does
        before = flow.ahead((1,), lambda edge: edge.target in given)
        after = flow.behind([e for e in flow.endings if e not in given], without=given)
        if node in before and node in after and node not in given:
            yield Found("burn", loss, "takes from the balance of another account what is given to none")
            if any(w.flow is flow and w.variable in escrows and loss.account in w.keys for w in contract.writes):
                yield Found("freeze", loss, "sets aside part of the balance of another account")
        if gains and (flow.ahead((node,)) | flow.behind((node,))) & given:
            yield Found("leak", loss, "moves the balance of another account without its allowance")


def _either(consents: Callable[[Edge], bool], spent: frozenset[int]) -> Callable[[Edge], bool]:
    return lambda edge: edge.target in spent or consents(edge)


def _any_account(contract: Contract, loss: Change) -> bool:
    """Whether the account can be any: whoever calls names it, or somebody privileged can put it into its variable."""
    account = loss.account
    if account is contract.this or isinstance(account, int):
        return False
    named = variables(account)
    if not named or any(slot_keys(load) for load in named.values()):
        return True
    return any(contract.settable(v) for v in named) and bool(contract.guards(loss.write.flow, loss.write.node))


def _consent(contract: Contract, account: Word) -> Callable[[Edge], bool]:
    """Whether an edge can be passed only with the account's will: it calls, it signed, or it has allowed something."""

    def consented(edge: Edge) -> bool:
        term = edge.condition
        if term is None:
            return False
        if term.op == "eq" and edge.holds:
            a, b = term.args
            if contract.this in term.args and (contract.sender(a) or contract.sender(b)):
                return True  # it calls itself for somebody, as relays do: that call is looked at where it is made
            if (a is account and contract.sender(b)) or (b is account and contract.sender(a)):
                return True
            if any(isinstance(x, Term) and x.op == "ret" and contract.recovers(x) for x in (a, b)):
                return True
        return any(_allows(contract, leaf, account) or _answered(contract, leaf, account) for leaf in term.leaves)

    return consented


def _answered(contract: Contract, leaf: Term, account: Word) -> bool:
    """The account is a contract and was asked (EIP-1271)."""
    call = contract.answers(leaf) if leaf.op == "ret" else None
    return call is not None and call.to is account


def _allows(contract: Contract, leaf: Term, account: Word) -> bool:
    if leaf.op != "sload":
        return False
    keys = slot_keys(leaf)
    return len(keys) > 1 and account in keys and any(contract.sender(k) or k is contract.this for k in keys)


def _spent(contract: Contract, flow: Flow, account: Word) -> frozenset[int]:
    """Nodes in which an allowance of the account to the caller is used."""
    return frozenset(
        w.node
        for w in contract.writes
        if w.flow is flow
        and len(w.keys) > 1
        and account in w.keys
        and any(contract.sender(k) or k is contract.this for k in w.keys)
    )


def _granted(contract: Contract) -> Iterator[Found]:
    """An allowance given in the name of an account that neither calls nor signed."""
    for write in contract.writes:
        if (
            len(write.keys) < 2
            or write.variable not in contract.allowances
            or spends(write)
            or write.flow.selector == TRANSFER_FROM
        ):
            continue
        account, spender = write.keys[0], write.keys[1]
        if contract.sender(account) or account is contract.this or write.value == 0 or contract.sender(spender):
            continue
        if write.node in write.flow.ahead((1,), _consent(contract, account)):
            yield Found(
                "leak", Change("set", account, write.value, write), "grants an allowance over the balance of another"
            )
