"""Where things made on first use are kept, and how they get there whole or not at all.

Several processes may want the same thing at the same moment: one makes it under a file lock, the others wait and find
it made. What stands under its final name is complete, because it is made under another name and renamed.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_root() -> Path:
    """``$SNIPER_CACHE``, or ``~/.cache/sniper``. It may be deleted at any time; everything in it can be made again."""
    configured = os.environ.get("SNIPER_CACHE")
    return Path(configured).expanduser() if configured else Path.home() / ".cache" / "sniper"


def made_once(target: Path, make: Callable[[Path], None]) -> Path:
    """Return `target`, a file or directory, after `make` has filled it if it was not there.

    `make` receives a path beside `target`, where nothing stands yet, and writes the file or directory there. If it
    raises, nothing is left behind and the next caller tries again.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_name(f"{target.name}.lock")):
        if target.exists():
            return target
        draft = target.with_name(f"{target.name}.draft")
        _remove(draft)  # a maker that was killed leaves its draft behind
        try:
            make(draft)
            draft.rename(target)
        finally:
            _remove(draft)
    return target


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
