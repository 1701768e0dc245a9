"""Goes on with a history in another process, under another hash seed."""

import importlib
import importlib.util
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sniper_sdk.conformance.playing import Player

_CHILD = "from sniper_sdk.conformance.elsewhere import go_on; go_on()"
_PATIENCE_S = 120


def elsewhere(
    runs: Sequence[tuple[Player, list[Any]]], sources: Iterable[type], *, hash_seed: int
) -> list[tuple[list[list[bytes]], bytes]]:
    """What other processes' instances answer to the rest of each history, and the state that they end in.

    sources  Classes whose modules the other process must load, wherever their files are.
    """
    modules = {cls.__module__: getattr(sys.modules.get(cls.__module__), "__file__", None) for cls in sources}
    order = (sys.path, modules)
    done = subprocess.run(
        [sys.executable, "-c", _CHILD],
        input=json.dumps(order).encode() + b"\n" + pickle.dumps(list(runs)),
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=_PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"the history cannot go on in another process:\n{done.stderr.decode()[-3000:]}"
    return [
        ([[bytes.fromhex(answer) for answer in answers] for answers in played], bytes.fromhex(state))
        for played, state in json.loads(done.stdout)
    ]


def go_on() -> None:
    """The other process: reads what to play from stdin, writes the answers to stdout."""
    order = sys.stdin.buffer.readline()
    path, modules = json.loads(order)
    sys.path[:] = path
    for name, file in modules.items():
        _load(name, file)
    runs: list[tuple[Player, list[Any]]] = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  our own parent wrote it
    answers = []
    for player, history in runs:
        played = [[answer.hex() for answer in step] for step in player.play(history)]
        answers.append((played, player.saved().hex()))
    sys.stdout.write(json.dumps(answers))


def _load(name: str, file: str | None) -> None:
    """Import a module by its name, or from its file where the name leads nowhere, as with test modules."""
    try:
        importlib.import_module(name)
    except ImportError:
        if file is None:
            raise
        spec = importlib.util.spec_from_file_location(name, Path(file))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
