"""Solves symmetric positive definite systems inside of compiled code, at LAPACK's speed for some hundred unknowns."""

import numpy as np

from sniper_router_dual.compiled import Floats, summed_freely

_TOGETHER = 4
"""Rows that are eliminated together: what is read of an earlier row then serves all of them."""


@summed_freely
def solved(matrix: Floats, right: Floats) -> bool:
    """Solve ``matrix · move = right`` by A = L·Lᵀ (Cholesky), row by row. Of the matrix only the lower half is read; it
    becomes L, with the inverse of its diagonal, and ``right`` the solution. False where it is not positive definite."""
    n = len(right)
    for begin in range(0, n, _TOGETHER):
        end = min(begin + _TOGETHER, n)
        if end - begin == _TOGETHER:
            _four_rows(matrix, begin)
        else:
            for i in range(begin, end):
                _row(matrix, i, 0, begin)
        for i in range(begin, end):
            _row(matrix, i, begin, i)
            row, rest = matrix[i], matrix[i, i]
            for q in range(i):
                rest -= row[q] * row[q]
            if not rest > 0.0:
                return False
            row[i] = 1.0 / np.sqrt(rest)
    for i in range(n):
        row, rest = matrix[i], right[i]
        for q in range(i):
            rest -= row[q] * right[q]
        right[i] = rest * row[i]
    for i in range(n - 1, -1, -1):
        row = matrix[i]
        right[i] *= row[i]
        for q in range(i):
            right[q] -= row[q] * right[i]
    return True


@summed_freely
def _row(matrix: Floats, i: int, begin: int, end: int) -> None:
    """Columns ``begin`` to ``end`` of row i of L, the columns before them being there."""
    row = matrix[i]
    for j in range(begin, end):
        other, s = matrix[j], 0.0
        for q in range(j):
            s += row[q] * other[q]
        row[j] = (row[j] - s) * other[j]


@summed_freely
def _four_rows(matrix: Floats, i: int) -> None:
    """Columns 0 to i of the rows from i on."""
    r0, r1, r2, r3 = matrix[i], matrix[i + 1], matrix[i + 2], matrix[i + 3]
    for j in range(i):
        other = matrix[j]
        s0 = s1 = s2 = s3 = 0.0
        for q in range(j):
            s0 += r0[q] * other[q]
            s1 += r1[q] * other[q]
            s2 += r2[q] * other[q]
            s3 += r3[q] * other[q]
        r0[j] = (r0[j] - s0) * other[j]
        r1[j] = (r1[j] - s1) * other[j]
        r2[j] = (r2[j] - s2) * other[j]
        r3[j] = (r3[j] - s3) * other[j]
