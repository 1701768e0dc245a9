"""Each power in a contract of our own, compiled by solc, beside a contract that only looks as if it had it."""

from pathlib import Path

import pytest

from sniper.evm.keccak import keccak256
from sniper_risk_owner_powers.analyse import analyse
from sniper_risk_owner_powers.report import Guard, Power, Report
from sniper_sdk.solidity import compiled

CONTRACTS = Path(__file__).parent / "contracts"

POWERS = {
    "Plain": set(),
    "MintOpenly": {"mint"},
    "MintHidden": {"mint"},
    "MintInTransfer": {"mint"},
    "BurnOfOthers": {"burn"},
    "BurnOfOwn": set(),
    "LeakByOwner": {"leak"},
    "LeakByBackDoor": {"leak"},
    "LeakByAllowance": {"leak"},
    "PermitIsNoLeak": set(),
    "Frozen": {"freeze"},
    "FrozenSilently": {"freeze"},
    "FreezesOneself": set(),
    "Switched": {"pause"},
    "Locked": {"take-ether"},
    "Limited": {"limit"},
    "LimitedForGood": set(),
    "Taxed": {"tax"},
    "TaxedForGood": set(),
    "OnlyOwnerSells": {"sell-block"},
    "AsksAnother": {"sell-block"},
    "TakesEther": {"take-ether"},
    "PaysOut": set(),
    "TakesTokens": {"take-tokens"},
    "TakesLiquidity": {"take-liquidity"},
    "Ends": {"self-destruct"},
    "RunsAnything": {"delegatecall"},
    "Stakes": set(),
    "SetsAside": {"burn", "freeze"},
    "Renounced": {"mint"},
    "KeepsARole": {"mint", "kept-role"},
    "ManyCallers": {"mint"},
    "OriginCalls": {"mint"},
    "ConstantCaller": {"mint"},
    "Proxy": {"upgrade"},
    "BeaconProxy": {"upgrade"},
    "Diamond": set(),
    "Wallet": set(),
    "Waits": set(),
    "WaitsNot": {"take-tokens"},
    "Beacon": set(),
    "MintByRegistry": {"mint"},
    "PosesAsBeacon": set(),
    "SwitchedForAWhile": {"pause"},
    "LimitedAboveAFloor": {"limit"},
    "Cooling": {"limit"},
    "CoolingForGood": set(),
    "MintsWhenPaid": {"mint"},
    "GivesItUp": {"pause"},
    "TaxedAfterADay": {"tax"},
    "Opens": {"pause"},
    "Sells": {"mint"},
    "Rescaled": {"burn"},
    "LentStorage": {"delegatecall"},
    "SaysItHasNoOwner": {"mint", "kept-role"},
}


def runtime(name: str) -> bytes:
    """Of a contract, as solc lays it behind the code that deploys it."""
    creation = compiled(CONTRACTS)[name].bytecode
    return creation[creation.index(b"\xf3\xfe") + 2 :]


def report(name: str) -> Report:
    return analyse((runtime(name),))


@pytest.mark.parametrize("name", POWERS)
def test_a_contract_has_the_powers_that_it_was_written_with_and_no_other(name: str) -> None:
    found = report(name)
    assert not found.error
    assert found.complete
    assert {power.power for power in found.powers} == POWERS[name], found.powers


def only(name: str, power: str) -> Power:
    (found,) = (each for each in report(name).powers if each.power == power)
    return found


def test_every_contract_is_a_case() -> None:
    assert set(POWERS) == set(compiled(CONTRACTS))


def test_a_finding_names_the_function_its_guard_its_variable_and_its_place() -> None:
    mint = only("MintOpenly", "mint")
    assert mint.selector == keccak256(b"a(address,uint256)")[:4].hex()
    assert mint.guards == (Guard(kind="slot", variable="3"),)
    assert mint.variables == ("0[]",)
    assert 0 < mint.start <= mint.end < len(runtime("MintOpenly"))
    assert mint.sure == "inferred"


@pytest.mark.parametrize(
    ("name", "guard"),
    [
        ("ManyCallers", Guard(kind="mapping", variable="4[]")),
        ("OriginCalls", Guard(kind="slot", variable="3", origin=True)),
        ("ConstantCaller", Guard(kind="constant", variable="0x1234567890123456789012345678901234567890")),
    ],
)
def test_who_may_is_told_apart(name: str, guard: Guard) -> None:
    assert only(name, "mint").guards == (guard,)


def test_the_analysis_of_the_same_code_is_the_same() -> None:
    assert report("KeepsARole") == report("KeepsARole")


@pytest.mark.parametrize("name", ["Sells", "LimitedAboveAFloor", "TaxedAfterADay", "Opens"])
def test_what_is_less_than_it_looks_is_mild(name: str) -> None:
    (power,) = report(name).powers
    assert power.mild


def test_a_switch_that_ends_says_when() -> None:
    assert only("SwitchedForAWhile", "pause").until_time == 1_900_000_000
    assert only("Switched", "pause").until_time == 0
