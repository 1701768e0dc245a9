"""Market data of the field: formats and traps that nobody thinks of. Skipped where SNIPER_DATA is absent."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from market import Shop

from sniper.events import BookChanged
from sniper.instrument import Instrument, from_decimal
from sniper.kernel.exchange.order_book import OrderBook

MARKET = Path(os.environ.get("SNIPER_DATA", "../shared/data")) / "market"
pytestmark = pytest.mark.skipif(not MARKET.is_dir(), reason="SNIPER_DATA is absent")


def instrument(name: str, tick: str, lot: str) -> Instrument:
    venue, _, symbol = name.partition(":")
    base, quote = symbol.partition(":")[0].split("/")
    return Instrument(
        id=name,
        kind="perpetual" if ":" in symbol else "spot",
        base=f"{venue}:{base}",
        quote=f"{venue}:{quote}",
        settle=f"{venue}:{quote}",
        tick=from_decimal(tick),
        lot=from_decimal(lot),
    )


def test_trades_of_floats_are_exact(shop: Shop) -> None:
    of = instrument("binance:XRP/ETH", "0.00000001", "1")
    found = shop.take(MARKET / "XRP_ETH-trades.feather", "trades", instrument=of)
    assert (found.merged, found.problems.found) == ((12_477, 0), [])


def test_bars_whose_prices_somebody_calculated_are_told_and_rounded_where_accepted(shop: Shop) -> None:
    of = instrument("bittrex:ETH/BTC", "0.00000001", "0.00000001")
    path = MARKET / "ETH_BTC-5m.feather"
    assert {each.code for each in shop.refused(path, "bars", instrument=of)} == {"dust"}
    assert shop.take(path, "bars", ["dust"], instrument=of).merged.rows == 5_760


def test_bars_that_were_made_up_in_a_gap_are_told(shop: Shop) -> None:
    of = instrument("ftx:BTC/USD:USD", "0.25", "0.0001")
    path = MARKET / "btc-perp_1m_20211231-20220201.csv.zst"
    utc = ZoneInfo("UTC")
    told = shop.refused(path, "bars", instrument=of, zone=utc)
    assert {each.code for each in told} == {"off-tick"}
    assert {each.place.rpartition(":")[2] for each in told} >= {"244", "17524"}
    found = shop.take(path, "bars", ["off-tick"], instrument=of, zone=utc)
    assert found.merged.rows == 45_017
    assert [each.what for each in found.problems.found if each.code == "gap"] == ["7 bars of 1m are missing"] * 2
    assert {each.code for each in shop.refused(path, "bars", instrument=of)} >= {"no-zone"}


def test_funding_rates_a_few_milliseconds_late_are_no_gap(shop: Shop) -> None:
    of = instrument("binance:XRP/USDT:USDT", "0.0001", "0.1")
    found = shop.take(MARKET / "XRP_USDT_USDT-8h-funding_rate.feather", "funding", ["dust"], instrument=of)
    assert found.merged.rows == 91
    assert not [each for each in found.problems.found if each.code == "gap"]


def test_books_and_trades_of_recorded_feeds_have_no_gap(shop: Shop) -> None:
    of = instrument("binance:BTC/USDT:USDT", "0.1", "0.001")
    path = MARKET / "binance_usdm_l2_btcusdt_20240808.gz"
    for kind, count in (("books", 6_548), ("trades", 21_313)):
        found = shop.take(path, kind, instrument=of)
        assert (found.merged.rows, found.problems.found) == (count, [])
    book, lost = OrderBook(), 0
    for event in shop.events():
        if isinstance(event, BookChanged):
            lost += not book.change(event)
    assert (lost, book.bid, book.ask) == (0, 616_597, 616_598)


def test_a_size_below_the_lot_is_told_in_a_recorded_feed(shop: Shop) -> None:
    path = MARKET / "binance_spot_l2_btcusdt_20240808.gz"
    told = shop.refused(path, "books", instrument=instrument("binance:BTC/USDT", "0.01", "0.00001"))
    assert [each.place.rpartition(":")[2] for each in told] == ["1886", "34306", "38887"]
    assert shop.take(path, "books", instrument=instrument("binance:BTC/USDT", "0.01", "0.000001")).merged.rows


def test_a_day_of_bybit_is_a_book(shop: Shop) -> None:
    of = instrument("bybit:XRP/USDT:USDT", "0.0001", "1")
    found = shop.take(MARKET / "bybit_xrpusdt-ob500.data.zip", "books", instrument=of)
    assert (found.merged.rows, found.problems.found) == (50, [])
