"""Compiles functions once per machine: numba's cache in the user's cache directory."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., object])
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

if not os.environ.get("NUMBA_CACHE_DIR"):
    # Beside the source, numba's default, may be read-only, and is no place for files of a user.
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    numba.config.CACHE_DIR = str(Path(home) / "sniper" / "numba")  # type: ignore[attr-defined]  # made at run time


def compiled(function: F) -> F:
    """Compile it on first use. Division by zero gives infinity, as in numpy."""
    return cast(F, numba.njit(cache=True, error_model="numpy")(function))


def compiled_aside(function: F) -> F:
    """As `compiled`, for what takes long: other threads go on while it runs."""
    return cast(F, numba.njit(cache=True, error_model="numpy", nogil=True)(function))


def summed_freely(function: F) -> F:
    """As `compiled`; sums may be taken in another order than written, several numbers at a time."""
    return cast(F, numba.njit(cache=True, error_model="numpy", fastmath={"reassoc", "nsz", "contract"})(function))
