"""What is tried as an owner."""

from sniper.evm.abi import function
from sniper_risk_honeypot.functions import MOST_FUNCTIONS, Callable, calls, surface
from sniper_sdk.zoo import contract

HOLDER, PAIR = "0x" + "0a" * 20, "0x" + "0b" * 20


def runtime(name: str) -> bytes:
    """A contract's code without its constructor: from the second time that a free memory pointer is set."""
    code = contract(name).bytecode
    return code[code.index(bytes.fromhex("6080604052"), 5) :]


def test_functions_that_change_something_are_found_and_those_of_every_token_left_out() -> None:
    found = surface(runtime("BlacklistToken"))
    selectors = {each.selector for each in found.functions}
    assert function("blacklist(address[])").selector in selectors
    for standard in ("transfer(address,uint256)", "approve(address,uint256)", "balanceOf(address)"):
        assert function(standard).selector not in selectors


def test_arguments_are_people_numbers_and_both_answers() -> None:
    tried = calls(Callable(selector=bytes(4), types=("address", "bool")), (HOLDER, PAIR))
    words = {(data[4:36].hex()[24:], data[-1]) for data in tried}
    assert words == {(HOLDER[2:], 1), (PAIR[2:], 0)}  # the first of them is the holder, and the answer yes
    numbers = {
        int.from_bytes(data[4:], "big") for data in calls(Callable(selector=bytes(4), types=("uint8",)), (HOLDER,))
    }
    assert numbers == {0, 1, 100, 255}
    assert int(HOLDER, 16) in {
        int.from_bytes(data[-32:], "big")
        for data in calls(Callable(selector=bytes(4), types=("uint256[]",)), (HOLDER,))
    }


def test_what_nothing_sensible_is_known_for_is_not_called() -> None:
    assert calls(Callable(selector=bytes(4), types=("bytes",)), (HOLDER,)) == []
    assert calls(Callable(selector=bytes(4), types=("(address,bool)",)), (HOLDER,)) == []
    assert calls(Callable(selector=b"abcd", types=()), (HOLDER,)) == [b"abcd"]


def test_hostile_code_is_read_within_bounds() -> None:
    for code in (b"", b"\x5b" * 24_576, b"\x7f", b"\x63" * 50_000, bytes(range(256)) * 96):
        found = surface(code)
        assert len(found.functions) <= MOST_FUNCTIONS
        assert len(found.constants) <= 16
