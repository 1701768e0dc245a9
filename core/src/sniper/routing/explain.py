"""A route as a tree for people."""

from collections.abc import Callable, Iterator
from fractions import Fraction

from sniper.routing.route import Hop, Route

Amounts = Callable[[str, int], str]
"""How an amount of a coin (its address) is written."""
Names = Callable[[str], str]
"""How a pool (its address) is written."""


def explain(route: Route, amounts: Amounts, names: Names) -> str:
    """What goes where: under each coin the pools that sell it, with their part of it, and under each what it buys."""
    ask = route.ask
    head = f"{amounts(ask.token_in, route.amount_in)} → {amounts(ask.token_out, route.amount_out)}"
    gap = "no bound known" if route.gap is None else f"at most {as_percent(route.gap)} below the best"
    lines = [head, *_tree(route, ask.token_in, "", set(), amounts, names)]
    lines.append(f"{route.method}; gas {route.gas:,}; impact {as_percent(route.impact)}; {gap}")
    return "\n".join(lines)


def _tree(route: Route, coin: str, indent: str, shown: set[str], amounts: Amounts, names: Names) -> Iterator[str]:
    """A coin to which several ways lead is opened once."""
    shown.add(coin)
    hops = [hop for hop in route.hops if hop.leg.token_in == coin]
    total = sum(hop.amount_in for hop in hops)
    for n, hop in enumerate(hops):
        last = n == len(hops) - 1
        again = hop.leg.token_out in shown
        yield f"{indent}{'└─' if last else '├─'} {_line(hop, total, amounts, names)}{', see above' if again else ''}"
        if not again and hop.leg.token_out != route.ask.token_out:
            yield from _tree(route, hop.leg.token_out, indent + ("   " if last else "│  "), shown, amounts, names)


def _line(hop: Hop, total: int, amounts: Amounts, names: Names) -> str:
    leg = hop.leg
    share = as_percent(Fraction(hop.amount_in, total))
    return (
        f"{share} {names(leg.pool)}: {amounts(leg.token_in, hop.amount_in)} → {amounts(leg.token_out, hop.amount_out)}"
    )


def as_percent(part: Fraction) -> str:
    """Exact to the last digit that is shown; what is too small to be shown is not called nothing."""
    percent = part * 100
    if percent and abs(percent) < Fraction(1, 10_000):
        return "<0.0001%" if percent > 0 else ">-0.0001%"
    return f"{float(percent):.4f}".rstrip("0").rstrip(".") + "%"
