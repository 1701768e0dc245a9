"""What a process does to itself before it touches a key. Linux only.

The limits and flags are those of setrlimit(2), prctl(2) and mlock(2).
"""

import contextlib
import ctypes
import os
import resource
import signal

from sniper.signing.errors import StartError

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_MCL_CURRENT = 1
_MCL_FUTURE = 2


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise StartError(f"this system refuses prctl option {option}: {reason}; keys are not unlocked without it")


def seal() -> None:
    """No core dumps, no tracing and no reading of ``/proc/PID`` by others of this user, no new privileges, files for
    this user alone. Raises `StartError` where the system does not allow it."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def close_descriptors(keep: frozenset[int]) -> None:
    """Close whatever was inherited beyond the standard three and ``keep``."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in keep:
            # The descriptor of this very listing is among them, and already closed.
            with contextlib.suppress(OSError):
                os.close(int(name))


def die_with_parent(parent: int) -> None:
    """Be killed when the thread that started this process ends. ``parent``: its process id, checked against a race."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise StartError(f"the process that started this signer ({parent}) has ended; start it again")


def lock_all_memory() -> bool:
    """Keep all memory of this process out of swap; False where the limit RLIMIT_MEMLOCK forbids it."""
    return bool(_libc.mlockall(_MCL_CURRENT | _MCL_FUTURE) == 0)


def lock_memory(address: int, size: int) -> bool:
    """Keep these bytes out of swap; False where the limit RLIMIT_MEMLOCK forbids it."""
    return bool(_libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(size)) == 0)
