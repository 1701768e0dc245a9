"""Plays a plugin's replay in a process of its own: ``python -m sniper_sdk.dev.replayed``.

The replay of a suite is the histories that it draws, the same in every run; that of a strategy which trades at
exchanges is a market that its suite generates, with the kernel around it. Its own process, because Python keeps what
it has imported. It reads an `Asked` from stdin and writes `Replayed` to the file that this names.
"""

import contextlib
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from sniper.kernel import facts as f
from sniper_sdk.levels.session import collected

_MOST: Final = 5_000
"""Decisions of one suite."""
_SEED: Final = 1


class Asked(msgspec.Struct):
    """``tests``: the project's own, or None. ``run``: a run's directory, whose journal is replayed instead."""

    distribution: str
    out: str
    tests: str | None = None
    run: str | None = None


class Replayed(msgspec.Struct):
    """``decisions``: (where, what), in order. ``error``: why there are none, or no more; empty where all went well."""

    decisions: tuple[tuple[str, str], ...] = ()
    error: str = ""


def replay(distribution: str, tests: Path | None, run: Path | None, patience_s: float) -> Replayed:
    """Play it. Never raises for what the plugin does: that is told as an error."""
    with tempfile.TemporaryDirectory(prefix="sniper-dev-") as scratch:
        out = Path(scratch) / "replayed.json"
        asked = Asked(distribution, str(out), _path(tests), _path(run))
        try:
            done = subprocess.run(
                [sys.executable, "-m", __name__],
                input=msgspec.json.encode(asked),
                capture_output=True,
                timeout=patience_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Replayed(error=f"it took more than {patience_s:g} s; --patience gives it longer")
        if not out.is_file():
            said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
            return Replayed(error=said[-1] if said else f"it ended with exit code {done.returncode}")
        return msgspec.json.decode(out.read_bytes(), type=Replayed)


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


def _played(asked: Asked) -> Replayed:
    if asked.run is not None:
        return _of_run(asked.run)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        classes, failed = collected(asked.distribution, asked.tests)
    if failed:
        return Replayed(error=failed[0])
    found: list[tuple[str, str]] = []
    for cls in classes:
        try:
            for number, text in enumerate(_decided(cls)):
                found.append((f"{cls.__name__} {number}", text))
        except Exception as error:
            return Replayed(tuple(found), f"{cls.__name__}: {type(error).__name__}: {error}")
    if not found:
        told = (
            "no suite of it has a replay; sniper dev is for what decides: amm, exit, fee, risk, sizer, strategy, venue"
        )
        return Replayed(error=told)
    return Replayed(tuple(found))


def _decided(cls: type) -> Iterator[str]:
    suite = cls()
    if hasattr(suite, "market") and hasattr(suite, "floor"):
        floor = suite.floor()
        for event in suite.market(_SEED, suite.rounds):
            before = len(floor.facts)
            floor.play(event)
            yield "; ".join(filter(None, map(_fact, floor.facts[before:]))) or "nothing"
        return
    for call in suite.calls()[:_MOST] if hasattr(suite, "calls") else ():
        try:
            yield _text(call())
        except Exception as error:  # what it raises is what it decides here; the next call may go well
            yield f"raised {type(error).__name__}: {error}"


def _fact(fact: f.Fact) -> str:
    """Of verdicts only what denied: the rest says again what the order is."""
    if isinstance(fact, f.Judged):
        return ", ".join(f"denied: {each.rule} is {each.found}, {each.limit}" for each in fact.findings if not each.ok)
    return repr(fact.new) if isinstance(fact, f.ExchangeOrderPlaced) else repr(fact)


def _text(answer: object) -> str:
    """For people: suites that compare bytes encode what plugins answer."""
    if isinstance(answer, list | tuple):
        return ", ".join(_text(each) for each in answer) or "nothing"
    if not isinstance(answer, bytes):
        return repr(answer)
    with contextlib.suppress(UnicodeDecodeError):
        text = answer.decode()
        if text.isprintable():
            return text or "nothing"
    return repr(msgspec.msgpack.decode(answer))


def _of_run(run: str) -> Replayed:
    command = [sys.executable, "-m", "sniper", "replay", run, "--allow-different", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return Replayed(error=(done.stderr.strip().splitlines() or ["sniper replay said nothing"])[-1])
    differing = [*told["mismatches"], *told["redecided"]]
    lines = [(f"{run} {number}", json.dumps(each, sort_keys=True)) for number, each in enumerate(differing)]
    return Replayed((*lines, (f"{run} facts", str(told["facts"]))))


if __name__ == "__main__":
    _asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    _answer = _played(_asked)
    Path(_asked.out).write_bytes(msgspec.json.encode(_answer))
