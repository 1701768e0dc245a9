"""What a lock's code could become."""

from pathlib import Path

import pytest

from sniper_risk_lp_quality.keys import opcodes
from sniper_sdk.solidity import compiled

CONTRACTS = Path(__file__).parent / "contracts"
STOP, JUMPDEST, DELEGATECALL = b"\x00", b"\x5b", b"\xf4"


def ending(code: bytes, metadata: bytes) -> bytes:
    """With what the compiler adds: a CBOR map, and its length."""
    return code + b"\xa2" + metadata + (len(metadata) + 1).to_bytes(2, "big")


def test_in_metadata_nothing_runs() -> None:
    assert opcodes(ending(STOP, DELEGATECALL)) == ()


@pytest.mark.parametrize(("code", "inside"), [(JUMPDEST, b""), (STOP, JUMPDEST)], ids=["fallen into", "jumped into"])
def test_code_that_is_said_to_be_metadata_counts_where_it_can_be_got_to(code: bytes, inside: bytes) -> None:
    """Its author chooses what the last two bytes say."""
    assert opcodes(ending(code, inside + DELEGATECALL)) == ("DELEGATECALL",)


def test_what_is_pushed_is_no_instruction() -> None:
    assert opcodes(b"\x60" + DELEGATECALL + STOP) == ()
    assert opcodes(b"\x60" + STOP + DELEGATECALL) == ("DELEGATECALL",)


@pytest.mark.parametrize("name", ["Honest", "Records", "Keeper"])
def test_of_a_lock_as_it_is_compiled_nothing_is_found(name: str) -> None:
    assert opcodes(compiled(CONTRACTS)[name].bytecode) == ()
