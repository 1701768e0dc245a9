"""What a worker writes to its standard output and error: a page at most, and no trust in a byte of it."""

import fcntl
import os
import subprocess

PAGE = 4096
_LINE = 200
_LINES = 20


def pipe() -> tuple[int, int]:
    """(to read, to write) for one worker: what is written beyond a page is lost, and neither end ever waits."""
    ends = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, PAGE)
    return ends


def words(process: subprocess.Popen[bytes]) -> tuple[str, ...]:
    """The lines that it wrote since the last call, as far as they were kept, fit to be logged.

    At most 20 of at most 200 characters, in which what is not a printable character is written as its escape.
    """
    if process.stderr is None:
        return ()
    try:
        said = os.read(process.stderr.fileno(), PAGE)
    except BlockingIOError:
        return ()
    lines = [line for line in said.decode(errors="backslashreplace").split("\n") if line.strip()]
    return tuple(harmless(line, _LINE) for line in lines[-_LINES:])


def harmless(text: str, most: int) -> str:
    """Text on one line without control characters, marks of direction and the like, cut to a number of characters."""
    cut = text if len(text) <= most else text[: most - 3] + "..."
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in cut)
