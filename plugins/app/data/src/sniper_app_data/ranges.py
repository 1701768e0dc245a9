"""Which stretches of time a dataset was downloaded for, so that a download goes on where it ended."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from sniper.errors import ConfigError

FILE: Final = "downloaded.json"

Range = tuple[int, int]
"""[begin, end), ns UTC."""


def joined(ranges: Iterable[Range]) -> list[Range]:
    """In order, and none touching another one."""
    found: list[Range] = []
    for begin, end in sorted(each for each in ranges if each[0] < each[1]):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


def missing(done: Iterable[Range], begin: int, end: int) -> Iterator[Range]:
    """What of [begin, end) is in none of them."""
    for first, last in joined(done):
        if begin < min(first, end):
            yield begin, min(first, end)
        begin = max(begin, last)
    if begin < end:
        yield begin, end


def read(directory: Path) -> list[Range]:
    """Raises `ConfigError` for a file that cannot be read."""
    path = directory / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Range])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; remove it, and everything is downloaded again") from error
