"""The first code of a worker's process: it gives everything away, then runs what nobody vouched for.

Run as a script by `sniper.isolation.launch`, before anything of a plugin can be imported, with a plan (JSON) as its
argument. It imports only the standard library. Any step that fails ends the process with a line on standard error.
"""

import contextlib
import ctypes
import importlib
import io
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType
from typing import Any, Final, NoReturn, TypedDict

CHANNEL: Final = 3
"""The descriptor of the worker's socket."""

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_SECCOMP = 22
_PR_SET_SECUREBITS = 28
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_SECCOMP_MODE_FILTER = 2
_SECUREBITS = 0b101111  # NOROOT, NO_SETUID_FIXUP, locked; KEEP_CAPS off and locked
_CAPABILITY_VERSION = 0x20080522
_CAPSET = {"x86_64": 126, "aarch64": 91}
_LANDLOCK_RESTRICT_SELF = 446

_NICE = 5

_libc = ctypes.CDLL(None, use_errno=True)


class Plan(TypedDict):
    """parent    The host's process id; the worker ends with it.
    channel   Descriptor of the socket.
    landlock  Descriptor of the ruleset.
    seccomp   The filter's instructions, in hexadecimal digits.
    limits    Pairs of a resource and its value.
    provided  Packages that come from the host, by name: a directory, or a module's file.
    paths     Follow the standard library in sys.path.
    entry     ``"module:function"``, called with the channel's descriptor.
    """

    parent: int
    channel: int
    landlock: int
    seccomp: str
    limits: list[tuple[int, int]]
    provided: dict[str, str]
    paths: list[str]
    entry: str


class Provided:
    """Finds the packages that come from the host, each where it lies: the directory around it cannot be listed."""

    def __init__(self, paths: dict[str, str]) -> None:
        self._paths = paths

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = self._paths.get(name)
        if found is None:
            return None
        if os.path.isdir(found):
            return spec_from_file_location(name, f"{found}/__init__.py", submodule_search_locations=[found])
        return spec_from_file_location(name, found)


class Words(io.TextIOBase):
    """Standard output and error: what no longer fits into the host's page is lost, and nobody waits."""

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        with contextlib.suppress(OSError):  # the page is full
            os.write(2, text.encode(errors="backslashreplace"))
        return len(text)


class _Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def end_with_parent(parent: int) -> None:
    _must(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "tie itself to the host's life")
    if os.getppid() != parent:
        os._exit(0)


def stand_back() -> None:
    """Behind the host when processor time is scarce, before it when memory is."""
    os.nice(_NICE)
    _write("/proc/self/oom_score_adj", "1000")
    if os.path.exists("/proc/self/autogroup"):  # where it does, it counts instead of the above, between sessions
        _write("/proc/self/autogroup", str(_NICE))


def keep_only(channel: int, landlock: int) -> int:
    """Closes every descriptor but 0, 1, 2 and the channel, which moves. Returns where the ruleset is now."""
    rules = os.dup(landlock) if landlock == CHANNEL else landlock
    if channel != CHANNEL:
        os.dup2(channel, CHANNEL, inheritable=False)
    if rules != CHANNEL + 1:
        rules = os.dup2(rules, CHANNEL + 1, inheritable=False)
    os.closerange(CHANNEL + 2, os.sysconf("SC_OPEN_MAX"))
    return rules


def give_up_capabilities() -> None:
    """All of them, for good. The user stays: as root, the interpreter may lie where nobody else may look."""
    _must(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "give up gaining privileges")
    _must(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear its ambient capabilities")
    # These two need a capability, and who lacks it has nothing to lose by them.
    with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
        last = int(file.read())
    for capability in range(last + 1):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _libc.prctl(_PR_SET_SECUREBITS, _SECUREBITS, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _must(_libc.syscall(_CAPSET[os.uname().machine], header, (ctypes.c_uint32 * 6)()), "give up its capabilities")
    _must(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "hide its memory")


def restrict_files(ruleset: int) -> None:
    _must(_libc.syscall(_LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)), "enter Landlock")
    os.close(ruleset)


def restrict_calls(program: bytes) -> None:
    held = ctypes.create_string_buffer(program, len(program))
    asked = _Filter(len(program) // 8, ctypes.addressof(held))
    _must(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(asked), 0, 0), "filter its system calls")


def _must(result: int, what: str) -> None:
    if result != 0:
        raise OSError(f"the worker could not {what}: {os.strerror(ctypes.get_errno())}")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def run(plan: Plan) -> Any:  # Any: whatever the entry returns, which nobody reads
    sys.argv[:] = [""]
    sys.stdout = sys.stderr = Words()
    sys.meta_path.insert(0, Provided(plan["provided"]))
    sys.path += plan["paths"]
    module, _, function = plan["entry"].partition(":")
    return getattr(importlib.import_module(module), function)(CHANNEL)


def main() -> NoReturn:
    plan: Plan = json.loads(sys.argv.pop())
    end_with_parent(plan["parent"])
    stand_back()
    ruleset = keep_only(plan["channel"], plan["landlock"])
    for which, value in plan["limits"]:
        resource.setrlimit(which, (value, value))
    give_up_capabilities()
    restrict_files(ruleset)
    restrict_calls(bytes.fromhex(plan["seccomp"]))
    code = 1
    try:
        run(plan)
        code = 0
    except SystemExit:
        code = 0
    except BaseException:
        Words().write(traceback.format_exc()[-4000:])
    os._exit(code)


if __name__ == "__main__":
    main()
