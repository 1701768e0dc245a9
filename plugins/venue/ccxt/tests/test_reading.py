"""What a reading of the account tells, and where the next one begins."""

import json

from played_binance import Binance

from sniper_venue_ccxt.exchange import CcxtExchange

NOW = 1_700_000_000_000
"""The time that the exchange says, milliseconds."""


def bought(number: int, time_ms: int) -> dict[str, object]:
    return {
        "symbol": "BTCUSDT", "orderId": 28, "id": number, "price": "42000.01000000", "qty": "0.00100000",
        "quoteQty": "42.00001000", "commission": "0.1", "commissionAsset": "BNB", "isBuyer": True, "isMaker": False,
        "time": time_ms,
    }  # fmt: skip


async def test_the_first_reading_tells_no_fills_and_later_ones_each_once(
    exchange: CcxtExchange, binance: Binance
) -> None:
    desk = await exchange._orders()
    desk.learn("o" * 32, "28")
    binance.trades = [bought(1, NOW - 1000)]
    first = await exchange.read("")
    assert first.fills == ()
    binance.trades.append(bought(2, NOW))
    second = await exchange.read(first.cursor)
    assert [fill.id for fill in second.fills] == ["BTC/USDT/28/2"]
    late = bought(3, NOW - 500)
    binance.trades.insert(1, late)
    third = await exchange.read(second.cursor)
    assert [fill.id for fill in third.fills] == ["BTC/USDT/28/3"]
    assert (await exchange.read(third.cursor)).fills == ()


async def test_after_an_idle_time_a_reading_begins_an_hour_ago(exchange: CcxtExchange, binance: Binance) -> None:
    read = await exchange.read(json.dumps([NOW - 40 * 86_400_000, []]))
    assert json.loads(read.cursor)[0] == NOW - 3_600_000
