from typing import Any

import pytest
from market import BTC, NOON, SECOND, Shop

from sniper.errors import ConfigError
from sniper.events import Bar, Trade
from sniper.feed import Wanted
from sniper_app_data.feed import MarketData, MarketDataConfig

MINUTE = 60 * SECOND


def feed(shop: Shop) -> MarketData:
    context: Any = None  # it asks for nothing
    return MarketData(MarketDataConfig(data=shop.catalogue.root), context)


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    bars = [f"{NOON // SECOND + n * 60},1,1,1,1,1" for n in range(10) if n not in (4, 5)]
    shop.take(shop.file("b.csv", "time,open,high,low,close,volume", *bars), "bars", interval=MINUTE)
    return shop


def wanted(**more: Any) -> Wanted:
    return Wanted(instruments=(BTC.id,), **more)


def kinds(feed: MarketData) -> set[str]:
    return {type(event).__name__ for batch in feed.batches() for event in batch}


def test_bars_are_read_where_there_are_no_trades(stocked: Shop) -> None:
    source = feed(stocked)
    assert list(source.open(wanted(bars=((BTC.id, MINUTE),)))) == [BTC]
    assert kinds(source) == {Bar.__name__}
    stocked.take(stocked.file("t.csv", "time,price,size", f"{NOON // SECOND},1,1"), "trades")
    source.open(wanted(bars=((BTC.id, MINUTE),)))
    assert kinds(source) == {Trade.__name__}


def test_gaps_and_a_range_beyond_the_data_are_told_before_anything_is_played(stocked: Shop) -> None:
    source = feed(stocked)
    source.open(wanted(begin=NOON - 60 * MINUTE, end=NOON + 60 * MINUTE))
    assert list(source.notices()) == [
        "x:BTC/USDT bars-1m: 2 are missing from 2024-01-01T12:04:00Z to 2024-01-01T12:07:00Z",
        "x:BTC/USDT bars-1m begins only at 2024-01-01T12:01:00Z",
        "x:BTC/USDT bars-1m ends at 2024-01-01T12:10:00Z already",
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"bars": ((BTC.id, 5 * MINUTE),)}, "neither bars of 5m nor trades"),
        ({"depth": (BTC.id,)}, "no books of it"),
        ({"bars": (("x:ETH/USDT", MINUTE),)}, "x:ETH/USDT: there are neither"),
        ({"begin": NOON + 3_600 * MINUTE}, "x:BTC/USDT: there is nothing of it"),
    ],
)
def test_what_is_missing_is_told_by_name_with_what_there_is(stocked: Shop, more: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as told:
        feed(stocked).open(wanted(**more))
    assert said in str(told.value)
    assert "holds in this time: " in str(told.value)
