"""What is tried as an owner."""

from sniper.evm.abi import function
from sniper.evm.surface import surface
from sniper.scenario import Trader
from sniper_risk_honeypot.functions import MOST_FUNCTIONS, Callable, calls, wanted
from sniper_risk_honeypot.trials import MOST_CALLS, Case, _attempts
from sniper_sdk.zoo import contract

HOLDER, PAIR = "0x" + "0a" * 20, "0x" + "0b" * 20


def runtime(name: str) -> bytes:
    """A contract's code without its constructor: from the second time that a free memory pointer is set."""
    code = contract(name).bytecode
    return code[code.index(bytes.fromhex("6080604052"), 5) :]


def test_functions_that_change_something_are_found_and_those_of_every_token_left_out() -> None:
    found, _ = wanted(surface(runtime("BlacklistToken")).functions)
    selectors = {each.selector for each in found}
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
    assert calls(Callable(selector=bytes(4), types=("(address,bool)",)), (HOLDER,)) == []
    assert calls(Callable(selector=b"abcd", types=()), (HOLDER,)) == [b"abcd"]


def test_functions_without_room_are_counted_and_one_of_several_pieces_of_code_counts_once() -> None:
    many = tuple(Callable(selector=n.to_bytes(4, "big"), types=()) for n in range(MOST_FUNCTIONS + 3))
    found, left_out = wanted((*many, *many))
    assert (len(found), left_out) == (MOST_FUNCTIONS, 3)


def test_a_function_is_called_as_the_code_that_is_met_first_wants_it() -> None:
    """Else a piece of code that never runs could say that it takes something else, and it would be called in vain."""
    proxy, decoy = (Callable(selector=b"abcd", types=types) for types in (("address",), ("(uint256,bool)",)))
    assert wanted((proxy, decoy)) == ((proxy,), 0)


def test_no_function_hides_behind_many_others() -> None:
    decoys = tuple(Callable(selector=n.to_bytes(4, "big"), types=("uint256", "address")) for n in range(MOST_FUNCTIONS))
    owners = tuple(f"0x{n:040x}" for n in range(1, 7))
    case = Case(
        pool="",
        token=PAIR,
        pair=PAIR,
        amount=1,
        small=1,
        large=1,
        seed=b"",
        functions=decoys,
        owners=owners,
    )
    tried = _attempts(case, Trader(address=HOLDER))
    assert len(tried) > MOST_CALLS
    assert {(caller, data[:4]) for caller, data in tried[:MOST_CALLS]} == {
        (caller, each.selector) for caller in owners for each in decoys
    }
