"""Charts as SVG that a page holds itself: nothing is fetched, and nothing runs."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final, NamedTuple

WIDTH: Final = 960
HEIGHT: Final = 220
LEFT: Final = 84
BOTTOM: Final = 24
MOST_POINTS: Final = 1_500

Series = Sequence[tuple[int, float]]
"""(time in ns, value)."""


class Mark(NamedTuple):
    """A fill on a chart of prices. ``text``: shown where the pointer rests on it."""

    time: int
    value: float
    buys: bool
    text: str


def line(title: str, series: Series, *, area: bool = False, marks: Sequence[Mark] = ()) -> str:
    """A line over time; ``area``: filled down, or up, to zero."""
    shown = _thinned(series)
    values = [value for _, value in shown] + [mark.value for mark in marks] + ([0.0] if area else [])
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1, high + 1
    begin, end = shown[0][0], max(shown[-1][0], shown[0][0] + 1)

    def x(time: int) -> float:
        return LEFT + (time - begin) / (end - begin) * (WIDTH - LEFT - 8)

    def y(value: float) -> float:
        return 8 + (high - value) / (high - low) * (HEIGHT - BOTTOM - 8)

    path = " ".join(f"{x(time):.1f},{y(value):.1f}" for time, value in shown)
    parts = [_grid(low, high, y), _days(begin, end, x)]
    if area:
        zero = y(0.0)
        parts.append(
            f'<polygon class="area" points="{x(begin):.1f},{zero:.1f} {path} {x(shown[-1][0]):.1f},{zero:.1f}"/>'
        )
    parts.append(f'<polyline class="line" points="{path}"/>')
    parts += [_mark(mark, x(mark.time), y(mark.value)) for mark in marks]
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg></figure>'
    )


def _mark(mark: Mark, x: float, y: float) -> str:
    tip = 7 if mark.buys else -7
    points = f"{x:.1f},{y:.1f} {x - 4:.1f},{y + tip:.1f} {x + 4:.1f},{y + tip:.1f}"
    kind = "buy" if mark.buys else "sell"
    return f'<polygon class="{kind}" points="{points}"><title>{escape(mark.text)}</title></polygon>'


def _grid(low: float, high: float, y: Callable[[float], float]) -> str:
    lines = []
    for number in range(5):
        value = low + (high - low) * number / 4
        lines.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 8}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{_short(value)}</text>'
        )
    return "".join(lines)


def _days(begin: int, end: int, x: Callable[[int], float]) -> str:
    pattern = "%Y-%m-%d" if end - begin > 4 * 86_400 * 10**9 else "%m-%d %H:%M"
    texts = []
    for number in range(5):
        time = begin + (end - begin) * number // 4
        anchor = "start" if number == 0 else "end" if number == 4 else "middle"
        told = f"{datetime.fromtimestamp(time / 1e9, UTC):{pattern}}"
        texts.append(f'<text x="{x(time):.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{told}</text>')
    return "".join(texts)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"


def _thinned(series: Series) -> Series:
    """The lowest and the highest of each stretch, so that no peak and no fall is lost."""
    if len(series) <= MOST_POINTS:
        return series
    size = -(-len(series) * 2 // MOST_POINTS)
    found: list[tuple[int, float]] = []
    for begin in range(0, len(series), size):
        part = series[begin : begin + size]
        ends = {min(part, key=lambda each: each[1]), max(part, key=lambda each: each[1])}
        found += sorted(ends)
    return [series[0], *found, series[-1]]
