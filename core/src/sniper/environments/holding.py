"""What a process uses of the shelf it holds until it ends, so that a change takes away only what nobody uses.

The hold is a shared lock (``flock``) on the environment's directory. Its descriptor closes when another program is
executed, so workers hold nothing.
"""

import fcntl
import os
import shutil
from pathlib import Path

from sniper.environments.environment import Environment
from sniper.environments.manifest import EnvironmentChanged

_held: dict[str, int] = {}
"""The descriptor by path. Never closed."""


def hold(environment: Environment) -> None:
    """Keep an environment on disk until this process ends. Raises `EnvironmentChanged` where it is gone or
    going, or cannot be locked."""
    path = environment.path
    if path in _held:
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(descriptor), os.stat(path)):
                raise FileNotFoundError(f"{path} is another directory now")
        except BaseException:
            os.close(descriptor)
            raise
    except (BlockingIOError, FileNotFoundError) as error:
        raise EnvironmentChanged(
            f"{environment}: its environment was taken away while this sniper started, for another release or for "
            "none; start again"
        ) from error
    except OSError as error:
        raise EnvironmentChanged(
            f"{environment}: {path} cannot be opened and locked: {error.strerror}; it is not used. See whose it is and "
            "which file system holds it"
        ) from error
    _held[path] = descriptor


def take_away(directory: Path) -> None:
    """Remove the directory of an environment. Where a process holds it, or it cannot be removed, a later change tries
    again."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)
