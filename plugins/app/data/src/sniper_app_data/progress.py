"""How far something is, on a terminal only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click

_STEPS: Final = 1_000


@contextmanager
def bar(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """What to call with (done, total); None where nobody could see it."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=_STEPS, label=label, file=sys.stderr) as shown:

        def advance(done: int, total: int) -> None:
            shown.update(_STEPS * done // max(total, 1) - shown.pos)

        yield advance
