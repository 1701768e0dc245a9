"""Questions about the graph of one function: what must hold somewhere, what can be reached, where a choice is lost."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import NamedTuple

from sniper_risk_owner_powers.machine import REVERTED, Edge, Node, Run
from sniper_risk_owner_powers.terms import Term


class Holding(NamedTuple):
    """A branch's condition and which side was taken."""

    term: Term
    holds: bool


class Refusal(NamedTuple):
    """A branch of which one side can no longer do what the function is for.

    lost     What leads to the lost side.
    choices  What else was decided on every way here, where the other decision could still have succeeded.
    """

    place: int
    lost: Holding
    choices: tuple[Holding, ...]
    end: int


class Flow:
    """One function's graph. ``code`` counts the pieces of code that run on one storage."""

    def __init__(self, run: Run, code: int = 0) -> None:
        self.code = code
        self.selector = run.selector
        self.nodes: list[Node] = run.nodes
        self.edges: list[Edge] = run.edges
        self.out: list[list[Edge]] = [[] for _ in self.nodes]
        self.into: list[list[Edge]] = [[] for _ in self.nodes]
        for edge in self.edges:
            self.out[edge.source].append(edge)
            self.into[edge.target].append(edge)

    @cached_property
    def _bits(self) -> dict[Holding, int]:
        bits: dict[Holding, int] = {}
        for edge in self.edges:
            if edge.condition is not None:
                bits.setdefault(Holding(edge.condition, edge.holds), len(bits))
        return bits

    @cached_property
    def _certain(self) -> list[int]:
        """By node: which conditions hold on every way from the entry to it, one bit each."""
        bits = self._bits
        known: list[int | None] = [None] * len(self.nodes)
        known[1] = 0
        pending = [1]
        while pending:
            node = pending.pop()
            here = known[node]
            assert here is not None
            for edge in self.out[node]:
                then = here
                if edge.condition is not None:
                    then |= 1 << bits[Holding(edge.condition, edge.holds)]
                before = known[edge.target]
                after = then if before is None else before & then
                if after != before:
                    known[edge.target] = after
                    pending.append(edge.target)
        return [0 if here is None else here for here in known]

    def certain(self, node: int) -> list[Holding]:
        """What holds on every way to a node."""
        mask = self._certain[node]
        return [holding for holding, bit in self._bits.items() if mask >> bit & 1]

    def ahead(self, starts: Iterable[int], without: Callable[[Edge], bool] | None = None) -> set[int]:
        """Nodes that can be reached, the starts included, on edges that ``without`` does not name."""
        seen = set(starts)
        pending = list(seen)
        while pending:
            for edge in self.out[pending.pop()]:
                if edge.target not in seen and not (without and without(edge)):
                    seen.add(edge.target)
                    pending.append(edge.target)
        return seen

    def behind(self, goals: Iterable[int], without: frozenset[int] = frozenset()) -> set[int]:
        """Nodes from which a goal can be reached, the goals included, not through the nodes ``without``."""
        seen = set(goals)
        pending = list(seen)
        while pending:
            for edge in self.into[pending.pop()]:
                if edge.source not in seen and edge.source not in without:
                    seen.add(edge.source)
                    pending.append(edge.source)
        return seen

    @cached_property
    def endings(self) -> frozenset[int]:
        """Nodes in which a call ends well."""
        return frozenset(n for n, node in enumerate(self.nodes) if node.exit in {"return", "stop", "destroyed"})

    @cached_property
    def ends_well(self) -> set[int]:
        """Nodes from which a call can end well."""
        return self.behind(self.endings)

    def through(self, goals: Iterable[int]) -> set[int]:
        """Nodes on ways from the entry over one of the goals to an end without revert."""
        kept = [g for g in goals if g in self.ends_well]
        return self.behind(kept) | (self.ahead(kept) & self.ends_well)

    def refusals(self, goals: Iterable[int]) -> list[Refusal]:
        """Branches at which the way over the goals is lost."""
        good = self.through(goals)
        choices = 0
        lost: list[Edge] = []
        for node in good:
            ways = [e for e in self.out[node] if e.condition is not None]
            if len(ways) < 2:
                continue
            bad = [e for e in ways if e.target == REVERTED or e.target not in good]
            if not bad:
                for edge in ways:
                    assert edge.condition is not None
                    choices |= 1 << self._bits[Holding(edge.condition, edge.holds)]
            elif len(bad) < len(ways):
                lost.extend(bad)
        found = []
        for edge in lost:
            assert edge.condition is not None
            mask = self._certain[edge.source] & choices
            around = tuple(h for h, bit in self._bits.items() if mask >> bit & 1)
            source = self.nodes[edge.source]
            found.append(Refusal(source.start, Holding(edge.condition, edge.holds), around, source.end))
        return found
