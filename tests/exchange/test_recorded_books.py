"""A market maker on the recorded book of a real exchange. Skipped where SNIPER_DATA is absent."""

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from two_sided import FEEDS, MOST, recorded, replayed

from sniper.events import BookChanged, Event, Trade
from sniper.kernel.exchange.order_book import OrderBook
from sniper.kernel.snapshot import dump
from sniper.runtime.queues import Withdrawn, probabilistic, risk_averse

MARKET = Path(os.environ.get("SNIPER_DATA", "../shared/data")) / "market"
FILE, BTC = FEEDS["USD-M"]
pytestmark = pytest.mark.skipif(not (MARKET / FILE).exists(), reason="SNIPER_DATA is absent")


@pytest.fixture(scope="module")
def feed() -> list[Event]:
    """A minute of it, or so."""
    return recorded(MARKET / FILE, BTC)[:6_000]


def test_a_minute_of_quotes_is_booked_as_the_exchange_has_it_and_again_the_same(feed: list[Event]) -> None:
    outcome = replayed(feed, BTC, risk_averse)
    assert outcome.heard == sum(type(event) is BookChanged for event in feed), "no gap, and nothing is left out"
    book, exchange = outcome.kernel.accounts["main"].book, outcome.exchange
    assert exchange.fills
    assert {asset: book.owned(asset) for asset in exchange.balances} == exchange.balances
    assert abs(book.positions[BTC.base].amount) <= MOST * exchange.fills[0].size * BTC.lot if book.positions else True
    again = replayed(feed, BTC, risk_averse)
    assert again.exchange.fills == exchange.fills
    assert dump(again.kernel) == dump(outcome.kernel)


@pytest.mark.parametrize("withdrawn", [risk_averse, probabilistic(2)])
def test_each_fill_is_a_maker_s_and_explained_by_what_the_market_did(feed: list[Event], withdrawn: Withdrawn) -> None:
    fills = replayed(feed, BTC, withdrawn).exchange.fills
    assert all(fill.maker for fill in fills)
    unexplained = {fill.id: fill for fill in fills}
    book = OrderBook()
    for event in feed:
        if type(event) is BookChanged:
            book.change(event)
        for fill in [each for each in unexplained.values() if each.time == event.time]:
            buys = fill.side == "buy"
            price = event.price if isinstance(event, Trade) else book.ask if buys else book.bid
            if price <= fill.price if buys else price >= fill.price:
                del unexplained[fill.id]
    assert not unexplained
