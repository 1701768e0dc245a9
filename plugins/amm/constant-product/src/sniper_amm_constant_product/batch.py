"""Many exact quotes at once, for work over columns of recorded reserves, such as every Sync of a pool. Needs numba,
which the extra ``batch`` brings; nothing that trades imports this.

Numbers are rows of two limbs, high and low 64 bits: making and unmaking Python integers costs more than the quote.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias, cast

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from sniper.errors import SniperError
from sniper_amm_constant_product.pool import MAX_RESERVE, ONE

Words: TypeAlias = NDArray[np.uint64]
"""Of shape (n, 2): high and low limb."""
Three: TypeAlias = tuple[np.uint64, np.uint64, np.uint64]
"""Limbs, the highest first."""

_SYNC_BYTES: Final = 64
_ONE: Final = np.uint64(ONE)
_NOTHING: Final = np.uint64(0)
_UNIT: Final = np.uint64(1)
_OVER: Final = np.uint64(112 - 64)
"""Bits of the high limb that a uint112 has."""
_UPPER: Final = 2.0**64
_SHY: Final = 1.0 - 2.0**-49
"""Makes a quotient of floats too small in any case: its error is at most 8 roundings of 2**-53 each."""


class NotUint112(SniperError, ValueError):
    """A number that no pair can have for a reserve."""

    code = "not-uint112"


def words(numbers: Iterable[int]) -> Words:
    """Integers as limbs. Raises `NotUint112` for what is negative or has more than 112 bits."""
    given = list(numbers)
    for number in given:
        if not 0 <= number <= MAX_RESERVE:
            raise NotUint112(f"{number} is no uint112; give what a pair can hold, 0 to 2**112 - 1")
    raw = b"".join(number.to_bytes(16, "big") for number in given)
    return np.frombuffer(raw, ">u8").astype(np.uint64).reshape(-1, 2)


def integers(found: Words) -> list[int]:
    """Limbs as integers."""
    return [high << 64 | low for high, low in found.tolist()]


def synced(data: bytes) -> tuple[Words, Words]:
    """The reserves of many Sync logs, from their data one behind the other: 64 bytes each, as the node gives them.

    Raises `NotUint112` for bytes that are no such data."""
    if len(data) % _SYNC_BYTES:
        raise NotUint112(f"{len(data)} bytes are no data of Sync logs, which have {_SYNC_BYTES} each")
    limbs = np.frombuffer(data, ">u8").astype(np.uint64).reshape(-1, 8)
    if limbs[:, (0, 1, 4, 5)].any():
        raise NotUint112("a reserve has more than 128 bits: this is no data of Sync logs")
    return np.ascontiguousarray(limbs[:, 2:4]), np.ascontiguousarray(limbs[:, 6:8])


def amounts_out(reserves_in: Words, reserves_out: Words, amounts_in: Words, fee_bps: int) -> Words:
    """`ConstantProduct.amount_out` of each row: the contract's integers, and 0 where the pair would revert.

    reserves_in, reserves_out  Of the coin that is sold, and of the one that is bought.
    amounts_in                 As many rows, or one for all.

    Raises `NotUint112` for reserves of more than 112 bits.
    """
    for reserves in (reserves_in, reserves_out):
        if (reserves[:, 0] >> _OVER).any():
            raise NotUint112("a reserve has more than 112 bits; no pair can hold it")
    sold = np.ascontiguousarray(np.broadcast_to(amounts_in, reserves_in.shape))
    found = np.empty_like(reserves_in)
    _quote(reserves_in, np.ascontiguousarray(reserves_out), sold, np.uint64(ONE - fee_bps), found)
    return found


def _wide(context: Any, a: Any, b: Any) -> Any:  # Any: what numba hands to those who extend it
    """(high, low) limb of a product: one instruction, which no operator of Python names."""
    pair = types.UniTuple(types.uint64, 2)  # type: ignore[no-untyped-call]  # numba has few types

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        limb = arguments[0].type
        double = type(limb)(128)
        product = builder.mul(*(builder.zext(argument, double) for argument in arguments))
        high = builder.trunc(builder.lshr(product, double(64)), limb)
        return context.make_tuple(builder, pair, (high, builder.trunc(product, limb)))

    return pair(types.uint64, types.uint64), build


_product = cast(Callable[[np.uint64, np.uint64], tuple[np.uint64, np.uint64]], intrinsic(_wide))


@numba.njit(cache=True)
def times(factor: np.uint64, high: np.uint64, low: np.uint64) -> Three:
    """The product of one limb and two."""
    r1, r0 = _product(factor, low)
    r2, carry = _product(factor, high)
    r1 += carry
    return r2 + np.uint64(r1 < carry), r1, r0


@numba.njit(cache=True)
def difference(a: Three, b: Three) -> Three:
    """a - b, modulo 2**192."""
    (a2, a1, a0), (b2, b1, b0) = a, b
    borrow = np.uint64(a0 < b0)
    under = np.uint64(a1 < b1) + np.uint64(a1 - b1 < borrow)
    return a2 - b2 - under, a1 - b1 - borrow, a0 - b0


@numba.njit(cache=True, error_model="numpy")
def _quote(reserves_in: Words, reserves_out: Words, amounts_in: Words, kept: np.uint64, found: Words) -> None:
    """``kept``: of 10,000, what the fee leaves of the amount in.

    The output is paid·y / (10,000·x + paid), numbers of 126, 112 and 127 bits, rounded down. The quotient is guessed in
    floating point, always too small, and the guess for what remains is added until less than the divisor remains. The
    remainder is kept in three limbs: it is below 2**191 after the first guess, so what is above them cancels.
    """
    for n in range(len(found)):
        x1, x0 = reserves_in[n, 0], reserves_in[n, 1]
        y1, y0 = reserves_out[n, 0], reserves_out[n, 1]
        a1, a0 = amounts_in[n, 0], amounts_in[n, 1]
        found[n, 0] = found[n, 1] = _NOTHING
        after = x0 + a0
        if (a1 >> _OVER) or ((x1 + a1 + np.uint64(after < x0)) >> _OVER) or not (x1 | x0):
            continue
        carry, p0 = _product(a0, kept)
        p1 = a1 * kept + carry
        carry, d0 = _product(x0, _ONE)
        d1 = x1 * _ONE + carry
        d0 += p0
        d1 += p1 + np.uint64(d0 < p0)
        # paid·y, the lower three limbs.
        r2, r1, r0 = times(p0, y1, y0)
        high, low = _product(p1, y0)
        r1 += low
        r2 += high + np.uint64(r1 < low) + p1 * y1
        divisor = np.float64(d1) * _UPPER + np.float64(d0)
        guess = (np.float64(p1) * _UPPER + np.float64(p0)) * (np.float64(y1) * _UPPER + np.float64(y0))
        guess = guess / divisor * _SHY
        q1 = np.uint64(guess / _UPPER)
        q0 = np.uint64(guess - np.float64(q1) * _UPPER)
        # Less the guess times the divisor.
        r2, r1, r0 = difference((r2, r1, r0), times(q0, d1, d0))
        m1, m0 = _product(q1, d0)
        r2, r1, r0 = difference((r2, r1, r0), (m1 + q1 * d1, m0, _NOTHING))
        while r2 or r1 > d1 or (r1 == d1 and r0 >= d0):
            guess = ((np.float64(r2) * _UPPER + np.float64(r1)) * _UPPER + np.float64(r0)) / divisor * _SHY
            more = max(np.uint64(guess), _UNIT)
            r2, r1, r0 = difference((r2, r1, r0), times(more, d1, d0))
            q0 += more
            q1 += np.uint64(q0 < more)
        found[n, 0], found[n, 1] = q1, q0
