"""Runs Python as an ordinary user, started by root: ``as_user.py UID DIRECTORY SCRIPT ARGUMENT...``

Where the interpreter, or what it imports, lies below a directory that only root may enter, it is shown below another
one, to this process and its children alone (a mount namespace of their own).
"""

import ctypes
import os
import sys
from pathlib import Path

_NEWNS, _BIND, _PRIVATE, _RECURSIVE = 0x20000, 4096, 1 << 18, 0x4000
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    user, directory, script, *arguments = sys.argv[1:]
    prefix = Path(os.path.realpath(sys.base_prefix))
    shown = _Shown(int(user), Path(directory))
    python = shown.path(prefix) / Path(os.path.realpath(sys.executable)).relative_to(prefix)
    paths = [str(shown.path(Path(each))) for each in os.environ["PYTHONPATH"].split(":")]
    there = shown.path(Path(script).resolve().parent) / Path(script).name
    os.setgroups([])
    os.setresgid(*[int(user)] * 3)
    os.setresuid(*[int(user)] * 3)
    environment = {**os.environ, "PYTHONPATH": ":".join(paths), "HOME": "/nonexistent"}
    os.execve(python, [str(python), str(there), *arguments], environment)


class _Shown:
    """Directories where a user can reach them."""

    def __init__(self, user: int, below: Path) -> None:
        self._user = user
        self._below = below
        self._mounted = 0

    def path(self, directory: Path) -> Path:
        if self._reaches(directory):
            return directory
        if not self._mounted:
            _must(_libc.unshare(_NEWNS))
            _must(_libc.mount(b"none", b"/", None, _PRIVATE | _RECURSIVE, None))
        self._mounted += 1
        target = self._below / str(self._mounted)
        target.mkdir()
        _must(_libc.mount(os.fsencode(directory), os.fsencode(target), None, _BIND, None))
        return target

    def _reaches(self, directory: Path) -> bool:
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setresgid(self._user, self._user, self._user)
            os.setresuid(self._user, self._user, self._user)
            os._exit(0 if os.access(directory, os.R_OK | os.X_OK) else 1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _must(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    main()
