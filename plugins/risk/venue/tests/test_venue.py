from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from sniper.proposal import Leg
from sniper.risk import Finding, Roundtrip
from sniper.types import split_asset
from sniper_risk_venue.policy import Venue, VenueConfig
from sniper_sdk.builders import POOL, QUOTE, TOKEN, address, entry, instrument, pool, ticker, view

HERE = view(pools=[pool()])
SALE = replace(entry(), side="reduce")
OTHER = f"1:{address(0x99)}"


def made(**access: Any) -> Venue:
    return Venue(config=VenueConfig(accounts={"main": {"venues": ["uniswap"], **access}}))


def denied(found: list[Finding]) -> list[str]:
    return [finding.rule for finding in found if not finding.ok]


ORDER = replace(
    entry(),
    token="binance:BTC",
    quote="binance:USDT",
    pool="binance:BTC/USDT:USDT",
    venue="binance",
    chain_id=0,
)


@pytest.mark.parametrize(
    ("access", "rules"),
    [
        ({"instruments": ["perpetual"], "max_leverage": 5}, []),
        ({"instruments": ["perpetual"], "max_leverage": 4}, ["leverage-not-allowed"]),
        ({"max_leverage": 5}, ["instrument-not-allowed"]),
        ({"instruments": ["perpetual"], "max_leverage": 5, "tokens": ["binance:ETH"]}, ["token-not-allowed"]),
        ({"instruments": ["perpetual"], "max_leverage": 5, "pools": ["binance:BTC/USDT:USDT"]}, []),
        ({"instruments": ["perpetual"], "max_leverage": 5, "amms": ["constant-product"]}, ["amm-not-allowed"]),
    ],
)
def test_orders_at_exchanges_are_held_to_kind_and_leverage(access: dict[str, Any], rules: list[str]) -> None:
    contract = instrument("binance:BTC/USDT:USDT", kind="perpetual")
    here = view(tickers=[ticker(contract)], leverages={contract.id: 5})
    assert denied(list(made(venues=["binance"], **access).judge(ORDER, here))) == rules


@pytest.mark.parametrize(
    ("access", "rules"),
    [
        ({}, []),
        ({"venues": ["aggregator"]}, ["venue-not-allowed"]),
        ({"venues": []}, ["venue-not-allowed"]),
        ({"amms": [pool().amm]}, []),
        ({"amms": ["another"]}, ["amm-not-allowed"]),
        ({"tokens": [TOKEN.upper().replace("X", "x")]}, []),
        ({"tokens": [OTHER]}, ["token-not-allowed"]),
        ({"tokens": []}, ["token-not-allowed"]),
        ({"refused_tokens": [TOKEN]}, ["token-refused"]),
        ({"pools": [POOL]}, []),
        ({"pools": [OTHER]}, ["pool-not-allowed"]),
        ({"instruments": ["perpetual"]}, ["instrument-not-allowed"]),
        ({"max_leverage": 3}, []),
    ],
)
def test_what_an_account_may_use(access: dict[str, Any], rules: list[str]) -> None:
    assert denied(list(made(**access).judge(entry(), HERE))) == rules


def test_an_account_that_is_not_named_may_use_nothing() -> None:
    assert denied(list(Venue(config=VenueConfig()).judge(entry(), HERE))) == ["account-unknown"]


def test_a_pool_that_nobody_knows_is_of_no_allowed_kind() -> None:
    assert denied(list(made(amms=[pool().amm]).judge(entry(), view()))) == ["amm-not-allowed"]


def test_every_coin_and_pool_of_an_arbitrage_counts_but_what_it_begins_with() -> None:
    coins = [split_asset(each)[1] for each in (QUOTE, TOKEN, OTHER)]
    ways = zip((address(1), address(2), address(3)), coins, [*coins[1:], coins[0]], strict=True)
    legs = tuple(Leg(pool=at, token_in=one, token_out=other) for at, one, other in ways)
    trip = Roundtrip(
        intent="main/cycles/1", account="main", instance="cycles", chain_id=1, quote=QUOTE, venue="uniswap", legs=legs,
        amount=1, expected_out=2, gas_cost=0, reason="a test",
    )  # fmt: skip

    def rules(**access: Any) -> list[str]:
        return denied(list(made(**access).judge_roundtrip(trip, HERE)))

    pools = [f"1:{address(n)}" for n in (1, 2, 3)]
    assert rules(tokens=[TOKEN, OTHER], pools=pools) == []
    assert rules(tokens=[TOKEN]) == ["token-not-allowed"]
    assert rules(pools=pools[:2]) == ["pool-not-allowed"]
    assert rules(refused_tokens=[OTHER]) == ["token-refused"]
    assert rules(amms=[pool().amm]) == ["amm-not-allowed"]


def test_a_sale_passes_whatever_the_account_may_buy() -> None:
    (finding,) = Venue(config=VenueConfig()).judge(SALE, HERE)
    assert (finding.rule, finding.ok) == ("reduces", True)


@pytest.mark.parametrize("access", [{"tokens": ["0x12"]}, {"max_leverage": 0}, {"leverage": 1}])
def test_refuses_a_section_that_makes_no_sense(access: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(**access)
