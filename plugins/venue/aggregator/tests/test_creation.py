"""How a trader gets what is to be deployed."""

from importlib.resources import files

import pytest

from sniper_sdk.creation import WrongArguments, creation_code, main
from sniper_sdk.npm import ArtifactMismatch, UnknownArtifact
from sniper_venue_aggregator.route import KINDS

PLACES = tuple(f"0x{digit * 40}" for digit in "123")
PACKAGE, CONTRACT = "sniper_venue_aggregator", "Aggregator"


def test_the_command_prints_the_creation_code_with_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([PACKAGE, CONTRACT, *PLACES]) == 0
    printed = capsys.readouterr().out
    assert printed == "0x" + creation_code(PACKAGE, CONTRACT, *PLACES).hex() + "\n"
    assert printed.endswith("".join(place[2:].rjust(64, "0") for place in PLACES) + "\n")


def test_wrong_arguments_are_refused_with_those_that_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WrongArguments, match="address, address, address"):
        creation_code(PACKAGE, CONTRACT, *PLACES[:2])
    with pytest.raises(UnknownArtifact, match=CONTRACT):
        creation_code(PACKAGE, "Agregator", *PLACES)
    assert main([PACKAGE, CONTRACT]) == 1
    assert main([PACKAGE]) == 2
    assert "usage" in capsys.readouterr().err


def test_another_source_than_the_one_whose_hash_is_kept_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sniper_sdk.creation.tomllib.loads", lambda text: {CONTRACT: "00" * 32})
    with pytest.raises(ArtifactMismatch, match=CONTRACT):
        creation_code(PACKAGE, CONTRACT, *PLACES)


def test_the_kinds_are_those_of_the_contract() -> None:
    source = files(PACKAGE).joinpath("contracts", "Aggregator.sol").read_text()
    constants = ("V2", "V3", "V4", "SOLIDLY", "CURVE", "CURVE_CRYPTO", "BALANCER")
    numbers = sorted({number for number, _, _ in KINDS.values()})
    for name, number in zip(constants, numbers, strict=True):
        assert f"uint256 private constant {name} = {number};" in source
