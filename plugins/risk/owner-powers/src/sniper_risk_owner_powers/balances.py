"""What each function does to balances."""

from typing import Literal, NamedTuple

from sniper_risk_owner_powers.contract import Contract, Write, slot_keys
from sniper_risk_owner_powers.storage import path
from sniper_risk_owner_powers.terms import Term, Word

Kind = Literal["more", "less", "none", "set"]


class Change(NamedTuple):
    """kind     ``more`` or ``less`` than before, ``none`` left, or ``set`` to a value that does not follow from it.
    account     Whose balance: the outermost key that is an account.
    amount      By how much, or what it is set to.
    """

    kind: Kind
    account: Word
    amount: Word
    write: Write


def changes(contract: Contract) -> list[Change]:
    """Every change of a balance in the contract. Values carried over from another record of the same account's balance
    (tokens that reflect fees keep two) are none."""
    found = []
    for write in contract.writes:
        if write.variable in contract.ledgers and write.keys:
            change = _change(contract, write)
            if change is not None:
                found.append(change)
    return found


def _change(contract: Contract, write: Write) -> Change | None:
    account = write.keys[0]
    value = write.value
    if isinstance(value, int):
        if value == 0:
            return None if len(contract.balances) > 1 else Change("none", account, 0, write)
        return Change("set", account, value, write)
    found = _against(value, write)
    if found is not None:
        more, less = found
        if more:
            return Change("more", account, more[0], write)
        return Change("less", account, less[0], write) if less else None
    for leaf in value.leaves:
        if leaf.op == "sload" and account in slot_keys(leaf):
            held = {v for v in contract.balances if v.path == path(leaf.args[0])}
            if held and write.variable not in held:
                return None
            if held:
                return Change("set", account, value, write)
    return Change("set", account, value, write)


def _is_own(term: Word, write: Write) -> bool:
    if not isinstance(term, Term):
        return False
    load = term.args[0] if term.op == "field" else term
    return isinstance(load, Term) and load.op == "sload" and load.args[0] == write.slot


def _against(value: Word, write: Write) -> tuple[list[Word], list[Word]] | None:
    """What is added to and what is taken off the former balance; None where the value does not build on it."""
    more: list[Word] = []
    less: list[Word] = []
    while not _is_own(value, write):
        if not isinstance(value, Term) or value.op not in {"add", "sub"}:
            return None
        first, second = value.args
        if value.op == "add" and _builds_on(second, write):
            first, second = second, first
        if value.op == "add" and isinstance(second, int) and second >> 255:
            less.append(2**256 - second)
        else:
            (more if value.op == "add" else less).append(second)
        value = first
    return more, less


def _builds_on(value: Word, write: Write) -> bool:
    while isinstance(value, Term) and value.op in {"add", "sub"} and not _is_own(value, write):
        first, second = value.args
        value = second if value.op == "add" and _is_own(second, write) else first
    return _is_own(value, write)
