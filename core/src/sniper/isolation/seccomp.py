"""Which system calls a worker may make, and with which arguments: a program that the kernel runs before each.

A list of what is allowed; everything else is refused (``EPERM``), so what a newer kernel adds is refused, too. Nothing
in it makes a socket, a process, a thread or a file, sends a signal, changes a file's mode, times or owner, or passes a
descriptor (``sendmsg``, ``recvmsg``). A call by another architecture's numbers (32 bits, x32) ends the process.

Source: Documentation/userspace-api/seccomp_filter.rst of Linux; struct seccomp_data in include/uapi/linux/seccomp.h;
the instructions in include/uapi/linux/bpf_common.h.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sniper.errors import IsolationError
from sniper.isolation.syscalls import ARCHITECTURES, Architecture

_GET_ACTION_AVAIL = 2
_KILL_PROCESS = 0x80000000
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_X32 = 0x40000000
_INT = 0xFFFFFFFF  # where the kernel reads an argument as an int: it ignores the upper half, and so must the filter
_WORD = 0xFFFFFFFFFFFFFFFF


class Asked(NamedTuple):
    """One condition on an argument: its bits under ``mask`` are ``value``."""

    argument: int
    mask: int
    value: int


def _one_of(argument: int, *values: int, mask: int = _INT) -> tuple[tuple[Asked, ...], ...]:
    return tuple((Asked(argument, mask, value),) for value in values)


ALWAYS = (
    # What it answers with comes first.
    "read", "write", "readv", "writev", "recvfrom", "poll", "ppoll", "epoll_wait", "epoll_pwait", "epoll_ctl",
    "epoll_create1", "select", "pselect6", "shutdown", "getsockname", "getpeername",
    # Memory.
    "brk", "munmap", "mremap",
    # What it may read is Landlock's.
    "close", "fstat", "stat", "lstat", "newfstatat", "statx", "lseek", "pread64", "access", "faccessat", "faccessat2",
    "readlink", "readlinkat", "getdents64", "getcwd", "dup",
    # Itself.
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group", "getpid",
    "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getrusage", "times", "uname", "getrandom", "time",
    "gettimeofday", "nanosleep", "sched_yield",
)  # fmt: skip

# Each name with alternatives; in each, all conditions must hold.
WHERE: Mapping[str, tuple[tuple[Asked, ...], ...]] = {
    # Only for reading: no O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_ASYNC.
    "openat": _one_of(2, 0, mask=0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000),
    # Code comes from files, and what can be written to cannot be run: no PROT_EXEC, or alone and not of MAP_ANONYMOUS.
    "mmap": ((Asked(2, 0x4, 0),), (Asked(2, 0x6, 0x4), Asked(3, 0x20, 0))),
    "mprotect": _one_of(2, 0, mask=0x4),
    # MADV_NORMAL, DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE; not MERGEABLE, which tells what other processes' pages hold.
    "madvise": _one_of(2, 0, 4, 8, 14, 15),
    # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, and F_SETFL without O_ASYNC; no owner, lease, lock or notice.
    "fcntl": (*_one_of(1, 0, 1, 2, 3, 1030), (Asked(1, _INT, 4), Asked(2, 0o20000, 0))),
    # TCGETS (isatty), FIONREAD, FIONBIO, FIONCLEX, FIOCLEX; no FIOASYNC, no TIOCSTI.
    "ioctl": _one_of(1, 0x5401, 0x541B, 0x5421, 0x5450, 0x5451),
    # FUTEX_WAIT, WAKE, WAIT_BITSET, WAKE_BITSET, private or not, by either clock.
    "futex": _one_of(1, 0, 1, 9, 10, mask=_INT & ~(128 | 256)),
    # Not the processor time of other processes, which tells what they do: those are negative.
    "clock_gettime": _one_of(0, 0, mask=_INT & ~0xF),
    "clock_getres": _one_of(0, 0, mask=_INT & ~0xF),
    "clock_nanosleep": _one_of(0, 0, mask=_INT & ~0xF),
    # Its own limits, to read.
    "prlimit64": ((Asked(0, _INT, 0), Asked(2, _WORD, 0)),),
    "sched_getaffinity": _one_of(0, 0),
    # To wherever the socket is connected, and to no address.
    "sendto": _one_of(4, 0, mask=_WORD),
    # A pair of AF_UNIX, SOCK_STREAM, for an event loop to wake itself; SOCK_NONBLOCK and SOCK_CLOEXEC as it likes.
    "socketpair": ((Asked(0, _INT, 1), Asked(1, _INT & ~(0o4000 | 0o2000000), 1)),),
    # SOL_SOCKET: SO_TYPE, SO_ERROR, SO_PROTOCOL, SO_DOMAIN; not SO_PEERPIDFD, a handle of the host's process.
    "getsockopt": tuple((Asked(1, _INT, 1), Asked(2, _INT, option)) for option in (3, 4, 38, 39)),
}

# A library that asks for these goes on in an older way when it is told that they do not exist.
UNKNOWN = ("clone3", "openat2")


def check() -> None:
    """Raises `IsolationError` where this kernel or machine cannot filter as it must."""
    here()
    libc = ctypes.CDLL(None, use_errno=True)
    action = ctypes.c_uint32(_KILL_PROCESS)
    number = ctypes.c_long({"x86_64": 317, "aarch64": 277}[os.uname().machine])
    if libc.syscall(number, ctypes.c_uint(_GET_ACTION_AVAIL), ctypes.c_uint(0), ctypes.byref(action)) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise IsolationError(
            f"this kernel offers no seccomp filters ({reason}); use one that is built with CONFIG_SECCOMP_FILTER, and "
            "in a container a seccomp profile that lets seccomp pass"
        )


def program(architecture: Architecture) -> bytes:
    """The filter: instructions of classic BPF, eight bytes each."""
    return b"".join(_instructions(architecture))


def here() -> Architecture:
    """That of this machine. Raises `IsolationError` where its system calls are not listed."""
    machine = os.uname().machine
    if machine not in ARCHITECTURES or ctypes.sizeof(ctypes.c_void_p) != 8:
        bits = 8 * ctypes.sizeof(ctypes.c_void_p)
        known = " and ".join(ARCHITECTURES)
        raise IsolationError(f"workers run on {known} with 64 bits; this interpreter runs on {machine} with {bits}")
    return ARCHITECTURES[machine]


def _load(offset: int) -> bytes:
    return _instruction(0x20, offset)  # BPF_LD | BPF_W | BPF_ABS


def _return(what: int) -> bytes:
    return _instruction(0x06, what)  # BPF_RET | BPF_K


def _unless_equal(value: int, skip: int) -> bytes:
    return _instruction(0x15, value, 0, skip)  # BPF_JMP | BPF_JEQ | BPF_K


def _instruction(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)


def _instructions(architecture: Architecture) -> Iterator[bytes]:
    number, audit = 0, 4  # where struct seccomp_data holds them
    yield _load(audit)
    yield _unless_equal(architecture.audit, 1)
    yield _instruction(0x05, 1)  # BPF_JMP | BPF_JA: over the next
    yield _return(_KILL_PROCESS)
    yield _load(number)
    yield _instruction(0x35, _X32, 0, 1)  # BPF_JMP | BPF_JGE | BPF_K
    yield _return(_KILL_PROCESS)
    for name in ALWAYS:
        if name in architecture.numbers:
            yield _unless_equal(architecture.numbers[name], 1)
            yield _return(_ALLOW)
    for name, alternatives in WHERE.items():
        block = [*(_alternative(each) for each in alternatives), _return(_ERRNO | errno.EPERM)]
        yield _unless_equal(architecture.numbers[name], sum(map(len, block)) // 8)
        yield from block
    for name in UNKNOWN:
        yield _unless_equal(architecture.numbers[name], 1)
        yield _return(_ERRNO | errno.ENOSYS)
    yield _return(_ERRNO | errno.EPERM)


def _alternative(conditions: tuple[Asked, ...]) -> bytes:
    """Allows where all conditions hold, else goes on behind itself."""
    code = _return(_ALLOW)
    for asked in reversed(conditions):
        for half in (1, 0):
            mask, value = (asked.mask >> 32 * half) & 0xFFFFFFFF, (asked.value >> 32 * half) & 0xFFFFFFFF
            if mask:
                test = _load(16 + 8 * asked.argument + 4 * half)  # little endian, as both architectures are
                if mask != 0xFFFFFFFF:
                    test += _instruction(0x54, mask)  # BPF_ALU | BPF_AND | BPF_K
                code = test + _unless_equal(value, len(code) // 8) + code
    return code
