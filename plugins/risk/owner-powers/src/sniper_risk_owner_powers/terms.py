"""Symbolic 256-bit words: plain ``int`` where the value is known, interned `Term` where it is not.

Terms are made by `Terms` alone, so two equal terms are one object and compare by identity. What a compiler adds to a
value without changing it (masks to 160 bits, double negation, division by a power of two) is folded away here, so
that the rules see ``balances[to] + amount`` in whatever way it was compiled.
"""

from typing import Final, TypeAlias

WORD: Final = 2**256
MAX: Final = WORD - 1
ADDRESS: Final = 2**160 - 1
DEEPEST: Final = 120
"""Levels of a term; what is deeper comes from a loop and is replaced by an unknown."""

WIDEST: Final = 64
"""Leaves of a term; what has more is replaced by an unknown."""

BOOLEAN: Final = frozenset({"eq", "lt", "gt", "slt", "sgt", "iszero"})


class Term:
    """An operation on words.

    name    Which of the environment it is.
    depth   Its levels.
    leaves  What the value is made of: inputs, environment, results of calls, reads of storage (not what keys them).
    """

    __slots__ = ("args", "depth", "leaves", "name", "op")

    def __init__(
        self, op: str, args: "tuple[Word, ...]", depth: int, leaves: "frozenset[Term] | None", name: str = ""
    ) -> None:
        self.op = op
        self.args = args
        self.depth = depth
        self.leaves: frozenset[Term] = frozenset((self,)) if leaves is None else leaves
        self.name = name

    def __repr__(self) -> str:
        return self.name or f"{self.op}({', '.join(hex(a) if isinstance(a, int) else str(a) for a in self.args)})"


Word: TypeAlias = int | Term

LEAVES: Final = frozenset({"arg", "env", "sload", "call", "ret", "mem", "unknown", "sha", "map", "arr"})

NEVER_ZERO: Final = frozenset({"caller", "origin", "address"})
"""Addresses that take part in a call."""


def leaves(word: Word) -> frozenset[Term]:
    """Those of a term; a known value has none."""
    return word.leaves if isinstance(word, Term) else frozenset()


def signed(word: int) -> int:
    return word - WORD if word >> 255 else word


class Terms:
    """Makes the terms of one analysis."""

    __slots__ = ("_fresh", "_known")

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Term] = {}
        self._fresh = 0

    def environment(self, name: str) -> Term:
        """What a call is made in: the caller, the time."""
        key = ("env", name)
        term = self._known.get(key)
        if term is None:
            term = self._known[key] = Term("env", (), 1, None, name)
        return term

    def make(self, op: str, *args: Word) -> Term:
        key = (op, *args)
        term = self._known.get(key)
        if term is None:
            depth = 1
            leaves: frozenset[Term] | None = frozenset()
            for arg in args:
                if isinstance(arg, Term):
                    depth = max(depth, arg.depth + 1)
                    leaves = leaves | arg.leaves if leaves else arg.leaves
            if depth > DEEPEST or (leaves and len(leaves) > WIDEST):
                return self.fresh()
            term = Term(op, args, depth, None if op in LEAVES else leaves)
            self._known[key] = term
        return term

    def fresh(self) -> Term:
        """A value of which nothing is known, not even that it equals another one."""
        self._fresh += 1
        return self.make("unknown", self._fresh)

    def __len__(self) -> int:
        return len(self._known)

    def add(self, a: Word, b: Word) -> Word:
        if isinstance(a, int):
            if isinstance(b, int):
                return (a + b) & MAX
            a, b = b, a
        if isinstance(b, int):
            if b == 0:
                return a
            if a.op == "add" and isinstance(a.args[1], int):
                return self.add(a.args[0], (a.args[1] + b) & MAX)
            return self.make("add", a, b)
        if a.op == "add" and isinstance(a.args[1], int):
            return self.add(self.add(a.args[0], b), a.args[1])
        if b.op == "add" and isinstance(b.args[1], int):
            return self.add(self.add(a, b.args[0]), b.args[1])
        return self.make("add", a, b)

    def sub(self, a: Word, b: Word) -> Word:
        if isinstance(b, int):
            return self.add(a, -b & MAX)
        if a is b:
            return 0
        if isinstance(a, Term) and a.op == "add":
            # the length of what was just encoded: (pointer + n) - pointer
            if a.args[0] is b:
                return a.args[1]
            if b.op == "add" and a.args[0] is b.args[0] and isinstance(a.args[1], int) and isinstance(b.args[1], int):
                return (a.args[1] - b.args[1]) & MAX
        return self.make("sub", a, b)

    def mul(self, a: Word, b: Word) -> Word:
        if isinstance(a, int):
            if isinstance(b, int):
                return (a * b) & MAX
            a, b = b, a
        if isinstance(b, int):
            if b in {0, 1}:
                return a if b else 0
            if b & (b - 1) == 0 and b.bit_length() % 8 == 1:
                return self.shl(b.bit_length() - 1, a)
        return self.make("mul", a, b)

    def div(self, a: Word, b: Word) -> Word:
        if isinstance(b, int):
            if isinstance(a, int):
                return a // b if b else 0
            if b == 1:
                return a
            if b and b & (b - 1) == 0 and b.bit_length() % 8 == 1:
                return self.shr(b.bit_length() - 1, a)
        return self.make("div", a, b)

    def shr(self, by: Word, a: Word) -> Word:
        if isinstance(by, int):
            if by == 0:
                return a
            if by > 255:
                return 0
            if isinstance(a, int):
                return a >> by
            if a.op == "shl" and a.args[0] == by:
                return a.args[1]
            if a.op == "sload":
                return self.make("field", a, by, 256 - by)
        return self.make("shr", by, a)

    def shl(self, by: Word, a: Word) -> Word:
        if isinstance(by, int):
            if by == 0:
                return a
            if by > 255:
                return 0
            if isinstance(a, int):
                return (a << by) & MAX
        return self.make("shl", by, a)

    def and_(self, a: Word, b: Word) -> Word:
        if isinstance(a, int):
            if isinstance(b, int):
                return a & b
            a, b = b, a
        if not isinstance(b, int):
            return a if a is b else self.make("and", a, b)
        if b == MAX:
            return a
        if b == 0:
            return 0
        width = b.bit_length()
        if b != (1 << width) - 1:
            if a.op == "and" and isinstance(a.args[1], int):
                return self.and_(a.args[0], a.args[1] & b)
            low = (b & -b).bit_length() - 1
            if a.op == "shl" and b == MAX ^ ((1 << low) - 1) and a.args[0] == low:
                return a
            return self.make("and", a, b)
        if a.op == "sload":
            return self.make("field", a, 0, width)
        if a.op == "field":
            shift, wide = a.args[1], a.args[2]
            return a if isinstance(wide, int) and wide <= width else self.make("field", a.args[0], shift, width)
        if a.op in BOOLEAN or width % 8 == 0:
            return a  # the compiler cleans what has a narrower type; the rules do not care how wide it is
        return self.make("and", a, b)

    def or_(self, a: Word, b: Word) -> Word:
        if isinstance(a, int):
            if isinstance(b, int):
                return a | b
            a, b = b, a
        if b == 0 or a is b:
            return a
        return self.make("or", a, b)

    def not_(self, a: Word) -> Word:
        if isinstance(a, int):
            return a ^ MAX
        return self.make("not", a)

    def xor(self, a: Word, b: Word) -> Word:
        if isinstance(a, int) and isinstance(b, int):
            return a ^ b
        if a is b:
            return 0
        if a == 0:
            return b
        return a if b == 0 else self.make("xor", a, b)

    def eq(self, a: Word, b: Word) -> Word:
        if isinstance(a, int):
            if isinstance(b, int):
                return int(a == b)
            a, b = b, a
        if a is b:
            return 1
        if b == 0:
            return self.iszero(a)
        if b == 1 and a.op in BOOLEAN:
            return a
        return self.make("eq", a, b)

    def iszero(self, a: Word) -> Word:
        if isinstance(a, int):
            return int(a == 0)
        if a.op == "iszero":
            inner = a.args[0]
            if isinstance(inner, Term) and inner.op in BOOLEAN:
                return inner
        if a.op in {"sub", "xor"}:
            return self.make("eq", *a.args)
        if a.op == "add" and isinstance(a.args[1], int):
            return self.make("eq", a.args[0], -a.args[1] & MAX)
        return self.make("iszero", a)

    def less(self, op: str, a: Word, b: Word) -> Word:
        if isinstance(a, int) and isinstance(b, int):
            x, y = (signed(a), signed(b)) if op[0] == "s" else (a, b)
            return int(x < y if op[-2] == "l" else x > y)
        if a is b:
            return 0
        if op == "lt" and b == 0:
            return 0
        if op == "gt" and a == 0:
            return 0
        return self.make(op, a, b)

    def exp(self, a: Word, b: Word) -> Word:
        if isinstance(a, int) and isinstance(b, int):
            return pow(a, b, WORD)
        return self.make("exp", a, b)

    def condition(self, word: Word) -> tuple[Word, bool]:
        """What must be nonzero (True) or zero (False) for ``word`` to be nonzero."""
        wanted = True
        while isinstance(word, Term):
            if word.op == "iszero":
                word = word.args[0]
            elif word.op in {"sub", "xor"} or (word.op == "add" and isinstance(word.args[1], int)):
                word = self.iszero(word)
            else:
                break
            wanted = not wanted
        if isinstance(word, Term) and word.name in NEVER_ZERO:
            return 1, wanted
        return word, wanted
