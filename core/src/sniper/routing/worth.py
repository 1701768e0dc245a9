"""What a coin is worth, for counting gas in it."""

from fractions import Fraction

from sniper.router import Graph


def worth(graph: Graph, wrapped: str, coin: str) -> tuple[int, int]:
    """(units, wei) for `sniper.router.RouteAsk.wei_worth`: base units of ``coin`` for wei, by the pool that holds most
    of the wrapped native coin; nothing where there is none."""
    if coin == wrapped:
        return 1, 1
    prices: list[tuple[int, Fraction]] = []
    for pool in graph.trading(coin):
        if wrapped in pool.coins:
            i, j = pool.coins.index(wrapped), pool.coins.index(coin)
            try:
                reserve, price = pool.impl.reserve(i), pool.impl.price(i, j)
            except Exception:  # noqa: S112  a pool that has no price says nothing about gas; its quote says why
                continue
            if type(reserve) is int and type(price) is Fraction and price >= 0:
                prices.append((reserve, price))
    best = max(prices, default=(0, Fraction(0)))[1]
    return best.numerator, best.denominator
