"""A route as a picture: coins from left to right, and a band for each leg, as wide as its part of what is traded."""

from html import escape
from typing import Any

from sniper.amounts import in_coins

WIDTH, HEIGHT, MARGIN, BAND = 960, 480, 90, 160
"""Pixels; ``BAND``: of all that is traded."""


def drawn(answer: dict[str, Any]) -> str:
    """SVG of what ``sniper route`` was answered. Any: JSON."""
    legs, coins = answer["route"]["legs"], answer["coins"]
    depth = {answer["in"]["address"]: 0}
    for leg in legs:
        depth[leg["out"]] = max(depth.get(leg["out"], 0), depth[leg["in"]] + 1)
    deepest = max(depth.values())
    column = {coin: MARGIN + (WIDTH - 2 * MARGIN) * step // deepest for coin, step in depth.items()}
    part = {answer["in"]["address"]: 1.0}
    total: dict[str, int] = {}
    for leg in legs:
        total[leg["in"]] = total.get(leg["in"], 0) + int(leg["amount_in"])
    shapes: list[str] = []
    for n, leg in enumerate(legs):
        share = part.get(leg["in"], 0.0) * int(leg["amount_in"]) / total[leg["in"]]
        part[leg["out"]] = part.get(leg["out"], 0.0) + share
        y = HEIGHT * (n + 1) // (len(legs) + 1)
        x1, x2, middle = column[leg["in"]], column[leg["out"]], HEIGHT // 2
        bend = (x2 - x1) // 3
        path = f"M{x1},{middle} C{x1 + bend},{y} {x2 - bend},{y} {x2},{middle}"
        shapes.append(
            f'<path d="{path}" fill="none" stroke="#4a7fb5" stroke-opacity="0.45" '
            f'stroke-width="{max(1.0, share * BAND):.1f}"/>'
        )
        label = f"{share * 100:.2f}% {leg['amm']}"
        shapes.append(f'<text x="{(x1 + x2) // 2}" y="{(middle + 3 * y) // 4}">{escape(label)}</text>')
    for coin, x in column.items():
        shapes.append(f'<circle cx="{x}" cy="{HEIGHT // 2}" r="26" fill="#223"/>')
        name = escape(coins[coin]["symbol"])
        shapes.append(f'<text x="{x}" y="{HEIGHT // 2 + 4}" fill="#fff">{name}</text>')
    ends = (("in", "amount_in", MARGIN), ("out", "amount_out", WIDTH - MARGIN))
    for end, amount, x in ends:
        written = f"{in_coins(int(answer['route'][amount]), answer[end]['decimals'])} {answer[end]['symbol']}"
        shapes.append(f'<text x="{x}" y="{HEIGHT - 20}">{escape(written)}</text>')
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12" text-anchor="middle">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *shapes, "</svg>", ""])
