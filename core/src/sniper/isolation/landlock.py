"""Which files a worker may read: those that are named here, and none may it write, run or connect to.

A Landlock ruleset handles every right that it names: what no rule grants is refused, to root, too. It stays with the
process for good. Made by the host and entered by the worker. Source: Documentation/userspace-api/landlock.rst of
Linux, and include/uapi/linux/landlock.h.
"""

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable

from sniper.errors import IsolationError

# All have one number on all architectures that there are, being younger than 5.1.
_CREATE_RULESET = 444
_ADD_RULE = 445
RESTRICT_SELF = 446

WANTED = 6
"""The interface's version since which signals and abstract sockets stay inside (Linux 6.12)."""

_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_FILES = (1 << 16) - 1  # EXECUTE .. IOCTL_DEV: all rights on files of the interface's version 5
_NETWORK = 0b11  # BIND_TCP, CONNECT_TCP
_SCOPED = 0b11  # ABSTRACT_UNIX_SOCKET, SIGNAL

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """The version of the kernel's interface.

    Raises `IsolationError` where Landlock is missing, off, or older than `WANTED`.
    """
    found = int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION)))
    if found < 0:
        code = ctypes.get_errno()
        if code == errno.EOPNOTSUPP:
            raise IsolationError(
                "Landlock is off in this kernel; add landlock to the kernel's lsm= parameter and start it again"
            )
        raise IsolationError(
            f"this kernel offers no Landlock ({os.strerror(code)}); use Linux 6.12 or newer, and in a container a "
            "seccomp profile that lets landlock_create_ruleset pass"
        )
    if found < WANTED:
        raise IsolationError(
            f"this kernel's Landlock has version {found}, and workers need {WANTED}, which keeps signals and sockets "
            "inside; use Linux 6.12 or newer"
        )
    return found


def ruleset(paths: Iterable[str], listed: Iterable[str] = ()) -> int:
    """A ruleset under which nothing but these files, and all below these directories, can be read.

    ``listed`` are directories of which, and below which, the names may be known and nothing else.

    Returns a descriptor, which the caller closes. Raises `IsolationError` for a path that is not there.
    """
    attributes = struct.pack("=QQQ", _FILES, _NETWORK, _SCOPED)
    made = int(_libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0)))
    if made < 0:
        raise IsolationError(f"the kernel made no Landlock ruleset: {os.strerror(ctypes.get_errno())}")
    try:
        for path in paths:
            _grant(made, path, _READ_FILE | _READ_DIR)
        for path in listed:
            _grant(made, path, _READ_DIR)
    except BaseException:
        os.close(made)
        raise
    return made


def _grant(rules: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise IsolationError(f"a worker may read {path}, which cannot be opened: {error.strerror}") from error
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _READ_FILE  # the kernel refuses rights on directories in a rule for a file
        rule = struct.pack("=Qi", rights, opened)
        if _libc.syscall(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint(0)) < 0:
            raise IsolationError(f"Landlock has no rule for {path}: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(opened)
