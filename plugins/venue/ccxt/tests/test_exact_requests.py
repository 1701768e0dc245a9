"""Numbers stay what they are on their way through ccxt, exchange by exchange."""

import re
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from ccxt.base.errors import NotSupported
from recording_server import Recorder

from sniper_venue_ccxt.capabilities import probe
from sniper_venue_ccxt.client import made, watched
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.exchange import _keeps_size, _same
from sniper_venue_ccxt.keys import Keys

KEYS = Keys({"apiKey": "k" * 32, "secret": "c2VjcmV0" * 4, "password": "p", "uid": "u"})
EXCHANGES = ["binance", "okx", "kraken", "kucoin", "bybit", "bitget", "mexc", "htx", "bitstamp"]


def market(**changes: object) -> dict[str, object]:
    return {
        "id": "SHIBUSDT", "symbol": "SHIB/USDT", "base": "SHIB", "quote": "USDT", "baseId": "SHIB", "quoteId": "USDT",
        "type": "spot", "spot": True, "margin": False, "swap": False, "future": False, "option": False, "active": True,
        "contract": False, "precision": {"amount": "0.000000001", "price": "0.00000000001"},
        "limits": {"amount": {}, "price": {}, "cost": {}}, "info": {"orderTypes": ["LIMIT", "MARKET"]}, **changes,
    }  # fmt: skip


def client_of(name: str, recorder: Recorder) -> Any:
    client = made(CcxtConfig(exchange=name, url=recorder.url), str, KEYS)
    client.options["fetchMarkets"] = client.options["accountId"] = "1"
    client.options |= {"uta": False, "enableUnifiedAccount": True, "enableUnifiedMargin": False}
    client.set_markets([market()])
    client.accounts = [{"id": "1", "type": "spot", "currency": None, "info": {}}]
    client.accountsById = {"1": client.accounts[0]}
    return client


@pytest.mark.parametrize("name", EXCHANGES)
async def test_a_price_and_a_size_that_no_float_holds_leave_as_they_are(name: str, recorder: Recorder) -> None:
    client = client_of(name, recorder)
    size, price = "123456789012.123456789", "12345678.12345678901"
    assert float(size) != Decimal(size)
    assert _keeps_size(client, "SHIB/USDT", size)
    assert _same(client.price_to_precision, "SHIB/USDT", price)
    with pytest.raises(Exception), watched("o" * 32, size, price):  # noqa: B017, PT011  # nobody answers
        await client.create_order("SHIB/USDT", "limit", "buy", size, price, {"clientOrderId": "o" * 32})
    await client.close()
    sent = unquote(f"{recorder.requests[-1].query} {recorder.requests[-1].body}")
    numbers = set(re.findall(r"\d+\.\d+", sent))
    assert numbers == {size, price}, recorder.requests[-1]
    assert "o" * 32 in sent


async def test_an_order_whose_id_ccxt_drops_does_not_leave(recorder: Recorder) -> None:
    client = client_of("cryptocom", recorder)
    with pytest.raises(NotSupported, match="oooo"), watched("o" * 32):
        await client.create_order("SHIB/USDT", "limit", "buy", "1", "2", {"clientOrderId": "o" * 32})
    await client.close()
    assert not recorder.requests


async def test_what_ccxt_would_round_is_seen_before_it_leaves(recorder: Recorder) -> None:
    client = client_of("binance", recorder)
    assert not _keeps_size(client, "SHIB/USDT", "1.0000000001")
    assert not _keeps_size(client, "SHIB/USDT", "0.0000000001")
    assert not _same(client.price_to_precision, "SHIB/USDT", "1.000000000001")
    await client.close()


@pytest.mark.parametrize("name", EXCHANGES)
async def test_the_large_exchanges_take_client_ids_and_ways_to_find_them(name: str, recorder: Recorder) -> None:
    client = client_of(name, recorder)
    can = probe(client)
    await client.close()
    assert can.client_ids
    assert "fetchMyTrades" in can.methods
    assert can.found_by_client_id or {"fetchClosedOrders", "fetchOrders"} & can.methods


async def test_an_exchange_without_client_ids_is_known_as_such(recorder: Recorder) -> None:
    client = client_of("coinspot", recorder)
    assert not probe(client).client_ids
    assert not probe(client).post_only
    await client.close()
