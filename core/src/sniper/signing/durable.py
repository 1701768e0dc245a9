"""A small file that is there after a crash, whole, once this has returned."""

import os
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of what is there: the file is synced, then its name. Raises `OSError`."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
