"""Which variable a storage slot belongs to, and what a write does to it.

Layouts: Solidity's (``keccak(key . slot)``), Vyper's (``keccak(slot . key)``), hashes of a seed and a key packed into
one word, dynamic arrays, structs, and several small variables in one slot.
"""

from typing import NamedTuple

from sniper_risk_owner_powers.terms import MAX, Term, Terms, Word


class Variable(NamedTuple):
    """A declared variable, whatever the keys.

    path   Its slot, with ``[]`` for each mapping, ``[#]`` for each array and ``+n`` for a member of a struct.
    shift  Its lowest bit in the slot.
    """

    path: str
    shift: int = 0

    def __str__(self) -> str:
        return f"{self.path}@{self.shift}" if self.shift else self.path

    @property
    def mapping(self) -> bool:
        return "[" in self.path


def named(slot: int) -> str:
    return str(slot) if slot < 100_000 else hex(slot)


def path(slot: Word) -> str:
    """The variable's path; ``?`` where the slot is computed in another way."""
    if isinstance(slot, int):
        return named(slot)
    op, args = slot.op, slot.args
    if op == "map":
        return path(args[0]) + "[]"
    if op == "arr":
        return path(args[0]) + "[#]"
    if op == "add":
        base, offset = args
        if isinstance(offset, int):
            if isinstance(base, Term) and base.op == "add":
                return path(base)
            inner = path(base)
            return inner if inner.endswith("[#]") else f"{inner}+{named(offset)}"
        for part in args:
            if isinstance(part, Term) and part.op in {"arr", "map", "add"}:
                found = path(part)
                if found != "?":
                    return found
    return "?"


def keys(slot: Word) -> tuple[Word, ...]:
    """The keys of the mappings on the way to a slot, outermost first."""
    found: list[Word] = []
    while isinstance(slot, Term):
        if slot.op == "map":
            found.append(slot.args[1])
            slot = slot.args[0]
        elif slot.op in {"add", "arr"}:
            parts = [a for a in slot.args if isinstance(a, Term) and a.op in {"map", "arr", "add"}]
            slot = parts[0] if parts else slot.args[0]
        else:
            break
    return tuple(reversed(found))


def read_variable(term: Term) -> Variable:
    """Of an ``sload`` or of a ``field`` of one."""
    if term.op == "field":
        load, shift = term.args[0], term.args[1]
        assert isinstance(load, Term)
        assert isinstance(shift, int)
        return Variable(path(load.args[0]), shift)
    return Variable(path(term.args[0]))


class Write(NamedTuple):
    variable: Variable
    slot: Word
    value: Word


def writes(terms: Terms, slot: Word, value: Word) -> list[Write]:
    """A store, as the variables that it changes: of a packed slot only those whose bits it does not keep."""
    name = path(slot)
    parts: list[Word] = []
    kept = MAX
    packed = False
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, Term):
            if part.op == "or":
                pending.extend(part.args)
                continue
            mask = _kept(part, slot)
            if mask is not None:
                kept &= mask
                packed = True
                continue
            if part.op == "and" and isinstance(part.args[1], int) and isinstance(part.args[0], Term):
                inner = part.args[0]
                if inner.op == "or":
                    # several small variables written by one store: what the outer mask keeps of the inner writes
                    kept &= part.args[1]
                    pending.extend(inner.args)
                    continue
        parts.append(part)
    if not packed:
        return [Write(Variable(name), slot, value)]
    changed: list[Write] = []
    free = MAX ^ kept
    while free:
        low = (free & -free).bit_length() - 1
        run = free >> low
        width = ((run + 1) & -(run + 1)).bit_length() - 1
        mask = ((1 << width) - 1) << low
        free &= ~mask
        changed.append(Write(Variable(name, low), slot, _chunk(terms, parts, low, mask)))
    return changed


def _kept(part: Term, slot: Word) -> int | None:
    """Bits of the slot's own former value that a term keeps; None where it is something else."""
    if part.op == "and" and isinstance(part.args[0], Term) and isinstance(part.args[1], int):
        inner = _kept(part.args[0], slot)
        return None if inner is None else inner & part.args[1]
    if part.op == "field":
        load, shift, width = part.args
        if isinstance(load, Term) and load.args[0] == slot and shift == 0 and isinstance(width, int):
            return (1 << width) - 1
        return None
    if part.op == "sload" and part.args[0] == slot:
        return MAX
    return None


def _chunk(terms: Terms, parts: list[Word], low: int, mask: int) -> Word:
    """What is written to the bits of ``mask``."""
    known = 0
    for part in parts:
        if isinstance(part, int):
            known |= part & mask
        elif part.op == "shl":
            if part.args[0] == low:
                return part.args[1]
        elif part.op == "and" and isinstance(part.args[1], int):
            if part.args[1] & mask:
                return terms.shr(low, part.args[0])
        elif low == 0:
            return part
    return known >> low
