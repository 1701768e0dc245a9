"""Bytecode as instructions, and which places in it can only end in a revert."""

from typing import Final, NamedTuple

LARGEST: Final = 24_576
"""Bytes of the largest contract that a chain accepts (EIP-170)."""

PUSHED: Final = range(0x5F, 0x80)
ENDS_BADLY: Final = frozenset({0xFD, 0xFE})
ENDS: Final = frozenset({0x00, 0xF3, 0xFD, 0xFE, 0xFF})
KNOWN: Final = frozenset(
    place
    for places in (
        range(0x0C), range(0x10, 0x1E), (0x20,), range(0x30, 0x4B), range(0x50, 0xA5), range(0xF0, 0xF6),
        (0xFA, 0xFD, 0xFE, 0xFF),
    )
    for place in places
)  # fmt: skip
NO_EFFECT_ELSEWHERE: Final = frozenset({0x55, 0x5D, 0xF0, 0xF1, 0xF2, 0xF4, 0xF5})
"""What a place may not do to count as nothing but a revert: writes, calls, creations."""


class Code(NamedTuple):
    """instructions  (opcode, value pushed or number in DUPn, SWAPn, LOGn, place in bytes) of each
    at             Index of the instruction at each JUMPDEST, by its place.
    doomed         Indices from which, without a choice, the code ends in a revert.
    """

    raw: bytes
    instructions: list[tuple[int, int, int]]
    at: dict[int, int]
    doomed: frozenset[int]


def decode(raw: bytes) -> Code:
    instructions: list[tuple[int, int, int]] = []
    at: dict[int, int] = {}
    place, end = 0, len(raw)
    while place < end:
        op = raw[place]
        if 0x5F <= op <= 0x7F:
            size = op - 0x5F
            value = int.from_bytes(raw[place + 1 : place + 1 + size].ljust(size, b"\0"), "big")
            instructions.append((0x60, value, place))
            place += 1 + size
            continue
        if op == 0x5B:
            at[place] = len(instructions)
        if 0x80 <= op <= 0x8F:
            instructions.append((0x80, op - 0x7F, place))
        elif 0x90 <= op <= 0x9F:
            instructions.append((0x90, op - 0x8F, place))
        elif 0xA0 <= op <= 0xA4:
            instructions.append((0xA0, op - 0xA0, place))
        else:
            instructions.append((op if op in KNOWN else 0xFE, op, place))
        place += 1
    instructions.append((0x00, 0, end))
    return Code(raw, instructions, at, _doomed(instructions, at))


def _doomed(instructions: list[tuple[int, int, int]], at: dict[int, int]) -> frozenset[int]:
    """Backwards: an instruction is doomed when it reverts, or does nothing lasting and its only successor is doomed."""
    doomed: set[int] = set()
    for _ in range(3):  # jumps to later and to earlier code: each round follows one more jump backwards
        before = len(doomed)
        safe = False
        for index in range(len(instructions) - 1, -1, -1):
            op = instructions[index][0]
            if op in ENDS_BADLY:
                safe = True
            elif op in ENDS or op == 0x57 or op in NO_EFFECT_ELSEWHERE:
                safe = False
            elif op == 0x56:
                last = instructions[index - 1] if index else (0, 0, 0)
                safe = last[0] == 0x60 and at.get(last[1], -1) in doomed
            if safe:
                doomed.add(index)
        if len(doomed) == before:
            break
    return frozenset(doomed)
