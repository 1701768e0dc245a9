"""What Binance, Bybit and OKX say of contracts, by their documentation, in the words of sniper; parsed by ccxt."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.exchange import ContractState, Tier
from sniper.instrument import COIN, Instrument
from sniper_venue_ccxt.capabilities import probe
from sniper_venue_ccxt.client import made
from sniper_venue_ccxt.client_ids import ClientIds
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.contracts import Contracts, forced, funding_told, position_told, tiers_told
from sniper_venue_ccxt.errors import BadKeys, NotOffered, Unanswered
from sniper_venue_ccxt.listing import Counting, Rules, listing
from sniper_venue_ccxt.withdrawals import demand_no_withdrawals

SYMBOL = "BTC/USDT:USDT"


def market(identifier: str, contract_size: str, amount: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": identifier, "symbol": SYMBOL, "base": "BTC", "quote": "USDT", "settle": "USDT", "baseId": "BTC",
        "quoteId": "USDT", "settleId": "USDT", "type": "swap", "spot": False, "swap": True, "future": False,
        "option": False, "margin": False, "contract": True, "linear": True, "inverse": False, "active": True,
        "contractSize": contract_size,
        "maker": "0.0002", "taker": "0.0005", "precision": {"price": "0.1", "amount": amount}, "limits": {}, **changes,
    }  # fmt: skip


MARKETS = {
    "binance": market("BTCUSDT", "1", "0.001"),
    "bybit": market("BTCUSDT", "1", "0.001"),
    "okx": market("BTC-USDT-SWAP", "0.01", "0.01"),
}


def client(exchange: str) -> Any:
    """Any: ccxt's."""
    found = made(CcxtConfig(exchange=exchange, market="swap", symbols=(SYMBOL,)), str)
    found.set_markets([MARKETS[exchange]], {"USDT": {"id": "USDT", "code": "USDT", "precision": "0.0001"}})
    return found


def instrument(exchange: str, **changes: Any) -> Instrument:
    rules = Rules("here", "swap", Counting.TICK_SIZE, (), {}, lambda *_: True, lambda _: ())
    found = listing({SYMBOL: {**MARKETS[exchange], **changes}}, rules)
    assert not found.left_out, found.left_out
    return found.instruments[f"here:{SYMBOL}"]


def contracts(exchange: str) -> Contracts:
    mine, config = client(exchange), CcxtConfig(exchange=exchange, market="swap", symbols=(SYMBOL,))
    return Contracts(mine, "here", config, probe(mine, "swap"), {f"here:{SYMBOL}": instrument(exchange)})


# ---- markets ----


def test_sizes_of_contracts_are_counted_as_the_exchange_does() -> None:
    found = instrument("okx")
    assert (found.contract, found.lot, found.lots("2.5")) == (COIN // 100, COIN // 10_000, 250)
    assert f"{found.size(250).normalize():f}" == "2.5"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"settle": "BTC", "quote": "USD", "linear": False, "inverse": True}, "inverse contract"),
        ({"settle": "ETH", "linear": False}, "quanto contract"),
        ({"contractSize": None}, "no size of its contract"),
    ],
)
def test_what_is_no_linear_contract_is_left_out_with_its_reason(changes: dict[str, Any], why: str) -> None:
    rules = Rules("here", "swap", Counting.TICK_SIZE, (), {}, lambda *_: True, lambda _: ())
    assert why in listing({SYMBOL: {**MARKETS["bybit"], **changes}}, rules).left_out[SYMBOL]


@pytest.mark.parametrize(
    ("exchange", "flags", "lives"),
    [
        ("binance", ("post-only", "reduce-only"), {"gtc", "ioc", "fok"}),
        ("bybit", ("post-only", "reduce-only"), {"gtc", "ioc", "fok"}),
        ("okx", ("post-only", "reduce-only"), {"gtc", "ioc", "fok"}),
    ],
)
def test_what_contracts_of_an_exchange_have_is_probed(exchange: str, flags: tuple[str, ...], lives: set[str]) -> None:
    can = probe(client(exchange), "swap")
    assert (can.flags, can.lives, can.client_ids) == (flags, lives, True)
    assert "reduce-only" not in probe(client(exchange), "spot").flags


# ---- positions ----

BYBIT: dict[str, Any] = {
    "positionIdx": 0, "riskId": 1, "riskLimitValue": "150", "symbol": "BTCUSDT", "side": "Sell", "size": "0.2",
    "avgPrice": "2.5", "positionValue": "0.5", "tradeMode": 0, "positionStatus": "Normal", "leverage": "7.5",
    "markPrice": "2.4", "liqPrice": "9.25", "positionIM": "0.05", "positionMM": "0.01", "unrealisedPnl": "0.02",
    "positionBalance": "0", "createdTime": "1676538056258", "updatedTime": "1676538056444", "seq": 1,
}  # fmt: skip
OKX: dict[str, Any] = {
    "instId": "BTC-USDT-SWAP", "instType": "SWAP", "mgnMode": "isolated", "posSide": "net", "pos": "-250",
    "avgPx": "60000.5", "lever": "10", "liqPx": "66000", "margin": "1500.25", "upl": "0.5", "markPx": "60000",
    "notionalUsd": "150000", "mmr": "600", "imr": "", "mgnRatio": "11", "cTime": "1619507758793",
    "uTime": "1619507761462",
}  # fmt: skip


def test_a_position_of_bybit() -> None:
    parsed = client("bybit").parse_position(BYBIT, MARKETS["bybit"])
    told = position_told(parsed, instrument("bybit"), None, ())
    assert (told.size, told.cost, told.leverage) == (-200, -COIN // 2, 7)
    assert told.liquidation == 92, "without tiers, what the exchange says of it"


def test_a_position_of_okx() -> None:
    parsed = client("okx").parse_position(OKX, MARKETS["okx"])
    told = position_told(parsed, instrument("okx"), None, (Tier(floor=0, rate=4_000),))
    worth = -150_001_250_000_000_000_000_000
    assert told == ContractState(
        instrument=instrument("okx"),
        size=-25_000,
        cost=worth,
        leverage=10,
        isolated=1_500_250_000_000_000_000_000,
        tiers=(Tier(floor=0, rate=4_000),),
    )


def test_a_position_without_its_price_is_asked_for_again() -> None:
    with pytest.raises(Unanswered, match="price"):
        position_told({"side": "long", "contracts": "1", "entryPrice": None}, instrument("bybit"), 1, ())


async def test_positions_on_both_sides_are_no_position() -> None:
    one = {"symbol": SYMBOL, "contracts": "1", "side": "long", "entryPrice": "1"}
    with pytest.raises(Unanswered, match="one-way"):
        await contracts("okx").states([one, {**one, "side": "short"}])


# ---- tiers, funding, balances ----


def test_tiers_keep_the_deductions_that_are_told() -> None:
    told = tiers_told(
        [
            {"minNotional": "50000", "maintenanceMarginRate": "0.005", "info": {"cum": "50.0"}},
            {"minNotional": "0", "maintenanceMarginRate": "0.0040001", "info": {}},
        ]
    )
    assert told == (Tier(floor=0, rate=4_001), Tier(floor=50_000 * COIN, rate=5_000, deduction=50 * COIN))
    assert tiers_told([{"minNotional": "0", "info": {}}]) == ()


def test_funding_has_the_same_id_each_time() -> None:
    raw = {"symbol": SYMBOL, "code": "USDT", "timestamp": 1_700_000_000_000, "id": "9", "amount": "-0.0123456789"}
    told = funding_told(raw, instrument("binance"))
    assert (told.id, told.amount, told.asset) == (f"{SYMBOL}/9", -12_345_678_900_000_000, "here:USDT")
    with pytest.raises(Unanswered, match="amount"):
        funding_told({**raw, "amount": None}, instrument("binance"))


@pytest.mark.parametrize(
    ("exchange", "info"),
    [
        ("binance", {"assets": [{"asset": "USDT", "walletBalance": "10.5", "marginBalance": "12"}]}),
        ("bybit", {"result": {"list": [{"coin": [{"coin": "USDT", "walletBalance": "10.5", "equity": "12"}]}]}}),
        ("okx", {"data": [{"details": [{"ccy": "USDT", "cashBal": "10.5", "eq": "12"}]}]}),
    ],
)
def test_what_is_owned_is_without_unrealised_profit(exchange: str, info: dict[str, Any]) -> None:
    assert contracts(exchange).balances({"info": info}, []) == (("here:USDT", 10_500_000_000_000_000_000, 0),)


def test_of_other_exchanges_what_covers_a_position_is_not_told() -> None:
    mine = contracts("bybit")
    mine.can = probe(SimpleNamespace(features={}, has={}, options={}, id="other"), "swap")
    balance = {
        "total": {"USDT": "12", "BTC": "1"},
        "free": {"USDT": "10", "BTC": "1"},
        "used": {"USDT": "2", "BTC": "0"},
    }
    assert mine.balances(balance, [{"symbol": SYMBOL}]) == (("here:BTC", COIN, 0),)
    assert mine.balances(balance, []) == (("here:BTC", COIN, 0), ("here:USDT", 12 * COIN, 0))


async def test_an_exchange_that_tells_no_positions_is_refused() -> None:
    mine = contracts("bybit")
    mine.can = probe(SimpleNamespace(features={}, has={}, options={}, id="other"), "swap")
    with pytest.raises(NotOffered, match="positions"):
        await mine.prepare(change=True)


@pytest.mark.parametrize(
    ("info", "client_id", "reason"),
    [
        ({}, "autoclose-1", "liquidation"),
        ({}, "adl_autoclose", "adl"),
        ({}, "settlement_autoclose-1", "settlement"),
        ({"execType": "BustTrade"}, "", "liquidation"),
        ({"execType": "AdlTrade"}, "", "adl"),
        ({"execType": "Trade"}, "", ""),
        ({"category": "full_liquidation"}, "", "liquidation"),
        ({"subType": "105"}, "", "liquidation"),
        ({"subType": "125"}, "", "adl"),
        ({"subType": "1"}, "", ""),
        ({}, "o" * 32, ""),
    ],
)
def test_what_the_exchange_itself_closed_is_told_apart(info: dict[str, str], client_id: str, reason: str) -> None:
    assert forced({"info": info}, client_id) == reason


# ---- client ids ----


@pytest.mark.parametrize(
    ("config", "sent"),
    [
        ({"exchange": "okx"}, "a" * 32),
        ({"exchange": "gate"}, "a" * 28),
        ({"exchange": "kraken"}, "a" * 18),
        ({"exchange": "okx", "client_id_prefix": "x-77"}, "x-77" + "a" * 32),
        ({"exchange": "okx", "client_id_prefix": "x-77", "client_id_length": 20}, "x-77" + "a" * 16),
    ],
)
def test_client_ids_are_as_long_as_an_exchange_takes(config: dict[str, Any], sent: str) -> None:
    ids = ClientIds(CcxtConfig(**config))
    assert ids.sent("a" * 32) == sent
    assert ids.told(sent) == "a" * 32
    assert ids.told("another") == "another"


def test_what_an_exchange_puts_before_an_id_is_taken_off() -> None:
    ids = ClientIds(CcxtConfig(exchange="gate"))
    assert ids.told("t-" + ids.sent("b" * 32)) == "b" * 32


@given(st.text("0123456789abcdefghijklmnopqrstuv", min_size=32, max_size=32), st.integers(0, 40))
def test_client_ids_come_back_whole(client_id: str, length: int) -> None:
    ids = ClientIds(CcxtConfig(exchange="okx", client_id_prefix="p-", client_id_length=max(length, 18)))
    assert ids.told(ids.sent(client_id)) == client_id


# ---- keys that may withdraw ----

Answer = Callable[[], Awaitable[Any]]


def asked(exchange: str, method: str, answer: Any) -> Any:
    """A client that gives the documented answer. Any: as ccxt's."""

    async def give() -> Any:
        return answer

    return SimpleNamespace(id=exchange, **{method: give})


def bybit(*wallet: str) -> Any:
    permissions = {"ContractTrade": ["Order", "Position"], "Spot": ["SpotTrade"], "Wallet": list(wallet)}
    return asked("bybit", "privateGetV5UserQueryApi", {"result": {"readOnly": 0, "permissions": permissions}})


def okx(permissions: str) -> Any:
    return asked(
        "okx", "privateGetAccountConfig", {"data": [{"acctLv": "2", "perm": permissions, "posMode": "net_mode"}]}
    )


def binance(exchange: str, *, allowed: bool) -> Any:
    return asked(exchange, "sapiGetAccountApiRestrictions", {"enableWithdrawals": allowed, "enableReading": True})


@pytest.mark.parametrize(
    "client",
    [
        bybit("AccountTransfer", "Withdraw"),
        okx("read_only,withdraw,trade"),
        binance("binance", allowed=True),
        binance("binanceusdm", allowed=True),
    ],
)
async def test_keys_that_may_withdraw_are_refused(client: Any) -> None:
    with pytest.raises(BadKeys, match="may withdraw"):
        await demand_no_withdrawals(client, "here")


@pytest.mark.parametrize(
    "client", [bybit("AccountTransfer"), okx("read_only,trade"), binance("binance", allowed=False)]
)
async def test_keys_that_may_only_trade_are_taken(client: Any) -> None:
    await demand_no_withdrawals(client, "here")
