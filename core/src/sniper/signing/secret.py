"""Secret bytes in a buffer that can be wiped.

Python copies ``bytes`` and ``str`` freely and never clears them, so a secret lives here in a page of its own that no
object shares: outside the heap, out of swap where allowed, in no core dump, and zeroed at the end.
"""

import ctypes
import mmap

from sniper.signing.hardening import lock_memory


class SecretBuffer:
    """``view`` holds ``size`` secret bytes until `wipe`. ``locked``: whether the system keeps them out of swap."""

    def __init__(self, size: int) -> None:
        self._map = mmap.mmap(-1, max(size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._map.madvise(mmap.MADV_DONTDUMP)
        whole = memoryview(self._map)
        self.view = whole[:size]
        self.locked = lock_memory(ctypes.addressof(ctypes.c_char.from_buffer(self._map)), size)

    def shrink(self, size: int) -> None:
        """Keep only the first ``size`` bytes."""
        self.view[size:] = bytes(len(self.view) - size)
        self.view = self.view[:size]

    def wipe(self) -> None:
        """Zero the bytes. May be called again."""
        self.view[:] = bytes(len(self.view))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.view)} bytes>"
