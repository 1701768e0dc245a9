"""What is read out of foreign code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.evm.abi import function
from sniper.evm.surface import MOST_CONSTANTS, Callable, calldata, selectors, surface

PEOPLE = tuple("0x" + each * 20 for each in ("0a", "0b"))
SETTER = bytes.fromhex("6004356000555f5ffd")


def dispatching(selector: bytes, body: bytes = SETTER) -> bytes:
    """Code with one function: CALLDATALOAD, SHR, EQ, JUMPI."""
    head = bytes.fromhex("5f3560e01c63") + selector + bytes.fromhex("14600f57") + b"\x00"
    return head + b"\x5b" + body


def test_functions_are_found_whichever_way_they_are_looked_for() -> None:
    code = dispatching(b"\x01\x02\x03\x04")
    assert selectors(code) == {0x01020304}
    assert [each.selector for each in surface(code).functions] == [b"\x01\x02\x03\x04"]


@pytest.mark.parametrize("operand", [b"\x73" + bytes(range(20)), b"\x7f" + bytes(12) + bytes(range(20))])
def test_addresses_in_the_code_are_found_also_as_immutables(operand: bytes) -> None:
    assert surface(operand).constants == ("0x" + bytes(range(20)).hex(),)


def test_masks_and_hashes_are_no_addresses() -> None:
    assert surface(b"\x73" + b"\xff" * 20 + b"\x7f" + bytes(range(32))).constants == ()


@pytest.mark.parametrize("code", [b"", b"\x5b" * 24_576, b"\x7f", b"\x63" * 50_000, bytes(range(256)) * 96])
def test_hostile_code_is_read_within_bounds(code: bytes) -> None:
    assert len(surface(code).constants) <= MOST_CONSTANTS


@given(st.binary(max_size=400))
def test_any_code_can_be_read(code: bytes) -> None:
    assert {int.from_bytes(each.selector, "big") for each in surface(code).functions} == selectors(code)


def test_arguments_are_as_the_types_ask() -> None:
    of = function("f(address,address,uint8,bool,bytes,uint256[],bytes4)")
    types = ("address", "address", "uint8", "bool", "bytes", "uint256[]", "bytes4")
    what = Callable(selector=of.selector, types=types)
    data = calldata(what, PEOPLE, 1_000, yes=True)
    assert data is not None
    assert of.decode_call(data) == (*PEOPLE, 255, True, b"", (1_000,), function("balanceOf(address)").selector)
    assert calldata(Callable(selector=bytes(4), types=("(address,bool)",)), PEOPLE, 1, yes=True) is None


def test_a_number_that_is_not_named_is_somebody() -> None:
    data = calldata(Callable(selector=bytes(4), types=("uint256[]",)), PEOPLE, None, yes=True)
    assert data is not None
    assert int.from_bytes(data[-32:], "big") == int(PEOPLE[0], 16)
