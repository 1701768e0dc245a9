"""Starts workers.

The host makes the ruleset and the filter, and starts the base interpreter with `sniper.isolation.enter`, which gives
up everything and only then runs the worker's side of the protocol. What is refused is refused by the kernel.
"""

import json
import os
import socket as sockets
import subprocess
import sys
from functools import cache

from sniper.errors import IsolationError
from sniper.isolation import interpreter, landlock, seccomp, words
from sniper.isolation.enter import Plan
from sniper.isolation.limits import limits
from sniper.isolation.permissions import Read, parsed, readable
from sniper.isolation.place import Place
from sniper.isolation.provided import provided

WORKER = "sniper.isolation.worker:main"

_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    # Threads are refused: libraries that would start some at their import are told to do without.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}


@cache
def available() -> None:
    """Raises `IsolationError` where this machine lacks what workers need, and says what, and what to do."""
    if sys.platform != "linux":
        raise IsolationError(
            f"workers need Linux, and this is {sys.platform}; run sniper in a Linux machine or container"
        )
    seccomp.check()
    landlock.version()
    interpreter.executable()
    provided()


def launch(place: Place, socket: sockets.socket, entry: str = WORKER) -> subprocess.Popen[bytes]:
    """Starts a worker whose only way out is ``socket`` (descriptor 3 in it; the caller closes its own).

    It runs ``entry`` ("module:function") with that descriptor. It ends with the thread that calls this, so that is one
    that lives as long as the host. What it writes is read by `sniper.isolation.words`. What goes wrong on its way into
    the sandbox ends it, and stands there.

    Raises `IsolationError` where the machine lacks the means or a path cannot be granted, `PluginError` for a
    permission that cannot be given.
    """
    available()
    ruleset = landlock.ruleset(_readable(place), (interpreter.library(),))
    try:
        reading, writing = words.pipe()
    except OSError as error:
        os.close(ruleset)
        raise IsolationError(f"the worker of {place.name} cannot be started: {error}") from error
    try:
        plan = Plan(
            parent=os.getpid(),
            channel=socket.fileno(),
            landlock=ruleset,
            seccomp=seccomp.program(seccomp.here()).hex(),
            limits=list(limits(place)),
            provided=provided(),
            paths=[os.path.realpath(path) for path in place.paths],
            entry=entry,
        )
        # -I: nothing from the environment, the user's directories or the current one; -S: no site-packages, no .pth
        # files; -B: no bytecode is written. See "order of steps" in docs/security.md.
        process = subprocess.Popen(
            [interpreter.executable(), "-I", "-S", "-B", interpreter.entrance(), json.dumps(plan)],
            env=_ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            pass_fds=(socket.fileno(), ruleset),
            start_new_session=True,
        )
    except BaseException as error:
        os.close(reading)
        if isinstance(error, OSError):
            raise IsolationError(f"the worker of {place.name} cannot be started: {error}") from error
        raise
    finally:
        os.close(writing)
        os.close(ruleset)
    process.stderr = open(reading, "rb", buffering=0)  # noqa: SIM115  Popen closes it
    return process


def _readable(place: Place) -> tuple[str, ...]:
    granted = [readable(each) for each in parsed(place.permissions) if isinstance(each, Read)]
    for path in place.paths:
        if not os.path.isabs(path):
            raise IsolationError(f"the paths of {place.name} must be absolute, and {path!r} is not")
    return (*interpreter.readable(), *provided().values(), *place.paths, *granted)
