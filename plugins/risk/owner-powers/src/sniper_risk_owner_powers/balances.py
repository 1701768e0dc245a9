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
    plus, minus = linear(value)
    own = [t for t in plus if _is_own(t, write)]
    if own:
        others = [t for t in plus if not _is_own(t, write)]
        constant = next((t for t in others if isinstance(t, int)), 0)
        gains: list[Word] = [t for t in others if not isinstance(t, int)]
        if constant >> 255:
            minus = [*minus, 2**256 - constant]
        elif constant:
            gains.append(constant)
        if gains:
            return Change("more", account, gains[0], write)
        if minus:
            return Change("less", account, minus[0], write)
        return None
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


def linear(word: Word) -> tuple[list[Word], list[Word]]:
    """What is added and what is taken off."""
    plus: list[Word] = []
    minus: list[Word] = []
    pending: list[tuple[Word, bool]] = [(word, True)]
    while pending:
        part, sign = pending.pop()
        if isinstance(part, Term) and part.op == "add":
            pending.extend((a, sign) for a in part.args)
        elif isinstance(part, Term) and part.op == "sub":
            pending.append((part.args[0], sign))
            pending.append((part.args[1], not sign))
        else:
            (plus if sign else minus).append(part)
    return plus, minus
