from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from sniper.amounts import (
    LARGEST,
    UNITS,
    Amount,
    Coins,
    PositiveAmount,
    PositiveCoins,
    in_coins,
    parse_amount,
)
from sniper.config import Config
from sniper.errors import ConfigError


class Wallet(Config):
    spend: Amount = 0
    least: PositiveAmount = 1


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (0, 0),
        (10**30, 10**30),
        ("1_000_000", 1_000_000),
        ("0.05 ether", 5 * 10**16),
        ("50 gwei", 50 * 10**9),
        ("50gwei", 50 * 10**9),
        ("  1.000000000000000001 ether ", 10**18 + 1),
        ("7 wei", 7),
        ("1.50 gwei", 1_500_000_000),
        ("2.000 wei", 2),
    ],
)
def test_reads_what_people_write(written: object, amount: int) -> None:
    assert parse_amount(written) == amount


@pytest.mark.parametrize(
    "written",
    [0.05, True, None, -1, "-1", "", "ether", "1.5", "0.5 wei", "1.0000000000000000001 ether", "1 finney", "1e18",
     "1,5 ether", "٣ ether", "1. ether", ".5 ether", "0x10", "nan", 2**256, "9" * 100 + " ether", "1" * 5000,
     [1], Decimal(1)],
)  # fmt: skip
def test_refuses_what_is_not_exactly_an_amount(written: object) -> None:
    with pytest.raises(ConfigError, match="amount"):
        parse_amount(written)


@given(amount=st.integers(0, LARGEST), unit=st.sampled_from(sorted(UNITS)))
def test_what_is_shown_is_read_back_exactly(amount: int, unit: str) -> None:
    assert parse_amount(f"{in_coins(amount, UNITS[unit])} {unit}") == amount


@given(amount=st.integers(-LARGEST, LARGEST), decimals=st.integers(0, 40))
def test_shows_the_exact_number_of_coins(amount: int, decimals: int) -> None:
    with localcontext() as context:
        context.prec = 200
        assert Decimal(in_coins(amount, decimals)) == Decimal(amount).scaleb(-decimals)


def test_config_fields_take_text_and_keep_integers() -> None:
    wallet = Wallet.model_validate({"spend": "0.05 ether", "least": 3})
    assert (wallet.spend, wallet.least) == (5 * 10**16, 3)
    assert Wallet.model_validate_json(wallet.model_dump_json()) == wallet


@pytest.mark.parametrize("section", [{"spend": 0.05}, {"spend": "-1"}, {"least": 0}, {"least": "0 ether"}])
def test_config_fields_refuse_with_the_key_and_the_value(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        Wallet.model_validate(section)
    key, value = next(iter(section.items()))
    assert refused.value.errors()[0]["loc"] == (key,)
    assert refused.value.errors()[0]["input"] in {value, 0}


def test_the_json_schema_is_that_of_an_integer() -> None:
    assert Wallet.model_json_schema()["properties"]["spend"]["type"] == "integer"


class Priced(Config):
    size: PositiveCoins = Field(description="a size")
    least: Coins = Field(0, description="another one")


@pytest.mark.parametrize(
    ("written", "units"), [(3, 3 * 10**18), ("0.001", 10**15), ("1e-18", 1), ("12.50", 125 * 10**17)]
)
def test_coins_are_read_exactly_and_written_as_they_are_read(written: object, units: int) -> None:
    config = Priced.model_validate({"size": written})
    assert config.size == units
    assert Priced.model_validate(config.model_dump()) == config
    assert Priced.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("written", [0.5, True, None, "", "a", "-1", "0", 0, "1e-19", "NaN", "Infinity", "1 ether"])
def test_what_is_no_number_of_coins_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        Priced.model_validate({"size": written})
