"""Code that was written to hang, exhaust or break the analyser: a report always, and never more steps than allowed."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sniper_risk_owner_powers.analyse import MOST, STEPS, STEPS_OF_ONE, analyse
from sniper_risk_owner_powers.code import LARGEST
from sniper_risk_owner_powers.delegates import delegates
from sniper_risk_owner_powers.machine import COPIED
from sniper_risk_owner_powers.report import POWERS, Report
from sniper_sdk.solidity import compiled

SLACK = LARGEST + 3 * 1024 // COPIED
"""Steps of the last block, which is always finished."""

HEADER = bytes.fromhex("60003560e01c")
PIECES = [bytes([op]) for op in range(256)] + [
    bytes.fromhex(piece)
    for piece in (
        "5b", "600056", "600057", "6000355760003560e01c", "6000546000556000", "33600054146000575b", "600052", "604051",
        "60406000206000", "60008080808080f1", "60008080808060fff4", "33ff", "60003554600035556000", "7fff",
        "63a9059cbb14", "805b8057", "60035b80600056", "5b80f35b60405160005260206000f3",
        "60043560005260006020526040600020546000526020",
    )
]  # fmt: skip

WRITTEN = {
    "empty": b"",
    "only places to jump to": b"\x5b" * LARGEST,
    "an endless loop": bytes.fromhex("5b600056"),
    "a loop that grows the stack": bytes.fromhex("5b6001600056"),
    "a loop that divides": bytes.fromhex("5b36546000600057600056"),
    "a full stack": b"\x60\x01" + b"\x80" * (LARGEST - 2),
    "a push without its value": b"\x7f",
    "an invalid instruction first": b"\xfe" * LARGEST,
    "unknown instructions": bytes(range(0xA5, 0xF0)) * 100,
    "a value that doubles": bytes.fromhex("600035") + b"\x80\x01" * 12_000,
    "a value that squares": bytes.fromhex("600035") + b"\x80\x02" * 12_000,
    "every slot added up": b"\x5b\x60\x00\x54"
    + b"".join(b"\x61" + i.to_bytes(2, "big") + b"\x54\x01" for i in range(4000)),
    "a choice at every slot": b"\x5b"
    + b"".join(b"\x61" + i.to_bytes(2, "big") + b"\x54\x60\x00\x57" for i in range(3500)),
    "a guard at every slot": b"\x5b"
    + b"".join(b"\x61" + i.to_bytes(2, "big") + b"\x54\x33\x14\x60\x00\x57" for i in range(2700)),
    "memory written everywhere": b"\x5b"
    + b"".join(b"\x33\x61" + i.to_bytes(2, "big") + b"\x52\x60\x00\x54\x60\x00\x57" for i in range(2200)),
    "a function behind every selector": HEADER
    + b"".join(b"\x80\x63" + Random(i).randbytes(4) + b"\x14\x60\x00\x57" for i in range(2000)),
    "larger than a contract can be": b"\x5b" * (LARGEST + 1),
}


def holds(report: Report, pieces: int = 1) -> None:
    assert report.steps <= pieces * (STEPS + 3 * STEPS_OF_ONE + SLACK)
    assert len(report.powers) <= MOST
    assert report.complete or not report.error or not report.powers
    assert {power.power for power in report.powers} <= set(POWERS)


@pytest.mark.parametrize("name", WRITTEN)
def test_hostile_code_gets_a_report(name: str) -> None:
    code = WRITTEN[name]
    holds(analyse((code,)))
    delegates(code)


@pytest.mark.parametrize("code", [b"", b"\x5b" * (LARGEST + 1)])
def test_what_cannot_be_analysed_says_why(code: bytes) -> None:
    report = analyse((code,))
    assert report.error.startswith("cannot be analysed: ")
    assert not report.complete


def test_steps_that_are_used_up_are_told() -> None:
    report = analyse((WRITTEN["a function behind every selector"],))
    assert not report.complete


def pieced() -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(PIECES), max_size=120).map(lambda found: (HEADER + b"".join(found))[:LARGEST])


@given(st.one_of(st.binary(max_size=600), pieced()))
@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
def test_any_code_gets_a_report(code: bytes) -> None:
    holds(analyse((code,)))
    delegates(code)


def sources() -> list[bytes]:
    directory = Path(__file__).parent / "contracts"
    found = [each.bytecode for each in compiled(directory).values()]
    return [creation[creation.index(b"\xf3\xfe") + 2 :] for creation in found]


def mutated(random: Random, codes: list[bytes]) -> Iterator[bytes]:
    """Real code with bytes exchanged, left out, doubled or put elsewhere, and pure noise, without end."""
    while True:
        code = bytearray(random.choice(codes))
        for _ in range(random.choice((1, 2, 4, 16, 64))):
            at = random.randrange(len(code))
            match random.randrange(6):
                case 0:
                    code[at] = random.randrange(256)
                case 1:
                    code[at : at + 1] = random.choice(PIECES)
                case 2:
                    del code[at : at + random.randrange(1, 40)]
                case 3:
                    size = random.randrange(1, 80)
                    code[at:at] = code[at : at + size]
                case 4:
                    other = random.choice(codes)
                    start = random.randrange(len(other))
                    code[at:at] = other[start : start + random.randrange(1, 200)]
                case _:
                    code[at] ^= 1 << random.randrange(8)
            if not code:
                code = bytearray(random.randbytes(50))
        yield bytes(code[:LARGEST])


def attack(seed: int, count: int) -> None:
    random = Random(seed)
    codes = sources()
    for _, code in zip(range(count), mutated(random, codes), strict=False):
        # a part of it, as a whole contract takes milliseconds
        code = code[: random.choice((40, 200, 800, LARGEST))] if random.random() < 0.7 else code
        holds(analyse((code,)))


def test_mutated_contracts_get_reports() -> None:
    attack(seed=0, count=150)


@pytest.mark.long
@pytest.mark.parametrize("chunk", range(100))
def test_a_million_mutated_contracts_get_reports(chunk: int) -> None:
    attack(seed=1 + chunk, count=10_000)
