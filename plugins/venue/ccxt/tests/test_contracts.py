"""Contracts at the futures exchange of the sdk, by the unmodified client of ccxt."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from test_at_an_exchange import Stage

from sniper.errors import SniperError
from sniper.events import FundingRate
from sniper.exchange import Funding, NewOrder, Placed, Refused, Tier
from sniper.instrument import COIN
from sniper_sdk import ExchangeConformance
from sniper_sdk.exchange import Account, Faults
from sniper_sdk.exchange.amounts import parse
from sniper_sdk.exchange.futures import Contract, FuturesServer
from sniper_sdk.exchange.order import Side
from sniper_venue_ccxt import contracts
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.errors import BadKeys, NotOffered
from sniper_venue_ccxt.exchange import CcxtExchange

NAME, SYMBOL, USDT = "here:BTC/USDT:USDT", "BTC/USDT:USDT", "here:USDT"


class Perpetual(Stage):
    size = 200
    resting = 300_007


@pytest.fixture
async def server() -> AsyncIterator[FuturesServer]:
    async with FuturesServer([Contract.of("BTC"), Contract.of("ETH")], faults=Faults()) as running:
        yield running


@pytest.fixture
def account(server: FuturesServer) -> Account:
    return server.account("me", USDT="100000")


@pytest.fixture
async def opened(server: FuturesServer, account: Account, tmp_path: Path) -> AsyncIterator[Callable[..., CcxtExchange]]:
    made: list[CcxtExchange] = []

    def build(**changes: Any) -> CcxtExchange:
        keys = tmp_path / "keys.toml"
        keys.write_text(f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
        keys.chmod(0o600)
        values = {
            "exchange": "binance",
            "market": "swap",
            "symbols": (SYMBOL,),
            "url": server.url,
            "stream_url": server.ws_url,
            "poll_s": 1,
        }
        made.append(CcxtExchange("here", CcxtConfig(**{**values, **changes}), keys))
        return made[-1]

    yield build
    for each in made:
        await each.close()


@pytest.fixture(params=["binance", "binanceusdm"])
async def stage(server: FuturesServer, opened: Callable[..., CcxtExchange], request: Any) -> Any:
    exchange = opened(exchange=request.param)
    (instrument,) = await exchange.instruments()
    return Perpetual(server, exchange, instrument)


@pytest.mark.long
class TestContracts(ExchangeConformance):
    exchange_type = CcxtExchange


def order(**changes: Any) -> NewOrder:
    values = {"client_id": "o" * 32, "instrument": NAME, "side": "buy", "size": 1_000, "price": 1_010}
    return NewOrder(**{**values, **changes})


@pytest.fixture
async def exchange(server: FuturesServer, opened: Callable[..., CcxtExchange]) -> CcxtExchange:
    server.quote("BTCUSDT", bid="99.9", ask="100.1", quantity="50")
    return opened(leverage=10)


async def test_a_contract_is_listed_with_what_it_stands_for(exchange: CcxtExchange) -> None:
    (found,) = await exchange.instruments()
    assert (found.id, found.kind, found.settle, found.linear) == (NAME, "perpetual", USDT, True)
    assert (found.tick, found.lot, found.contract) == (COIN // 10, COIN // 1000, COIN)
    assert found.flags == ("post-only", "reduce-only")


async def test_positions_leverage_tiers_and_balances_are_read(exchange: CcxtExchange, server: FuturesServer) -> None:
    first = await exchange.read("")
    assert first.contracts[0].leverage == 10
    assert first.contracts[0].tiers[1] == Tier(floor=50_000 * COIN, rate=5_000, deduction=50 * COIN)
    await exchange.submit(order(side="sell", price=990))
    server.mark("BTCUSDT", "150")
    state = await exchange.read(first.cursor)
    (held,) = state.contracts
    assert (held.size, held.cost, held.isolated) == (-1_000, -99_900_000_000_000_000_000, None)
    fee = 99_900_000_000_000_000_000 // 2000
    assert state.balances == ((USDT, 100_000 * COIN - fee, 0),), "what is not realised is not owned"


async def test_isolated_margin_is_told(server: FuturesServer, opened: Callable[..., CcxtExchange]) -> None:
    server.quote("BTCUSDT", bid="99.9", ask="100.1", quantity="50")
    isolated = opened(leverage=5, margin="isolated")
    await isolated.read("")
    await isolated.submit(order())
    (held,) = (await isolated.read("")).contracts
    assert held.isolated == 20_020_000_000_000_000_000
    again = opened(leverage=5, margin="isolated")
    assert (await again.read("")).contracts == (held,), "what is set already is no error"


async def test_orders_that_only_reduce_are_sent_as_such(exchange: CcxtExchange) -> None:
    only = order(side="sell", price=990, flags=("reduce-only",))
    refused = await exchange.submit(only)
    assert isinstance(refused, Refused)
    assert refused.code == "InvalidOrder"
    await exchange.submit(order(client_id="p" * 32))
    assert isinstance(await exchange.submit(order(side="sell", price=990, size=2_000, flags=("reduce-only",))), Placed)
    assert (await exchange.read("")).contracts[0].size == 0


async def test_post_only_orders_that_would_take_are_refused(exchange: CcxtExchange) -> None:
    refused = await exchange.submit(order(flags=("post-only",)))
    assert isinstance(refused, Refused)
    assert refused.code == "OrderNotFillable"


async def test_more_than_the_margin_covers_is_refused(exchange: CcxtExchange, account: Account) -> None:
    account.balance("USDT").free = parse("5")
    refused = await exchange.submit(order())
    assert isinstance(refused, Refused)
    assert refused.code == "InsufficientFunds"


async def test_a_liquidation_is_told_as_one(exchange: CcxtExchange, server: FuturesServer, account: Account) -> None:
    state = await exchange.read("")
    account.balance("USDT").free = parse("11")
    await exchange.submit(order())
    state = await exchange.read(state.cursor)
    assert [fill.forced for fill in state.fills] == [""]
    server.engine.set_level("BTCUSDT", Side.BUY, parse("99.9"), 0)
    server.mark("BTCUSDT", "89")
    state = await exchange.read(state.cursor)
    assert [(fill.forced, fill.side, fill.size, fill.price) for fill in state.fills] == [
        ("liquidation", "sell", 1_000, 890)
    ]
    assert state.contracts[0].size == 0


async def test_funding_is_read_once_it_is_paid_and_told_meanwhile(
    exchange: CcxtExchange, server: FuturesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contracts, "FUNDING_POLL_S", 0.01)
    state = await exchange.read("")
    assert state.funding == ()
    await exchange.submit(order())
    server.mark("BTCUSDT", "100")
    server.rate("BTCUSDT", "0.001")
    updates = exchange.updates()
    heard = asyncio.ensure_future(anext(updates))
    while sum(name == "income" for name, _ in server.asked) < 2:  # noqa: ASYNC110  # it has no event for it
        await asyncio.sleep(0.01)
    server.engine.fund("BTCUSDT")
    told = list(await asyncio.wait_for(heard, 10))
    paid = next(each for each in told if isinstance(each, Funding))
    assert (paid.instrument, paid.asset, paid.amount) == (NAME, USDT, -COIN // 10)
    await updates.aclose()
    assert (await exchange.read(state.cursor)).funding == (paid,)


async def test_funding_of_a_reading_that_did_not_arrive_is_told_by_the_next(
    exchange: CcxtExchange, server: FuturesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contracts, "FRESH_MS", 0)
    since, known, asked, before = json.loads((await exchange.read("")).cursor)
    an_hour_ago = json.dumps([since, known, asked - contracts.HOUR_MS, before])
    await exchange.submit(order())
    server.mark("BTCUSDT", "100")
    server.rate("BTCUSDT", "0.001")
    server.engine.fund("BTCUSDT")
    lost = await exchange.read(an_hour_ago)
    assert len(lost.funding) == 1
    assert (await exchange.read(an_hour_ago)).funding == lost.funding
    asked = sum(name == "income" for name, _ in server.asked)
    assert (await exchange.read(lost.cursor)).funding == ()
    assert sum(name == "income" for name, _ in server.asked) == asked, "not again in the middle of an hour"


async def test_funding_of_before_the_first_reading_is_in_its_balance_alone(
    exchange: CcxtExchange, server: FuturesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contracts, "FRESH_MS", contracts.HOUR_MS)
    await exchange.submit(order())
    server.mark("BTCUSDT", "100")
    server.rate("BTCUSDT", "0.001")
    server.engine.fund("BTCUSDT")
    first = await exchange.read("")
    assert first.funding == ()
    assert (await exchange.read(first.cursor)).funding == ()
    server.clock.skew_ns = -60 * 10**9  # whatever its clock said
    server.engine.fund("BTCUSDT")
    server.clock.skew_ns = 0
    assert len((await exchange.read(first.cursor)).funding) == 1


async def test_a_stream_whose_listen_key_is_over_ends_and_the_next_has_another(
    exchange: CcxtExchange, server: FuturesServer
) -> None:
    async def attached() -> None:
        while not any(each.users for each in server.streams.connections):  # noqa: ASYNC110  # it has no event for it
            await asyncio.sleep(0.01)

    async with asyncio.timeout(60):
        updates = exchange.updates()
        heard = asyncio.ensure_future(anext(updates))
        await attached()
        key = server.listen_keys.of("me")
        server.listen_keys.close(key, "me")
        server._expired(key, "me")
        with pytest.raises(SniperError, match="listen key"):
            await heard
        again = exchange.updates()
        heard = asyncio.ensure_future(anext(again))
        await attached()
        assert server.listen_keys.of("me") not in ("", key)
        await exchange.submit(order())
        assert (await heard)[0].instrument == NAME
        await again.aclose()


async def test_the_next_funding_is_told_with_the_market(exchange: CcxtExchange, server: FuturesServer) -> None:
    server.rate("BTCUSDT", "-0.000125")
    market = exchange.market(await exchange.instruments())
    async with asyncio.timeout(10):
        while True:
            told = [each for each in await anext(market) if isinstance(each, FundingRate)]
            if told:
                break
    await market.aclose()
    assert (told[0].instrument, told[0].rate) == (NAME, -125_000)
    assert told[0].at % (8 * 3600 * 10**9) == 0


async def test_symbols_of_another_kind_are_refused_by_name(opened: Callable[..., CcxtExchange]) -> None:
    with pytest.raises(SniperError, match="lists no BTC/USDT"):
        await opened(symbols=("BTC/USDT",)).instruments()


async def test_keys_that_may_withdraw_are_refused_unless_asked_for(
    opened: Callable[..., CcxtExchange], account: Account
) -> None:
    account.withdraws = True
    with pytest.raises(BadKeys, match="may withdraw"):
        await opened().read("")
    await opened(withdrawals=True).read("")


async def test_positions_on_both_sides_are_refused(exchange: CcxtExchange, server: FuturesServer) -> None:
    for each in server._api.endpoints:
        if each.name == "positionSide.dual":
            object.__setattr__(each, "handler", lambda who, given: {"dualSidePosition": True})
    with pytest.raises(NotOffered, match="one-way"):
        await exchange.read("")
