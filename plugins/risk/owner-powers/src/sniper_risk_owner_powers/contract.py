"""A whole contract: the graph of each function, the variables that make it a token, and who may call what."""

from functools import cached_property
from typing import Final, NamedTuple

from sniper_risk_owner_powers.flow import Flow, Holding
from sniper_risk_owner_powers.machine import Call, Edge, Store
from sniper_risk_owner_powers.report import Guard
from sniper_risk_owner_powers.storage import Variable, keys, named, path, read_variable, writes
from sniper_risk_owner_powers.terms import Term, Terms, Word, leaves

BALANCE_OF: Final = 0x70A08231
ALLOWANCE: Final = 0xDD62ED3E
TOTAL_SUPPLY: Final = 0x18160DDD
TRANSFER: Final = 0xA9059CBB
TRANSFER_FROM: Final = 0x23B872DD
APPROVE: Final = 0x095EA7B3
IMPLEMENTATION: Final = 0x5C60DA1B
"""``implementation()``, what a beacon is asked for (EIP-1967)."""
ERC20: Final = frozenset({BALANCE_OF, ALLOWANCE, TOTAL_SUPPLY, TRANSFER, TRANSFER_FROM, APPROVE})
"""What is asked of a token: an answer of its says what the caller has, not who it is."""


class Write(NamedTuple):
    """One variable changed by one function."""

    flow: Flow
    node: int
    place: int
    variable: Variable
    slot: Word
    value: Word

    @property
    def keys(self) -> tuple[Word, ...]:
        return keys(self.slot)


def loads(term: Word) -> frozenset[Term]:
    """Reads of storage that a value is made of."""
    return frozenset(leaf for leaf in term.leaves if leaf.op == "sload") if isinstance(term, Term) else frozenset()


def variables(term: Word) -> dict[Variable, Term]:
    """The variables that a value is made of, each with one of its reads."""
    found: dict[Variable, Term] = {}
    pending = [term]
    seen: set[Term] = set()
    while pending:
        part = pending.pop()
        if not isinstance(part, Term) or part in seen:
            continue
        seen.add(part)
        if part.op == "sload":
            found.setdefault(read_variable(part), part)
        elif part.op == "field":
            load = part.args[0]
            assert isinstance(load, Term)
            found.setdefault(read_variable(part), load)
        elif part.op not in {"map", "arr", "sha"}:
            pending.extend(a for a in part.args if isinstance(a, Term | int))
    return found


def slot_keys(load: Term) -> tuple[Word, ...]:
    return keys(load.args[0])


class Contract:
    def __init__(self, terms: Terms, flows: list[Flow]) -> None:
        self.terms = terms
        self.flows = flows
        self.by_selector = {flow.selector: flow for flow in reversed(flows)}
        self.caller = terms.environment("caller")
        self.origin = terms.environment("origin")
        self.this = terms.environment("address")
        self.calls: dict[Term, Call] = {}
        self._named_senders: dict[int, list[tuple[Edge, Term]]] = {}
        self.writes: list[Write] = []
        for flow in flows:
            for number, node in enumerate(flow.nodes):
                for event in node.events:
                    if isinstance(event, Call):
                        self.calls[event.result] = event
                    elif isinstance(event, Store) and number in flow.ends_well:
                        for write in writes(terms, event.slot, event.value):
                            self.writes.append(Write(flow, number, event.place, *write))
        self.writers: dict[Variable, list[Write]] = {}
        for changed in self.writes:
            self.writers.setdefault(changed.variable, []).append(changed)

    # --- what makes it a token -----------------------------------------------------------------------------------

    @cached_property
    def balances(self) -> frozenset[Variable]:
        """Variables that hold what an account has: keyed by the account in what balanceOf(address) returns."""
        return frozenset(self._returned(BALANCE_OF, (self.terms.make("arg", 4),)))

    @cached_property
    def ledgers(self) -> frozenset[Variable]:
        """The balances; in what is no token, every mapping by account to which more than a constant is added."""
        if self.balances:
            return self.balances
        return frozenset(w.variable for w in self.writes if w.variable.mapping and w.keys and grows(w))

    @cached_property
    def allowances(self) -> frozenset[Variable]:
        return frozenset(self._returned(ALLOWANCE, (self.terms.make("arg", 4), self.terms.make("arg", 36))))

    @cached_property
    def supply(self) -> frozenset[Variable]:
        return frozenset(self._returned(TOTAL_SUPPLY, ()))

    def _returned(self, selector: int, wanted: tuple[Term, ...]) -> set[Variable]:
        flow = self.by_selector.get(selector)
        found: set[Variable] = set()
        if flow is None:
            return found
        for node in flow.nodes:
            if node.exit == "return" and node.returned:
                for load in _summands(node.returned[0]):
                    held = load if load.op == "sload" else load.args[0]
                    assert isinstance(held, Term)
                    if set(slot_keys(held)) >= set(wanted) and (wanted or not slot_keys(held)):
                        found.add(read_variable(load))
        return found

    @cached_property
    def code_variables(self) -> frozenset[Variable]:
        """Where the code is named that the fallback runs."""
        flows = [flow for flow in self.flows if flow.selector is None]
        calls = [e for f in flows for node in f.nodes for e in node.events if isinstance(e, Call)]
        return frozenset(v for call in calls if call.kind == "delegate" for v in variables(call.to))

    # --- who may -------------------------------------------------------------------------------------------------

    def sender(self, word: object) -> bool:
        return word is self.caller or word is self.origin

    def guard(self, holding: Holding) -> Guard | None:
        """Who passes a branch on this side; None where it says nothing of who calls."""
        term, holds = holding
        if term.op in {"or", "and"} and holds:
            parts = [self.guard(Holding(a, True)) for a in term.args if isinstance(a, Term)]
            named_parts = [p for p in parts if p is not None]
            if named_parts and (term.op == "and" or len(named_parts) == len(term.args)):
                return named_parts[0]
            return None
        if term.op == "eq" and holds:
            a, b = term.args
            if self.sender(b):
                a, b = b, a
            if self.sender(a):
                return self._named(b, a is self.origin)
            if isinstance(a, int):
                a, b = b, a
            if isinstance(a, Term) and b == 1:
                return self._listed(a)
            for one, other in ((a, b), (b, a)):
                if isinstance(one, Term) and one.op in {"sha", "arr"} and self._hashes_sender(one):
                    return self._named(other, False)
                if isinstance(one, Term) and one.op == "ret" and self.recovers(one):
                    known = self._named(other, False)
                    return Guard(kind="signature", variable=known.variable) if known else None
            return None
        if holds:
            return self._listed(term)
        return None

    def _hashes_sender(self, term: Term) -> bool:
        """Whether a hash is that of the caller and of nothing that it chose."""
        return any(self.sender(leaf) for a in term.args for leaf in leaves(a)) and not any(
            leaf.op == "arg" for a in term.args for leaf in leaves(a)
        )

    def answers(self, result: Term) -> Call | None:
        """The call that returned a value."""
        call = result.args[0]
        return self.calls.get(call) if isinstance(call, Term) else None

    def recovers(self, result: Term) -> bool:
        call = self.answers(result)
        return call is not None and call.to == 1

    def _named(self, word: Word, origin: bool) -> Guard | None:
        if isinstance(word, int):
            return Guard(kind="constant", variable=f"0x{word:040x}", origin=origin) if word else None
        if word.op in {"sload", "field"}:
            load = word if word.op == "sload" else word.args[0]
            assert isinstance(load, Term)
            if any(isinstance(k, Term) for k in slot_keys(load)):
                return None  # the owner of an item that the caller names
            return Guard(kind="slot", variable=str(read_variable(word)), origin=origin)
        if word is self.this:
            return Guard(kind="self", variable="", origin=origin)
        if word.op == "ret":
            return Guard(kind="call", variable=self.asked(word), origin=origin)
        return None

    def _listed(self, term: Term) -> Guard | None:
        if term.op in {"sload", "field"}:
            load = term if term.op == "sload" else term.args[0]
            assert isinstance(load, Term)
            variable = read_variable(term)
            senders = [k for k in slot_keys(load) if self.sender(k)]
            if senders and variable not in self.balances and variable not in self.allowances:
                return Guard(kind="mapping", variable=str(variable), origin=senders[0] is self.origin)
        if term.op == "ret":
            call = self.answers(term)
            if (
                call is not None
                and any(self.sender(a) for a in call.args)
                and call.to != 1
                and call.selector not in ERC20
            ):
                return Guard(kind="call", variable=self.asked(term))
        return None

    def asked(self, result: Term) -> str:
        """Which contract returned a value: its address, or the variables that hold it."""
        call = self.answers(result)
        to = call.to if call else 0
        if isinstance(to, int):
            return f"0x{to:040x}"
        found = variables(to)
        return ",".join(sorted(str(v) for v in found)) or "?"

    @cached_property
    def _self_service(self) -> frozenset[str]:
        """Mappings of callers into which anybody can write: they keep nobody out."""
        free: frozenset[str] = frozenset()
        while True:
            open_to_all = {id(flow): self._reachable(flow, free) for flow in self.flows}
            found = free | {
                str(write.variable)
                for write in self.writes
                if write.variable.mapping and write.value != 0 and write.node in open_to_all[id(write.flow)]
            }
            if found == free:
                return free
            free = found

    def _guard_edges(self, flow: Flow, free: frozenset[str]) -> dict[Edge, Guard]:
        found: dict[Edge, Guard] = {}
        for edge in flow.edges:
            if edge.condition is not None:
                guard = self.guard(Holding(edge.condition, edge.holds))
                if guard is not None and not (guard.kind == "mapping" and guard.variable in free):
                    found[edge] = guard
        return found

    def _reachable(self, flow: Flow, free: frozenset[str]) -> set[int]:
        """What anybody reaches."""
        keeps_out = self._guard_edges(flow, free)
        return flow.ahead((1,), keeps_out.__contains__)

    @cached_property
    def _kept_out(self) -> dict[int, tuple[set[int], list[tuple[Guard, set[int]]]]]:
        """By function: what anybody reaches, and what each guard lets its own reach."""
        found = {}
        for flow in self.flows:
            guarded = self._guard_edges(flow, self._self_service)
            beyond = [(guard, flow.ahead((edge.target,))) for edge, guard in guarded.items()]
            found[id(flow)] = (flow.ahead((1,), guarded.__contains__), beyond)
        return found

    @cached_property
    def used_guards(self) -> frozenset[Guard]:
        """Of all functions."""
        return frozenset(guard for _, beyond in self._kept_out.values() for guard, _ in beyond)

    def guards(self, flow: Flow, node: int) -> tuple[Guard, ...]:
        """Who reaches a node; empty: anybody."""
        anybody, beyond = self._kept_out[id(flow)]
        if node in anybody:
            return ()
        return tuple(dict.fromkeys(guard for guard, reached in beyond if node in reached))

    def lasts(self, write: Write) -> bool:
        """Whether a call can end with the value written: not so for a lock that is opened again before the end."""
        again = frozenset(
            w.node
            for w in self.writers[write.variable]
            if w.flow is write.flow and (w.node, w.place) != (write.node, write.place) and w.slot == write.slot
        )
        later = [w for w in self.writers[write.variable] if w.flow is write.flow and w.node == write.node]
        if later and later[-1].place != write.place:
            return False
        if write.node in again:
            return True
        return write.node in write.flow.behind(write.flow.endings - again, without=again)

    def can_be(self, variable: Variable, holding: Holding) -> bool:
        """Whether somebody privileged can bring about what a branch asks of a variable: False only where all that is
        ever written to it is known and does not."""
        term, holds = holding
        wanted: Word = 0
        if term.op == "eq":
            wanted, holds = next((a for a in term.args if isinstance(a, int)), self.caller), not holds
        elif term.op not in {"sload", "field"}:
            return True
        return any(
            not (isinstance(w.value, int) and isinstance(wanted, int)) or (w.value != wanted) == holds
            for w in self.writers.get(variable, ())
            if (self.guards(w.flow, w.node) or self._for_others(w)) and self.lasts(w)
        )

    @cached_property
    def _settable(self) -> dict[Variable, tuple[Write, tuple[Guard, ...]]]:
        found: dict[Variable, tuple[Write, tuple[Guard, ...]]] = {}
        for variable, changes in self.writers.items():
            for write in changes:
                if self._notes_time(write):
                    continue
                who = self.guards(write.flow, write.node) or self._for_others(write)
                if who and self.lasts(write):
                    found[variable] = (write, who)
                    break
        return found

    def ended_by(self, flow: Flow, node: int) -> tuple[str, ...]:
        """Flags that let a call come here only while they are zero (with ``!``: while they are not), and that are never
        set back."""
        found = []
        for term, holds in flow.certain(node):
            if term.op not in {"sload", "field"}:
                continue
            variable = read_variable(term)
            changes = self.writers.get(variable, ())
            lost = changes and all(isinstance(w.value, int) and bool(w.value) != holds for w in changes)
            # of a wider number one byte alone, which is what is read, would not tell that all of it is zero
            narrow = term.op == "field" and term.args[2] == 8
            if lost and not variable.mapping and (narrow or not holds):
                found.append(f"!{variable}" if holds else str(variable))
        return tuple(sorted(found))

    def _notes_time(self, write: Write) -> bool:
        """A transfer that notes when it was made: no list that somebody writes."""
        return write.flow.selector in {TRANSFER, TRANSFER_FROM} and any(
            leaf.name in {"timestamp", "number"} for leaf in leaves(write.value)
        )

    def _names_sender(self, flow: Flow) -> list[tuple[Edge, Term]]:
        """Edges on which the caller is somebody who is named, and the comparisons."""
        found = self._named_senders.get(id(flow))
        if found is None:
            found = self._named_senders[id(flow)] = [
                (edge, edge.condition)
                for edge in flow.edges
                if edge.condition is not None
                and edge.condition.op == "eq"
                and edge.holds
                and any(self.sender(a) for a in edge.condition.args)
            ]
        return found

    def _for_others(self, write: Write) -> tuple[Guard, ...]:
        """Who changes an account's entry that the account can change itself, too."""
        own = {
            edge
            for edge, term in self._names_sender(write.flow)
            if any(a in write.keys for a in term.args if isinstance(a, Term))
        }
        if not own:
            return ()
        guarded = self._guard_edges(write.flow, self._self_service)
        if write.node in write.flow.ahead((1,), lambda edge: edge in own or edge in guarded):
            return ()
        return tuple(dict.fromkeys(g for edge, g in guarded.items() if write.node in write.flow.ahead((edge.target,))))

    def settable(self, variable: Variable) -> tuple[Write, tuple[Guard, ...]] | None:
        """The write by which somebody privileged changes a variable, and who; None where nobody can."""
        return self._settable.get(variable)


def grows(write: Write) -> bool:
    """Whether a write adds to a variable what is not a constant."""
    value = write.value
    if not isinstance(value, Term) or value.op != "add" or not isinstance(value.args[1], Term):
        return False
    return any(isinstance(a, Term) and a.op == "sload" and a.args[0] == write.slot for a in value.args)


def spends(write: Write) -> bool:
    """Whether a write takes something off a variable."""
    value = write.value
    return (
        isinstance(value, Term)
        and value.op == "sub"
        and isinstance(value.args[0], Term)
        and value.args[0].op == "sload"
        and value.args[0].args[0] == write.slot
    )


def _summands(word: Word) -> list[Term]:
    """Reads of storage that a value grows with: not what is taken off, and not what it is divided by."""
    found: list[Term] = []
    pending: list[Word | str] = [word]
    seen: set[Term] = set()
    while pending:
        part = pending.pop()
        if not isinstance(part, Term) or part in seen:
            continue
        seen.add(part)
        if part.op in {"sload", "field"}:
            found.append(part)
        elif part.op in {"sub", "div"}:
            pending.append(part.args[0])
        elif part.op not in {"map", "arr", "sha", "ret", "call"}:
            pending.extend(part.args)
    return found


__all__ = ["Contract", "Write", "loads", "named", "path", "slot_keys", "variables"]
