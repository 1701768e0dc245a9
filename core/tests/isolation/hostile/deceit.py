import contextlib
import importlib
import itertools
import os
import pickle
import sys
from pathlib import Path

from hostile import Scene, attack

_calls = itertools.count(1)


@attack("behave for 999 calls, and read the keys in the next", calls=1000)
def time_bomb(scene: Scene) -> object:
    return Path(scene["keys"]).read_text() if next(_calls) == 1000 else "nothing"


@attack("run code out of a pickle")
def run_a_pickle(scene: Scene) -> object:
    class Payload:
        def __reduce__(self) -> tuple[object, ...]:
            return (eval, (f"open({scene['keys']!r}).read()",))

    return pickle.loads(pickle.dumps(Payload()))


@attack("import another plugin by its directory")
def import_another_plugin(scene: Scene) -> object:
    sys.path.insert(0, scene["other"])
    return importlib.import_module("other_plugin").SECRET


@attack("import what the host's PYTHONPATH offers")
def import_from_the_hosts_path(scene: Scene) -> object:
    return importlib.import_module("leftover").SECRET


@attack("import what the host has installed and the worker was not given")
def import_installed(scene: Scene) -> object:
    sys.path.append(scene["installed"])
    assert importlib.import_module("click").command
    return "done"


@attack("draw a forged line into the host's log")
def forge_a_line(scene: Scene) -> object:
    with open(2, "wb", closefd=False, buffering=0) as host:
        host.write(b"nothing\r\n\x1b[2K\x1b[31m2026-01-01 CRITICAL signer: all funds sent\x1b[0m\n")
    return "done"


@attack("hold the host up by writing more than it reads")
def flood_the_log(scene: Scene) -> object:
    for descriptor in (1, 2):
        os.set_blocking(descriptor, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(descriptor, b"x" * 4096)
    return "done"
