"""Runs one function on symbolic words and keeps what it does as a graph.

A node is one visit of a basic block. A block is visited again where the constants on its stack differ (return places,
flags), and up to `SAME` times where only symbolic values do; further arrivals are joined with the first visit. A
branch whose condition is already decided on the way is not taken again. So loops end, and every step is counted.
"""

from typing import Final, Literal, NamedTuple

from sniper_risk_owner_powers.code import Code
from sniper_risk_owner_powers.terms import WORD, Term, Terms, Word, signed

SAME: Final = 3
"""Visits of a block with the same constants on its stack."""

VISITS: Final = 48
"""Visits of a block in one function, in all."""

NODES: Final = 4_000
"""Nodes in one function; the largest real ones have a quarter of that."""

COPIED: Final = 16
"""Words of a state that cost as much as one step when it is copied."""

CALLDATA: Final = 4 + 32 * 64
"""Bytes of calldata that a call brings if any, so that no check of its length chooses the way."""

LONGEST: Final = 16
"""Words that are copied into memory one by one."""

Exit = Literal["", "return", "stop", "revert", "destroyed"]


class Store(NamedTuple):
    place: int
    slot: Word
    value: Word


class Call(NamedTuple):
    """kind: call, delegate, static, code, create. ``selector`` and ``args`` are None and empty where unknown."""

    place: int
    kind: str
    to: Word
    value: Word
    selector: int | None
    args: tuple[Word, ...]
    result: Term


class Destroy(NamedTuple):
    place: int
    to: Word


class Log(NamedTuple):
    place: int
    topics: tuple[Word, ...]


Event = Store | Call | Destroy | Log


class Edge(NamedTuple):
    """condition  None where the way is not chosen; else it is nonzero (``holds``) or zero on this way."""

    source: int
    target: int
    condition: Term | None
    holds: bool


class Node:
    __slots__ = ("end", "events", "exit", "returned", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start
        self.events: list[Event] = []
        self.exit: Exit = ""
        self.returned: tuple[Word, ...] = ()


REVERTED: Final = 0
"""The node in which all ways end that can only revert."""


class Run(NamedTuple):
    """One function. ``nodes[1]`` is its entry. ``complete`` is False where the steps were used up."""

    selector: int | None
    nodes: list[Node]
    edges: list[Edge]
    complete: bool
    steps: int
    selectors: frozenset[int]


class _State:
    __slots__ = ("decided", "index", "memory", "node", "stack")

    def __init__(
        self, index: int, stack: list[Word], memory: dict[Word, Word], decided: dict[Term, bool], node: int
    ) -> None:
        self.index = index
        self.stack = stack
        self.memory = memory
        self.decided = decided
        self.node = node


ENVIRONMENT: Final = {
    0x30: "address", 0x32: "origin", 0x33: "caller", 0x34: "callvalue", 0x3A: "gasprice", 0x41: "coinbase",
    0x42: "timestamp", 0x43: "number", 0x44: "prevrandao", 0x45: "gaslimit", 0x46: "chainid", 0x47: "selfbalance",
    0x48: "basefee", 0x4A: "blobbasefee", 0x58: "pc", 0x59: "msize", 0x5A: "gas", 0x3D: "returndatasize",
}  # fmt: skip


def run(code: Code, terms: Terms, selector: int | None, budget: int, *, empty: bool = False) -> Run:
    """The function behind ``selector``; None: whatever no selector leads to, looked at with an unknown one, or where
    ``empty`` with no calldata at all.

    Pure, and within ``budget`` steps. Stack underflow and jumps to no JUMPDEST revert, as on a chain.
    """
    return _Machine(code, terms, selector, budget, 0 if empty else CALLDATA).run()


class _Machine:
    def __init__(self, code: Code, terms: Terms, selector: int | None, budget: int, calldata: int) -> None:
        self.calldata = calldata
        self.code = code
        self.terms = terms
        self.selector = selector
        self.budget = budget
        self.nodes = [Node(0), Node(0)]
        self.nodes[REVERTED].exit = "revert"
        self.edges: list[Edge] = []
        self.selectors: set[int] = set()
        self.environment = {op: terms.environment(name) for op, name in ENVIRONMENT.items()}
        self.first_word = terms.make("arg", 0)
        self.unknown_selector = terms.environment("selector")
        self.visits: dict[tuple[int, ...], list[tuple[tuple[Word | None, ...], int, dict[Term, bool]]]] = {}
        self.relied: set[Term] = set()
        self.visited: dict[int, int] = {}
        self.anywhere: dict[int, int] = {}
        self.calls = 0
        # noted in memory's dict and no places in memory: the last call, and what was written last
        self.answer = terms.environment("answer")
        self.written = terms.environment("written")
        self.tables: set[int] = set()

    def run(self) -> Run:
        work = [_State(0, [], {}, {}, 1)]
        steps = 0
        while work and steps < self.budget and len(self.nodes) < NODES:
            steps += self._block(work.pop(), work, self.budget - steps)
        return Run(
            self.selector, self.nodes, self.edges, not work and steps <= self.budget, steps, frozenset(self.selectors)
        )

    def _enter(
        self,
        source: int,
        index: int,
        stack: list[Word],
        decided: dict[Term, bool],
        written: Word | None,
        condition: Term | None = None,
        holds: bool = True,
    ) -> int:
        """The node of a visit at ``index``; 0 where this way was joined with another visit, or only reverts.

        Ways are joined where their stacks are the same, and what they wrote to memory last, unless they decided
        otherwise about what a way was once followed further for.
        """
        if index in self.code.doomed:
            self.edges.append(Edge(source, REVERTED, condition, holds))
            return 0
        at = self.code.at
        context = (index, len(stack), *[w for w in stack if isinstance(w, int) and (w in at or w < 2)])
        seen = self.visits.get(context)
        if seen is None:
            seen = self.visits[context] = []
        exact = (*stack, written)
        alike = None
        for other, node, before in seen:
            if all(before.get(term) == decided.get(term) for term in self.relied):
                if other == exact:
                    self.edges.append(Edge(source, node, condition, holds))
                    return 0
                alike = node
        count = self.visited.get(index, 0)
        if len(seen) >= SAME or (count >= VISITS and index in self.anywhere):
            node = alike or (seen[0][1] if seen else self.anywhere[index])
            self.edges.append(Edge(source, node, condition, holds))
            return 0
        node = len(self.nodes)
        self.nodes.append(Node(self.code.instructions[index][2]))
        seen.append((exact, node, decided))
        self.visited[index] = count + 1
        self.anywhere.setdefault(index, node)
        self.edges.append(Edge(source, node, condition, holds))
        return node

    def _block(self, state: _State, work: list[_State], budget: int) -> int:
        """Runs until the way ends or divides; returns the steps taken."""
        instructions = self.code.instructions
        at = self.code.at
        terms = self.terms
        index, stack, memory, decided, number = state.index, state.stack, state.memory, state.decided, state.node
        node = self.nodes[number]
        steps = 0
        place = node.start
        first = True
        try:
            while True:
                op, number_in_code, place = instructions[index]
                index += 1
                steps += 1
                if op == 0x60:
                    stack.append(number_in_code)
                elif op == 0x80:
                    stack.append(stack[-number_in_code])
                elif op == 0x90:
                    stack[-1], stack[-1 - number_in_code] = stack[-1 - number_in_code], stack[-1]
                elif op == 0x50:
                    stack.pop()
                elif op == 0x5B:
                    if not first:
                        node.end = place
                        number = self._enter(number, index - 1, stack, decided, memory.get(self.written))
                        if not number:
                            return steps
                        node = self.nodes[number]
                        if steps > budget:
                            return steps
                    first = False
                    continue
                elif op == 0x56:
                    target = stack.pop()
                    node.end = place
                    if not isinstance(target, int) or target not in at or len(stack) > 1024:
                        node.exit = "revert"
                        return steps
                    index = at[target]
                    number = self._enter(number, index, stack, decided, memory.get(self.written))
                    if not number or steps > budget:
                        return steps
                    node = self.nodes[number]
                    first = True
                    continue
                elif op == 0x57:
                    target, chosen = stack.pop(), stack.pop()
                    node.end = place
                    if isinstance(chosen, int):
                        if not chosen:
                            first = False
                            continue
                        if not isinstance(target, int) or target not in at:
                            node.exit = "revert"
                            return steps
                        index = at[target]
                        number = self._enter(number, index, stack, decided, memory.get(self.written))
                        if not number or steps > budget:
                            return steps
                        node = self.nodes[number]
                        first = True
                        continue
                    core, wanted = terms.condition(chosen)
                    if isinstance(core, int):
                        taken: bool | None = bool(core) == wanted
                    elif core in decided:
                        taken = decided[core] == wanted
                        self.relied.add(core)
                    else:
                        taken = self._dispatch(core, wanted)
                    if taken is not None:
                        if taken:
                            if not isinstance(target, int) or target not in at:
                                node.exit = "revert"
                                return steps
                            index = at[target]
                        number = self._enter(number, index, stack, decided, memory.get(self.written))
                        if not number or steps > budget:
                            return steps
                        node = self.nodes[number]
                        first = True
                        continue
                    assert isinstance(core, Term)
                    if isinstance(target, int) and target in at and len(stack) <= 1024:
                        chosen_so = {**decided, core: wanted}
                        there = self._enter(
                            number, at[target], stack, chosen_so, memory.get(self.written), core, wanted
                        )
                        if there:
                            steps += (len(stack) + len(memory) + len(decided)) // COPIED
                            work.append(_State(at[target], stack.copy(), memory.copy(), chosen_so, there))
                    else:
                        self.edges.append(Edge(number, REVERTED, core, wanted))
                    decided = {**decided, core: not wanted}
                    number = self._enter(number, index, stack, decided, memory.get(self.written), core, not wanted)
                    if not number or steps > budget:
                        return steps
                    node = self.nodes[number]
                    first = True
                    continue
                # One line for each, the commonest first: a table of them makes the analysis a tenth slower.
                elif op == 0x01:
                    stack.append(terms.add(stack.pop(), stack.pop()))
                elif op == 0x03:
                    stack.append(terms.sub(stack.pop(), stack.pop()))
                elif op == 0x16:
                    stack.append(terms.and_(stack.pop(), stack.pop()))
                elif op == 0x15:
                    stack.append(terms.iszero(stack.pop()))
                elif op == 0x14:
                    stack.append(terms.eq(stack.pop(), stack.pop()))
                elif op == 0x52:
                    offset, value = stack.pop(), stack.pop()
                    memory[offset] = memory[self.written] = value
                elif op == 0x51:
                    stack.append(self._load(memory, stack.pop()))
                elif op == 0x20:
                    stack.append(self._hash(memory, stack.pop(), stack.pop()))
                elif op == 0x54:
                    stack.append(terms.make("sload", stack.pop()))
                elif op == 0x55:
                    slot, value = stack.pop(), stack.pop()
                    node.events.append(Store(place, slot, value))
                elif op in self.environment:
                    stack.append(self.environment[op])
                elif op == 0x35:
                    stack.append(terms.make("arg", stack.pop()))
                elif op == 0x36:
                    stack.append(self.calldata)
                elif op in {0x10, 0x11, 0x12, 0x13}:
                    name = ("lt", "gt", "slt", "sgt")[op - 0x10]
                    stack.append(terms.less(name, stack.pop(), stack.pop()))
                elif op == 0x1C:
                    stack.append(self._shifted(stack.pop(), stack.pop()))
                elif op == 0x1B:
                    stack.append(terms.shl(stack.pop(), stack.pop()))
                elif op == 0x17:
                    stack.append(terms.or_(stack.pop(), stack.pop()))
                elif op == 0x02:
                    stack.append(terms.mul(stack.pop(), stack.pop()))
                elif op == 0x04:
                    stack.append(self._divided(stack.pop(), stack.pop()))
                elif op == 0x19:
                    stack.append(terms.not_(stack.pop()))
                elif op == 0x18:
                    stack.append(terms.xor(stack.pop(), stack.pop()))
                elif op == 0x0A:
                    stack.append(terms.exp(stack.pop(), stack.pop()))
                elif op in {0xF3, 0x00, 0xFD, 0xFE, 0xFF}:
                    node.end = place
                    if op == 0xF3:
                        node.exit = "return"
                        offset, size = stack.pop(), stack.pop()
                        if isinstance(size, int):
                            words = range(0, min(size, 32 * LONGEST), 32)
                            node.returned = tuple(self._load(memory, terms.add(offset, w)) for w in words)
                        else:
                            node.returned = (self._load(memory, offset),)
                    elif op == 0x00:
                        node.exit = "stop"
                    elif op == 0xFF:
                        node.exit = "destroyed"
                        node.events.append(Destroy(place, stack.pop()))
                    else:
                        node.exit = "revert"
                    return steps
                elif op == 0xA0:
                    del stack[-2:]
                    topics = tuple(stack.pop() for _ in range(number_in_code))
                    node.events.append(Log(place, topics))
                elif op in CALLS:
                    self._call(op, place, node, stack, memory)
                elif op in COPIES:
                    self._copy(op, stack, memory)
                elif op == 0x0B:
                    stack.pop()  # sign extension of what has a narrower type, as with masks
                elif op in OTHER:
                    name, takes, gives = OTHER[op]
                    inputs = tuple(stack.pop() for _ in range(takes))
                    if gives:
                        stack.append(self._other(op, name, inputs))
                    elif op == 0x53:
                        memory[inputs[0]] = terms.fresh()
                else:
                    node.end = place
                    node.exit = "revert"
                    return steps
        except IndexError:  # the stack underflowed
            node.end = place
            node.exit = "revert"
            return steps

    def _dispatch(self, core: Word, wanted: bool) -> bool | None:
        """Whether a comparison with an unknown selector is taken; None where it is no such comparison. Of the selectors
        only the names are kept: each has a run of its own."""
        if (
            self.selector is None
            and isinstance(core, Term)
            and core.op == "eq"
            and core.args[0] is self.unknown_selector
        ):
            known = core.args[1]
            if isinstance(known, int):
                self.selectors.add(known)
                return not wanted
        return None

    def _shifted(self, by: Word, a: Word) -> Word:
        if a is self.first_word and by == 224:
            return self.unknown_selector if self.selector is None else self.selector
        return self.terms.shr(by, a)

    def _divided(self, a: Word, b: Word) -> Word:
        if a is self.first_word and b == 1 << 224:
            return self.unknown_selector if self.selector is None else self.selector
        return self.terms.div(a, b)

    def _load(self, memory: dict[Word, Word], offset: Word) -> Word:
        found = memory.get(offset)
        if found is not None:
            return found
        if isinstance(offset, int):
            if memory.get(offset + 28) is self.first_word:
                # the calldata's beginning was written so that only the selector is in this word
                return self.unknown_selector if self.selector is None else self.selector
            # a table in the code: its entry was copied to the end of a word
            for start in self.tables:
                part = memory.get(start)
                if offset < start < offset + 32 and isinstance(part, int):
                    return part >> (8 * (start - offset))
        return self.terms.make("mem", offset)

    def _hash(self, memory: dict[Word, Word], offset: Word, size: Word) -> Word:
        terms = self.terms
        if not isinstance(size, int) or size > 32 * LONGEST:
            return terms.make("sha", self._load(memory, offset), self._load(memory, terms.add(offset, 32)))
        if size == 64:
            a, b = memory.get(offset), memory.get(terms.add(offset, 32))
            if a is not None and b is not None:
                return self._mapped(a, b)
        elif size == 32:
            word = memory.get(offset)
            if word is not None:
                return terms.make("arr", word)
            if isinstance(offset, int):
                # a seed and a key that overlap in memory, as hand-written layouts do
                near = [memory[o] for o in sorted(o for o in memory if isinstance(o, int) and abs(o - offset) < 32)]
                seeds = [w for w in near if isinstance(w, int) and w]
                inputs = [w for w in near if isinstance(w, Term)]
                if seeds and inputs:
                    return terms.make("map", seeds[0], inputs[0])
        words = tuple(self._load(memory, terms.add(offset, w)) for w in range(0, size, 32))
        return terms.make("sha", *words) if words else terms.fresh()

    def _mapped(self, a: Word, b: Word) -> Term:
        """Solidity hashes key . slot, Vyper slot . key; the slot is known or is itself a hash."""
        hashes = {"map", "arr"}
        if (
            isinstance(b, Term)
            and b.op not in hashes
            and not (b.op == "add" and isinstance(b.args[0], Term) and b.args[0].op in hashes)
            and (isinstance(a, int) or a.op in hashes)
        ):
            return self.terms.make("map", a, b)
        return self.terms.make("map", b, a)

    def _copy(self, op: int, stack: list[Word], memory: dict[Word, Word]) -> None:
        if op == 0x3C:
            stack.pop()
        target, source, size = stack.pop(), stack.pop(), stack.pop()
        terms = self.terms
        if op == 0x39 and isinstance(target, int) and isinstance(source, int) and isinstance(size, int) and size <= 32:
            part = self.code.raw[source : source + size].ljust(size, b"\0")
            memory[target] = int.from_bytes(part.ljust(32, b"\0"), "big")
            self.tables.add(target)
            return
        words = -(-size // 32) if isinstance(size, int) else 2
        answer = memory.get(self.answer)
        for word in range(min(words, LONGEST)):
            at = terms.add(target, 32 * word)
            if op in {0x37, 0x5E}:
                here = terms.add(source, 32 * word)
                memory[at] = terms.make("arg", here) if op == 0x37 else self._load(memory, here)
            elif op == 0x3E and answer is not None and isinstance(source, int):
                memory[at] = terms.make("ret", answer, source // 32 + word)
            else:
                memory[at] = terms.fresh()

    def _call(self, op: int, place: int, node: Node, stack: list[Word], memory: dict[Word, Word]) -> None:
        terms = self.terms
        kind, takes = CALLS[op]
        inputs = [stack.pop() for _ in range(takes)]
        self.calls += 1
        result = terms.make("call", place, self.calls)
        stack.append(result)
        if kind == "create":
            node.events.append(Call(place, kind, 0, inputs[0], None, (), result))
            return
        value: Word = inputs.pop(2) if op in {0xF1, 0xF2} else 0
        _, to, start, size, out, out_size = inputs
        selector: int | None = None
        args: tuple[Word, ...] = ()
        if size != 0:
            head = memory.get(start)
            if isinstance(head, Term) and head.op == "or":
                head = next((a for a in head.args if isinstance(a, int)), None)
            if isinstance(head, int):
                selector = head >> 224
            args = tuple(self._load(memory, terms.add(start, 4 + 32 * i)) for i in range(5))
        node.events.append(Call(place, kind, to, value, selector, args, result))
        memory[self.answer] = result
        words = -(-out_size // 32) if isinstance(out_size, int) else 0
        for word in range(max(1, min(words, LONGEST))):
            memory[terms.add(out, 32 * word)] = terms.make("ret", result, word)

    def _other(self, op: int, name: str, inputs: tuple[Word, ...]) -> Word:
        if op == 0x06:
            a, b = inputs
            if isinstance(a, int) and isinstance(b, int):
                return a % b if b else 0
        if op == 0x1A:
            at, word = inputs
            if isinstance(at, int) and isinstance(word, int):
                return (word >> (248 - 8 * at)) & 0xFF if at < 32 else 0
        if op == 0x1D:
            by, word = inputs
            if isinstance(by, int) and isinstance(word, int):
                return (signed(word) >> min(by, 255)) % WORD
            return self.terms.shr(by, word)
        if op == 0x05:
            return self.terms.div(*inputs)
        return self.terms.make(name, *inputs)


CALLS: Final = {
    0xF0: ("create", 3), 0xF1: ("call", 7), 0xF2: ("code", 7), 0xF4: ("delegate", 6), 0xF5: ("create", 4),
    0xFA: ("static", 6),
}  # fmt: skip
COPIES: Final = frozenset({0x37, 0x39, 0x3C, 0x3E, 0x5E})
OTHER: Final = {
    0x05: ("sdiv", 2, 1), 0x06: ("mod", 2, 1), 0x07: ("smod", 2, 1), 0x08: ("addmod", 3, 1), 0x09: ("mulmod", 3, 1),
    0x1A: ("byte", 2, 1), 0x1D: ("sar", 2, 1), 0x31: ("balance", 1, 1), 0x38: ("codesize", 0, 1),
    0x3B: ("extcodesize", 1, 1), 0x3F: ("extcodehash", 1, 1), 0x40: ("blockhash", 1, 1), 0x49: ("blobhash", 1, 1),
    0x53: ("mstore8", 2, 0), 0x5C: ("tload", 1, 1), 0x5D: ("tstore", 2, 0),
}  # fmt: skip
