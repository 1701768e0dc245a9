"""The interpreter that workers run on, and what it and its libraries read while they run."""

import os
import sys
import sysconfig
from functools import cache
from pathlib import Path

from sniper.errors import IsolationError

_FOREIGN = ("site-packages", "dist-packages")


def executable() -> str:
    """The interpreter below any virtual environment, so that nothing of the host's environment comes with it.

    Raises `IsolationError` where it is not known.
    """
    found: str = getattr(sys, "_base_executable", "") or sys.executable
    if not found or not Path(found).is_file():
        raise IsolationError("the path of this Python interpreter is not known, so no worker can be started with it")
    return os.path.realpath(found)


def entrance() -> str:
    """The script that a worker begins with."""
    return str(Path(__file__).resolve().with_name("enter.py"))


def library() -> str:
    """The directory of the standard library. What is installed is below it, so it is listed and not read as a whole."""
    return str(Path(os.path.realpath(os.__file__)).parent)


@cache
def readable() -> tuple[str, ...]:
    """Files and directories: the standard library without what is installed beside it, shared libraries, time zones."""
    found = [entry for entry in Path(library()).iterdir() if entry.name not in _FOREIGN]
    base = Path(os.path.realpath(sys.base_prefix))
    found += _shared_libraries(base / "lib")
    # Of directories that hold packages of Python, too (/usr/lib64 does where there are no others), files alone.
    for system in (Path("/lib"), Path("/lib64"), Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib")):
        triplet = sysconfig.get_config_var("MULTIARCH")
        if triplet:
            found.append(system / triplet)
        found += _shared_libraries(system)
    found += [Path("/etc/ld.so.cache"), Path("/usr/share/zoneinfo")]
    return tuple(sorted({os.path.realpath(path) for path in found if path.exists()}))


def _shared_libraries(directory: Path) -> list[Path]:
    return [path for path in directory.glob("*.so*") if path.is_file()]
