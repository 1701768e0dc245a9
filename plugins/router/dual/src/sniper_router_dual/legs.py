"""Flows as legs: what the optimiser sells on each edge, made into swaps that can be carried out one after another."""

from collections.abc import Iterable, Sequence
from typing import Final

from sniper.router import WHOLE, Leg
from sniper.routing import split
from sniper_router_dual.compiled import Floats
from sniper_router_dual.mirror import Mirror
from sniper_router_dual.problem import Problem

Path = tuple[int, ...]
"""Places of edges in a problem, from its start to its end."""

_NOTHING: Final = 1e-9
"""Part of what is sold of a coin below which an edge does not count as used."""


def paths_of(problem: Problem, flow: Floats, hops: int, least: float) -> list[tuple[float, Path]]:
    """(part of the trade, path) of each way on which at least that part flows, the greatest first. A coin's flows out
    are its flows in, mixed."""
    leaving: dict[int, list[tuple[int, float]]] = {}
    for k in flow.nonzero()[0].tolist():
        leaving.setdefault(int(problem.source[k]), []).append((k, float(flow[k])))
    total = {coin: sum(sold for _, sold in out) for coin, out in leaving.items()}
    parts = {coin: [(k, sold / total[coin]) for k, sold in out] for coin, out in leaving.items()}
    found: list[tuple[float, Path]] = []

    def walk(coin: int, mass: float, path: Path, seen: frozenset[int]) -> None:
        if coin == problem.end:
            found.append((mass, path))
            return
        if len(path) == hops:
            return
        for k, part in parts.get(coin, ()):
            following = int(problem.target[k])
            if mass * part >= least and following not in seen:
                walk(following, mass * part, (*path, k), seen | {following})

    walk(problem.start, 1.0, (), frozenset({problem.start}))
    return sorted(found, key=lambda each: (-each[0], each[1]))


def together(mirror: Mirror, problem: Problem, paths: Iterable[Path], max_hops: int, max_legs: int) -> list[int]:
    """The edges of as many of the paths, in their order, as make one route: no pool twice, no way round in a circle,
    no more hops and legs than allowed. Ascending."""
    owners = mirror.owner[problem.edges].tolist()
    kept: set[int] = set()
    for path in paths:
        union = kept.union(path)
        if len(union) in (len(kept), 0) or len(union) > max_legs or len({owners[k] for k in union}) < len(union):
            continue
        if _in_order(problem, sorted(union), max_hops):
            kept = union
    return sorted(kept)


def legs(mirror: Mirror, problem: Problem, used: Sequence[int], flow: Floats) -> tuple[Leg, ...]:
    """The edges ``used`` as legs in an order in which every coin is bought before it is sold."""
    order = _in_order(problem, used, len(used))
    assert order is not None, "paths were chosen that cannot be put in order"
    coins, sold = problem.source.tolist(), flow.tolist()
    total = {coin: sum(sold[k] for k in used if coins[k] == coin) for coin in order}
    weighted = []
    for k in sorted(used, key=lambda k: (order.index(coins[k]), k)):
        part = sold[k] / total[coins[k]] if total[coins[k]] else 0.0
        if part > _NOTHING:
            pool, i, j = mirror.ends(int(problem.edges[k]))
            leg = Leg(pool=pool.pool.address, token_in=pool.pool.coins[i], token_out=pool.pool.coins[j])
            weighted.append((leg, max(1, int(part * WHOLE**2))))
    names = [mirror.names[problem.coins[place]] for place in (problem.start, problem.end)]
    return split(weighted, *names)


def _in_order(problem: Problem, used: Sequence[int], max_hops: int) -> list[int] | None:
    """The coins of these edges so that each edge leads onwards; None where they lead in a circle, or too far."""
    ends = list(zip(problem.source[used].tolist(), problem.target[used].tolist(), strict=True))
    waiting: dict[int, int] = {}
    for _, following in ends:
        waiting[following] = waiting.get(following, 0) + 1
    far = {problem.start: 0}
    order = [problem.start]
    for coin in order:
        for start, following in ends:
            if start == coin:
                far[following] = max(far.get(following, 0), far[coin] + 1)
                waiting[following] -= 1
                if not waiting[following]:
                    order.append(following)
    if any(waiting.values()) or max(far.values()) > max_hops:
        return None
    return order
