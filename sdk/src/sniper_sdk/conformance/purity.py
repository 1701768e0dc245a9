"""Finds I/O, clocks, random sources and the environment in code that must be pure."""

import gc
import os
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, FrameType
from typing import Any, Final

_EVENTS: Final = frozenset({"open", "urllib.Request", "ctypes.dlopen", "sqlite3.connect"})
_FAMILIES: Final = ("socket.", "subprocess.", "os.", "shutil.", "glob.", "tempfile.", "ftplib.", "smtplib.", "pty.")
_FORBIDDEN: Final[frozenset[Callable[..., object]]] = frozenset(
    {
        time.time,
        time.time_ns,
        time.monotonic,
        time.monotonic_ns,
        time.perf_counter,
        time.perf_counter_ns,
        time.sleep,
        os.urandom,
        os.getpid,
        os.getenv,
        uuid.uuid1,
        uuid.uuid4,
    }
)
_WRITTEN: Final = frozenset({type(os.environ).__getitem__.__code__, uuid.uuid1.__code__, uuid.uuid4.__code__})
_DATES: Final = frozenset({"now", "utcnow", "today"})


class _Watch(threading.local):
    found: list[str] | None = None


_watch = _Watch()
_hooked = False


@contextmanager
def pure() -> Iterator[None]:
    """Raise `AssertionError` when the body opens, connects, starts processes, or asks for time or randomness.

    What opens or connects is refused at once, so nothing leaves; imports are allowed. Other threads are not watched.
    """
    _hook()
    found: list[str] = []
    before, profile, collects = _watch.found, sys.getprofile(), gc.isenabled()
    # A collection runs finalizers and callbacks of others, at any moment, in this thread.
    gc.disable()
    _watch.found = found
    sys.setprofile(_profile)
    try:
        yield
    except PermissionError:
        if not found:
            raise
    finally:
        sys.setprofile(profile)
        _watch.found = before
        if collects:
            gc.enable()
    assert not found, (
        f"pure code {'; '.join(dict.fromkeys(found))}: a `def` runs in the kernel, which knows only what came as an "
        "event; take the time from view.now or event.time, and what needs I/O from a risk probe's `async def`"
    )


def _hook() -> None:
    global _hooked  # noqa: PLW0603  an audit hook stays for the life of the process
    if not _hooked:
        _hooked = True
        sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    found = _watch.found
    if found is None or not (event in _EVENTS or event.startswith(_FAMILIES)) or _importing():
        return
    what = f"raised the audit event {event} with {arguments[:1]!r}"
    found.append(what)
    raise PermissionError(what)


def _importing() -> bool:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _profile(frame: FrameType, event: str, argument: Any) -> None:  # Any: as sys.setprofile has it
    # Of each call; whether a module is being imported takes longest to find out, so that comes last.
    if event == "c_call":
        if not (argument in _FORBIDDEN or _asks_today(argument) or _draws(argument)):
            return
        called = f"{getattr(argument, '__module__', None) or ''}.{argument.__qualname__}".replace(" .", " ")
    elif event == "call" and frame.f_code in _WRITTEN:
        called = frame.f_code.co_qualname
    else:
        return
    found = _watch.found
    if found is not None and not _importing():
        found.append(f"called {called}")


def _asks_today(called: Any) -> bool:
    """Whether it is ``datetime.now()`` and the like."""
    owner = getattr(called, "__self__", None)
    return called.__name__ in _DATES and isinstance(owner, type) and owner.__module__ == "datetime"


def _draws(called: Any) -> bool:
    return isinstance(called, BuiltinFunctionType) and isinstance(getattr(called, "__self__", None), random.Random)
