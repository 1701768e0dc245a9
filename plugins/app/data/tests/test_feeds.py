import gzip
import json
import zipfile
from pathlib import Path

import pytest
from market import BTC, NOON, Shop

from sniper.errors import ConfigError
from sniper.events import BookChanged, Trade
from sniper.kernel.exchange.order_book import OrderBook
from sniper_sdk.exchange import Symbol, generated, record, recorded
from sniper_sdk.exchange.recording import Levels


def depth(first: int, last: int, bid: str, size: str, **more: int) -> str:
    data = {"e": "depthUpdate", "U": first, "u": last, "b": [[bid, size]], "a": [], **more}
    return json.dumps({"stream": "btcusdt@depth", "data": data})


def whole(last: int) -> str:
    return json.dumps({"lastUpdateId": last, "bids": [["10.00", "1.000"]], "asks": [["11.00", "1.000"]]})


TRADE = json.dumps({"stream": "x", "data": {"e": "trade", "t": 7, "p": "10.50", "q": "0.100", "m": True}})
TICKER = json.dumps({"stream": "x", "data": {"u": 9, "s": "BTCUSDT", "b": "10.00", "B": "1", "a": "11.00", "A": "1"}})


def raw(shop: Shop, *messages: str) -> Path:
    path = shop.directory / "raw.gz"
    with gzip.open(path, "wt") as file:
        for n, message in enumerate(messages):
            file.write(f"{NOON + n} {message}\n")
    return path


def changes(shop: Shop) -> list[tuple[int, int, int, bool]]:
    return [(e.time - NOON, e.first, e.last, e.whole) for e in shop.events() if isinstance(e, BookChanged)]


def test_a_feed_of_binance_is_both_books_and_trades(shop: Shop) -> None:
    path = raw(shop, whole(5), TICKER, depth(6, 8, "10.25", "2"), TRADE)
    shop.take(path, "books")
    shop.take(path, "trades")
    first, second, trade = shop.events()
    assert first == BookChanged(
        time=NOON, instrument=BTC.id, bids=((1000, 1000),), asks=((1100, 1000),), first=5, last=5, whole=True
    )
    assert second == BookChanged(
        time=NOON + 2, instrument=BTC.id, bids=((1025, 2000),), asks=(), first=6, last=8, whole=False
    )
    assert trade == Trade(time=NOON + 3, venue="x", instrument=BTC.id, price=1050, size=100)


def test_changes_that_came_before_the_first_book_follow_it_and_older_ones_are_left_out(shop: Shop) -> None:
    shop.take(
        raw(
            shop,
            depth(1, 3, "10", "1"),
            depth(4, 6, "10", "2"),
            whole(5),
            depth(3, 5, "10", "9"),
            depth(7, 7, "10", "3"),
        ),
        "books",
    )
    assert changes(shop) == [(2, 5, 5, True), (2, 4, 6, False), (4, 7, 7, False)]


def test_changes_of_contracts_join_by_the_number_of_the_one_before(shop: Shop) -> None:
    found = shop.take(raw(shop, whole(5), depth(90, 100, "10", "1", pu=5), depth(180, 190, "10", "1", pu=100)), "books")
    assert changes(shop) == [(0, 5, 5, True), (1, 6, 100, False), (2, 101, 190, False)]
    assert not found.problems.found


def test_numbers_that_are_left_out_are_a_gap(shop: Shop) -> None:
    found = shop.take(raw(shop, whole(5), depth(8, 9, "10", "1"), whole(20), depth(21, 21, "10", "1")), "books")
    assert [(each.code, each.what) for each in found.problems.found] == [("gap", "2 changes are missing")]


def test_the_same_feed_again_changes_nothing(shop: Shop) -> None:
    path = raw(shop, whole(5), depth(6, 8, "10.25", "2"), depth(9, 9, "10.25", "2"))
    shop.take(path, "books")
    before = shop.content()
    assert shop.take(path, "books").merged == (0, 3)
    assert shop.content() == before


@pytest.mark.parametrize(
    ("message", "code", "value"),
    [
        (depth(6, 8, "10.255", "2"), "off-tick", "price 10.255"),
        (depth(6, 8, "10.25", "0.0001"), "off-tick", "size 0.0001"),
        (depth(6, 8, "ten", "1"), "no-number", "price ten"),
        ('{"stream": ', "not-a-line", "b'"),
    ],
)
def test_what_is_wrong_in_a_feed_is_told_with_its_line(shop: Shop, message: str, code: str, value: str) -> None:
    (problem,) = shop.refused(raw(shop, whole(5), message), "books")
    assert (problem.code, problem.place) == (code, "raw.gz:2")
    assert value in problem.value


def test_a_feed_that_was_cut_or_has_no_book_is_told(shop: Shop) -> None:
    path = raw(shop, whole(5), *(depth(n, n, f"{n}", f"{n}") for n in range(6, 50)))
    path.write_bytes(path.read_bytes()[:-20])
    assert {each.code for each in shop.refused(path, "books")} == {"truncated"}
    assert {each.code for each in shop.refused(raw(shop, depth(1, 1, "10", "1")), "books")} == {"truncated"}
    with pytest.raises(ConfigError, match="raw feeds"):
        shop.take(shop.file("b.csv", "time", "1"), "books")


def test_a_feed_of_bybit_is_a_book(shop: Shop) -> None:
    path = shop.directory / "ob500.data.zip"
    lines = [
        {"type": kind, "ts": NOON // 10**6 + n, "data": {"s": "BTCUSDT", "b": [["10.00", size]], "a": [], "u": 7 + n}}
        for n, (kind, size) in enumerate((("snapshot", "1"), ("delta", "2"), ("delta", "0")))
    ]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.data", "\n".join(map(json.dumps, lines)))
    shop.take(path, "books")
    assert changes(shop) == [(0, 7, 7, True), (10**6, 8, 8, False), (2 * 10**6, 9, 9, False)]


def test_what_the_exchange_of_the_sdk_recorded_is_the_same_book(shop: Shop) -> None:
    path = shop.directory / "recorded.gz"
    symbol = Symbol.of("BTC", "USDT", tick="0.01", step="0.001")
    record(path, "BTCUSDT", generated(symbol, seed=3, start_ns=NOON, seconds=20, price=4 * 10**12))
    tick = BTC.tick // 10**10
    levels: dict[tuple[str, int], int] = {}
    for event in recorded(path):
        if isinstance(event, Levels):
            if event.whole:
                levels.clear()
            for side, price, quantity in event.changes():
                levels[side.value, price // tick] = quantity // (BTC.lot // 10**10)
    shop.take(path, "books")
    book = OrderBook()
    for event in shop.events():
        if isinstance(event, BookChanged):
            book.change(event)
    kept = {key: size for key, size in levels.items() if size}
    assert dict(book.bids(10**6)) == {price: size for (side, price), size in kept.items() if side == "BUY"}
    assert dict(book.asks(10**6)) == {price: size for (side, price), size in kept.items() if side == "SELL"}
