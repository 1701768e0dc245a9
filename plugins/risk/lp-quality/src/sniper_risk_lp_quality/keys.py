"""Tries to open a lock: everybody who might rule it calls everything that it can do, on a copy of the chain."""

from functools import lru_cache
from typing import Any, Final

from sniper.errors import SniperError
from sniper.evm.abi import function
from sniper.plugin import Frozen
from sniper.scenario import Scenario, branches, call

MOST_FUNCTIONS: Final = 40
MOST_ATTEMPTS: Final = 320
MOST_CODE: Final = 100_000
"""Bytes that are looked at; no chain's contracts are longer (EIP-170: 24,576; some chains allow more)."""
_EXCHANGES: Final = {0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xFF: "SELFDESTRUCT"}


class Watch(Frozen):
    """A word (by number) of what a view function returns: it must not become less; ``exact``: nor more."""

    to: str
    data: bytes
    word: int = 0
    exact: bool = False
    name: str = "what it holds"


class Key(Frozen):
    """A function that changes something. ``types``: of its arguments, as the ABI writes them."""

    selector: bytes
    types: tuple[str, ...]


class Keys(Frozen):
    """``constants``: addresses that stand in the code itself, an owner's among them, perhaps."""

    functions: tuple[Key, ...]
    constants: tuple[str, ...]


class Attempts(Frozen):
    """Who calls which functions of the locker. ``asset``, ``numbers``: what is locked and until when, as an owner would
    name it."""

    locker: str
    asset: str
    numbers: tuple[int, ...]
    callers: tuple[str, ...]
    functions: tuple[Key, ...]
    watches: tuple[Watch, ...]


class Tried(Frozen):
    """``opened``: how, for people; empty where nothing did. ``calls``: how many were tried, of ``of``."""

    opened: str
    calls: int
    of: int


def keys(code: bytes) -> Keys:
    """Read them out of runtime bytecode. Pure; runs in a worker."""
    import evmole

    found = evmole.contract_info(code[:MOST_CODE], selectors=True, arguments=True, state_mutability=True)
    functions = [
        Key(selector=bytes.fromhex(each.selector), types=_types(each.arguments or ""))
        for each in found.functions or ()
        if each.state_mutability not in ("view", "pure")
    ]
    return Keys(functions=tuple(functions[:MOST_FUNCTIONS]), constants=_constants(code[:MOST_CODE]))


def opcodes(code: bytes) -> tuple[str, ...]:
    """Instructions by which a contract could become another one. The compiler's metadata at the end is no code."""
    size = int.from_bytes(code[-2:], "big") + 2
    end = len(code) - size if len(code) > size and code[-size] in range(0xA1, 0xA6) else len(code)
    found, place = set(), 0
    while place < end:
        op = code[place]
        if op in _EXCHANGES:
            found.add(_EXCHANGES[op])
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
                    try:
                        arguments = _arguments(key.types, people, number)
                        data = key.selector + _codec(key.types).encode(*arguments)[4:]
                    except (SniperError, LookupError):
                        continue  # an argument of a kind that nothing sensible is known for
                    found[caller, data] = None
    return list(found)


def _arguments(types: tuple[str, ...], people: tuple[str, str], number: int) -> list[Any]:
    """Any: as the ABI type asks. Raises `LookupError` for a type that is not tried."""
    count, found = 0, list[Any]()
    for kind in types:
        if kind == "address":
            found.append(people[count % 2])
            count += 1
        else:
            found.append(_argument(kind, people, number))
    return found


def _argument(kind: str, people: tuple[str, str], number: int) -> Any:
    if kind.endswith("[]"):
        return [_argument(kind[:-2], people, number)]
    if kind == "address":
        return people[0]
    if kind == "bool":
        return number % 2 == 0
    if kind == "bytes":
        return b""
    if kind == "bytes32":
        return number.to_bytes(32, "big")
    if kind.startswith("uint") and kind[4:].isdigit():
        return max(0, min(number, 2 ** int(kind[4:]) - 1))
    raise LookupError(kind)


@lru_cache(maxsize=1024)
def _codec(types: tuple[str, ...]) -> Any:  # Any: sniper.evm.abi.Function
    return function(f"f({','.join(types)})")


def _types(text: str) -> tuple[str, ...]:
    """Top-level types of ``uint256,(address,bool)[]``."""
    found, depth, begin = [], 0, 0
    for place, char in enumerate(text + ","):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            found.append(text[begin:place])
            begin = place + 1
    return tuple(each for each in found if each)


def _constants(code: bytes) -> tuple[str, ...]:
    """Operands of PUSH20, and of PUSH32 with 12 leading zeros (an immutable), that are no mask."""
    found: dict[str, None] = {}
    place = 0
    while place < len(code):
        op = code[place]
        size = op - 0x5F if 0x60 <= op <= 0x7F else 0
        operand = code[place + 1 : place + 1 + size]
        if size == 32 and operand[:12] == bytes(12):
            operand = operand[12:]
        if len(operand) == 20 and len(set(operand)) > 4:
            found["0x" + operand.hex()] = None
        place += 1 + size
    return tuple(found)[:16]
