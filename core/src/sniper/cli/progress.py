"""Progress bars for what takes longer than a second, on a terminal only."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_S = 1.0


@contextmanager
def bar(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """What to call with (done, total); None where nobody could see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    progress = Progress(console=Console(stderr=True), transient=True)
    task = progress.add_task(label)
    began = time.monotonic()

    def advance(done: int, total: int) -> None:
        now = time.monotonic()
        if now - began > PATIENCE_S:
            progress.start()
            progress.update(task, completed=done, total=total)

    try:
        yield advance
    finally:
        progress.stop()
