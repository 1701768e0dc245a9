"""Price curves as numbers: pieces of constant product, and the upper envelope of curves that are only sampled.

A piece sells ``d`` for ``y·d / (x + d)``, at most ``most`` of it: `sniper.amm.Segment` with the fee inside of x.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from sniper.amm import Amm, NoLiquidity, Segment

Piece = tuple[float, float, float]
"""(x, y, most)."""
Vertex = tuple[float, float]
"""(amount in, most that it can buy)."""

_FINEST: Final = 24
"""The smallest of the first samples is the pool's depth over 2**_FINEST."""
_STEP: Final = 2
_NEAREST: Final = 1e-9
_SLACK: Final = 2
"""Units by which an exact quote may lie below the smooth curve that it rounds."""


class Curve(NamedTuple):
    """What coin i buys of coin j.

    pieces    What the optimiser sees, best price first.
    vertices  Of the envelope: what the bound sees. Empty: the pieces are the curve itself.
    samples   (amount in, amount out), exact, where it was sampled.
    """

    pieces: tuple[Piece, ...]
    vertices: tuple[Vertex, ...] = ()
    samples: tuple[tuple[int, int], ...] = ()


def curve(amm: Amm, i: int, j: int) -> Curve:
    """The curve as it is now. Raises what the AMM raises; empty where it has no liquidity."""
    segments = amm.segments(i, j)
    if segments is not None:
        return Curve(_pieces(segments))
    try:
        return sampled(amm, i, j, _first_amounts(amm, i, j))
    except NoLiquidity:
        return Curve(())


def refined(amm: Amm, i: int, j: int, known: Curve, amounts: Iterable[int]) -> Curve:
    """A sampled curve with further samples; none so near to another that floating point could not tell their slope."""
    have = dict(known.samples)
    wanted = sorted(have)
    for amount in amounts:
        at = bisect_left(wanted, amount)
        near = wanted[max(0, at - 1) : at + 1]
        if amount > 0 and all(abs(amount - other) > _NEAREST * amount for other in near):
            wanted.insert(at, amount)
    return sampled(amm, i, j, wanted, have)


def sampled(amm: Amm, i: int, j: int, amounts: Sequence[int], have: dict[int, int] | None = None) -> Curve:
    """The curve from its marginal price and exact quotes of rising amounts; it ends at the first that is refused."""
    start = float(amm.price(i, j))
    found: list[tuple[int, int]] = []
    for amount in amounts:
        out = (have or {}).get(amount) or _quote(amm, i, j, amount)
        if out is None:
            if found:
                break
            continue  # so little that it buys nothing
        if not found or out > found[-1][1]:
            found.append((amount, out))
    if not found or not start > 0:
        return Curve(())
    ceiling = float(amm.reserve(j))
    return Curve(_interpolated(found, start), _envelope(found, start, ceiling, float(amm.most_in(i, j))), tuple(found))


def _pieces(segments: Iterable[Segment]) -> tuple[Piece, ...]:
    return tuple([(x / kept, y, most) for x, y, kept, most in segments if x > 0 and y > 0 and kept > 0 and most > 0])


def _first_amounts(amm: Amm, i: int, j: int) -> list[int]:
    most = amm.most_in(i, j)
    depth = min(int(amm.reserve(j) / amm.price(i, j)), most)
    if depth <= 0:
        raise NoLiquidity("there is nothing in the pool")
    amounts = {depth >> k for k in range(_FINEST + 1)} | {depth * _STEP**k for k in range(1, 8)}
    return sorted(amount for amount in amounts if 0 < amount <= most)


def _quote(amm: Amm, i: int, j: int, amount: int) -> int | None:
    try:
        return amm.amount_out(i, j, amount) or None
    except NoLiquidity:
        return None


def _interpolated(samples: Sequence[tuple[int, int]], start: float) -> tuple[Piece, ...]:
    """Pieces of constant product through the samples, each not steeper where it begins than the last where it ends: a
    smooth concave curve, which Newton's method wants."""
    points = [(0.0, 0.0), *((float(d), float(out)) for d, out in samples)]
    steps = [(d1 - d0, f1 - f0) for (d0, f0), (d1, f1) in pairwise(points)]
    chords = [gain / length for length, gain in steps]
    for k in range(1, len(chords)):  # rounding may make a later chord the steeper one
        chords[k] = min(chords[k], chords[k - 1])
    pieces: list[Piece] = []
    slope = max(start, chords[0])
    for k, (length, _) in enumerate(steps):
        chord = chords[k]
        following = chords[k + 1] if k + 1 < len(chords) else 0.0
        if following > 0:
            slope = min(slope, chord * chord / following)
        slope = max(slope, chord * (1 + 1e-12))
        # y·d/(x + d) with slope y/x at 0 and value chord·length at length.
        x = length * chord / (slope - chord)
        pieces.append((x, x * slope, length))
        slope = min((chord * following) ** 0.5, chord * chord / slope)
    return tuple(pieces)


def _envelope(samples: Sequence[tuple[int, int]], start: float, ceiling: float, most: float) -> tuple[Vertex, ...]:
    """Vertices of a piecewise linear function that no concave curve through the samples exceeds: between two samples
    it lies below the prolonged chords on either side; from 0 on below the marginal price; at the end below the last
    chord, and never above what the pool holds. Quotes are rounded down by up to `_SLACK` units."""
    points = [(0.0, 0.0, 0.0), *((float(d), float(out), float(out) + _SLACK) for d, out in samples)]
    vertices: list[Vertex] = [(0.0, 0.0)]
    for k, (d0, _, high0) in enumerate(points):
        if k == 0:
            rising = start
        else:
            before, low, _ = points[k - 1]
            rising = min(start, (high0 - low) / (d0 - before))
        end = points[k + 1][0] if k + 1 < len(points) else most
        if end <= d0:
            break
        if k + 2 < len(points):
            (d1, _, high1), (d2, low2, _) = points[k + 1], points[k + 2]
            falling = max(0.0, (low2 - high1) / (d2 - d1))
            top, at = high1, d1
        else:
            falling, at = 0.0, end
            top = points[k + 1][2] if k + 1 < len(points) else ceiling
        # Where the line from the left meets the one from the right.
        meet = end if rising <= falling else d0 + max(0.0, (top - falling * (at - d0) - high0) / (rising - falling))
        meet = min(max(meet, d0), end)
        if k:
            vertices.append((d0, high0))
        vertices.append((meet, min(high0 + rising * (meet - d0), ceiling)))
        if k + 1 == len(points):
            vertices.append((end, min(high0 + rising * (end - d0), ceiling)))
    return tuple(vertices)
