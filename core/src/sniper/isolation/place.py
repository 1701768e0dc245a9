"""What a worker may see and do. Everything that is not said here it may not."""

from typing import Final

from sniper.plugin import Frozen

MIB = 1 << 20
WITHIN_S: Final = 0.1
"""Seconds that the kernel waits for one call, all its questions together, where no config says otherwise."""


class Place(Frozen):
    """Where one plugin distribution runs.

    name         The distribution, for messages and accounting.
    paths        Directories that follow the standard library in its ``sys.path``, and that it may read. Absolute.
    permissions  What was granted to it, in the grammar of `sniper.isolation.permissions`. None opens a socket.
    memory       The most bytes of address space. An interpreter with msgspec takes 60 MiB of it, one with numpy 250.
    cpu_s        The most seconds of processor time in its whole life, after which the kernel ends it; 0: no cap.
    """

    name: str
    paths: tuple[str, ...]
    permissions: tuple[str, ...] = ()
    memory: int = 512 * MIB
    cpu_s: int = 0
