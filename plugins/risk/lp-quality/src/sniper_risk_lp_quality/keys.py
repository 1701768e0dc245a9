"""Tries to open a lock: everybody who might rule it calls everything that it can do, on a copy of the chain."""

from collections.abc import Iterable
from typing import Final

from sniper.evm.surface import Callable, calldata
from sniper.plugin import Frozen
from sniper.scenario import Scenario, branches, call

MOST_FUNCTIONS: Final = 40
MOST_ATTEMPTS: Final = 320
_EXCHANGES: Final = {0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xFF: "SELFDESTRUCT"}
_JUMPDEST: Final = 0x5B
_LEAVES: Final = frozenset((0x00, 0x56, 0xF3, 0xFD, 0xFE, 0xFF))
"""STOP, JUMP, RETURN, REVERT, INVALID, SELFDESTRUCT: what comes after them is not come to from before."""


class Watch(Frozen):
    """A word (by number) of what a view function returns: it must not become less; ``exact``: nor more."""

    to: str
    data: bytes
    word: int = 0
    exact: bool = False
    name: str = "what it holds"


class Attempts(Frozen):
    """Who calls which functions of the locker. ``asset``, ``numbers``: what is locked and until when, as an owner would
    name it."""

    locker: str
    asset: str
    numbers: tuple[int, ...]
    callers: tuple[str, ...]
    functions: tuple[Callable, ...]
    watches: tuple[Watch, ...]


class Tried(Frozen):
    """``opened``: how, for people; empty where nothing did. ``calls``: how many were tried, of ``of``."""

    opened: str
    calls: int
    of: int


def wanted(functions: Iterable[Callable]) -> tuple[Callable, ...]:
    """Those that change something."""
    return tuple(each for each in functions if each.changes)[:MOST_FUNCTIONS]


def opcodes(code: bytes) -> tuple[str, ...]:
    """Instructions by which a contract could become another one. The compiler's metadata at the end is no code, but
    where it begins the code itself says: what can be jumped into there, or come to from before, counts."""
    size = int.from_bytes(code[-2:], "big") + 2
    end = len(code) - size if len(code) > size and code[-size] in range(0xA1, 0xA6) else len(code)
    found, place, falls = set[str](), 0, True
    while place < len(code):
        op = code[place]
        runs = place < end or falls or op == _JUMPDEST
        if runs and op in _EXCHANGES:
            found.add(_EXCHANGES[op])
        falls = runs and op not in _LEAVES
        place += 1 + (op - 0x5F if 0x60 <= op <= 0x7F else 0)
    return tuple(sorted(found))


def try_keys(attempts: Attempts) -> Scenario[Tried]:
    """Each call alone, and for each caller all that went through and then all others: for what takes two steps."""
    before = yield from _seen(attempts)
    every = _calls(attempts)
    calls = every[:MOST_ATTEMPTS]
    alone = yield from branches(*(_tried(attempts, before, caller, (data,)) for caller, data in calls))
    opened = ""
    for (caller, data), (_, how) in zip(calls, alone, strict=True):
        if how and not opened:
            opened = f"{caller} can call 0x{data[:4].hex()}({data[4:].hex()[:64]}): {how}"
    for caller in () if opened else attempts.callers:
        mine = [(data, passed) for (who, data), (passed, _) in zip(calls, alone, strict=True) if who == caller]
        some = [data for data, passed in mine if passed]
        if some and not opened:
            steps = (*some, *(data for data, _ in mine))
            ((_, how),) = yield from branches(_tried(attempts, before, caller, steps))
            names = ", ".join(dict.fromkeys(f"0x{data[:4].hex()}" for data in some))
            opened = f"{caller} can open it in several steps, {names} among them: {how}" if how else ""
    return Tried(opened=opened, calls=len(calls), of=len(every))


def _tried(
    attempts: Attempts, before: tuple[int, ...], caller: str, steps: tuple[bytes, ...]
) -> Scenario[tuple[bool, str]]:
    """Whether any call went through, and what it opened."""
    passed = False
    for data in steps:
        done = yield from call(caller, attempts.locker, data)
        passed = passed or not done.reverted
    if not passed:
        return False, ""
    after = yield from _seen(attempts)
    for watch, was, now in zip(attempts.watches, before, after, strict=True):
        if now < was or (watch.exact and now != was):
            return True, f"{watch.name} goes from {was} to {now}"
    return True, ""


def _seen(attempts: Attempts) -> Scenario[tuple[int, ...]]:
    """-1 stands for what cannot be read, so that a lock which no longer answers is open."""
    words = []
    for watch in attempts.watches:
        done = yield from call(attempts.locker, watch.to, watch.data)
        word = done.data[32 * watch.word : 32 * watch.word + 32]
        words.append(-1 if done.reverted or len(word) < 32 else int.from_bytes(word, "big"))
    return tuple(words)


def _calls(attempts: Attempts) -> list[tuple[str, bytes]]:
    """Caller and calldata, those first that are likeliest to hurt."""
    found: dict[tuple[str, bytes], None] = {}
    for number in attempts.numbers:
        for turn in range(3):
            for key in attempts.functions:
                for caller in attempts.callers:
                    people = ((attempts.asset, caller), (caller, attempts.asset), (caller, caller))[turn]
                    data = calldata(key, people, number, yes=number % 2 == 0)
                    if data is not None:
                        found[caller, data] = None
    return list(found)
