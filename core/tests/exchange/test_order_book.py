"""Order books: the book itself against a plain model, and what the kernel makes of gaps."""

from collections.abc import Iterable, Iterator
from typing import Any

from floor import BTC
from hypothesis import given
from hypothesis import strategies as st

from sniper.config import Config
from sniper.events import BookChanged, Event, InstrumentListed, InstrumentStale, Prices, Started
from sniper.exchange_orders import Side
from sniper.kernel import facts as f
from sniper.kernel.exchange.order_book import OrderBook, restored
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AccountWiring, DeskWiring, StrategyWiring, Wiring
from sniper.strategy import Actions, PlaceOrder, Strategy, on
from sniper.view import View

Levels = tuple[tuple[int, int], ...]
SIDES: tuple[Side, Side] = ("buy", "sell")


class Model:
    """A book as a child would keep it."""

    def __init__(self) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}

    def change(self, event: BookChanged) -> None:
        for levels, changes in ((self.bids, event.bids), (self.asks, event.asks)):
            if event.whole:
                levels.clear()
            for price, size in changes:
                levels[price] = size
            for price in [price for price, size in levels.items() if not size]:
                del levels[price]

    def facing(self, side: Side) -> list[tuple[int, int]]:
        return sorted(self.asks.items()) if side == "buy" else sorted(self.bids.items(), reverse=True)

    def crossed(self) -> bool:
        return bool(self.bids and self.asks) and max(self.bids) >= min(self.asks)

    def each_lot(self, side: Side) -> Iterator[int]:
        for price, size in self.facing(side):
            yield from [price] * size


def changes(low: int, high: int) -> st.SearchStrategy[Levels]:
    return st.lists(st.tuples(st.integers(low, high), st.integers(0, 3)), max_size=6).map(tuple)


books = st.builds(
    BookChanged,
    time=st.just(0),
    instrument=st.just(BTC.id),
    bids=changes(1, 11),
    asks=changes(10, 20),
    whole=st.integers(0, 9).map(lambda n: n == 0),
)


@given(st.lists(books, max_size=30))
def test_a_book_is_what_a_plain_model_is(events: list[BookChanged]) -> None:
    book, model = OrderBook(), Model()
    for event in (BookChanged(time=0, instrument=BTC.id, bids=(), asks=(), whole=True), *events):
        if book.whole or event.whole:
            model.change(event)
            assert book.change(event) is not model.crossed()
            same(book, model)
            same(restored(book.facing("sell"), book.facing("buy"), book.last, whole=book.whole), model)
        else:
            assert not book.change(event), "after a gap, nothing but a whole book counts"


def same(book: OrderBook, model: Model) -> None:
    assert book.asks(99) == tuple(book.facing("buy")) == tuple(model.facing("buy"))
    assert book.bids(99) == tuple(book.facing("sell")) == tuple(model.facing("sell"))
    assert book.bids(2) == tuple(model.facing("sell")[:2])
    assert (book.bid, book.ask) == (max(model.bids, default=0), min(model.asks, default=0))
    for price in range(22):
        assert model.crossed() or book.size_at(price) == model.bids.get(price, 0) + model.asks.get(price, 0)
        assert book.size_to("buy", price) == sum(size for level, size in model.asks.items() if level <= price)
        assert book.size_to("sell", price) == sum(size for level, size in model.bids.items() if level >= price)
    for side in SIDES:
        lots = list(model.each_lot(side))
        for size in range(len(lots) + 1):
            cost = sum(lots[:size])
            assert book.cost(side, size) == cost
            average = book.average(side, size)
            if not size:
                assert average is None
            elif side == "buy":
                assert average is not None
                assert cost <= average * size < cost + size
            else:
                assert average is not None
                assert cost - size < average * size <= cost
        assert book.cost(side, len(lots) + 1) is None


@given(st.data())
def test_a_book_is_whole_only_while_no_number_is_missing(data: st.DataObject) -> None:
    book, last, known = OrderBook(), 0, False
    for _ in range(data.draw(st.integers(1, 20))):
        whole = data.draw(st.booleans())
        first = data.draw(st.integers(max(1, last - 2), last + 3))
        event = BookChanged(
            time=0,
            instrument=BTC.id,
            bids=(),
            asks=(),
            first=first,
            last=data.draw(st.integers(first, first + 2)),
            whole=whole,
        )
        joins = event.first <= last + 1
        applied = whole or (known and joins and event.last > last)
        known = whole or (known and (joins or event.last <= last))
        assert book.change(event) is applied
        assert book.whole is known
        last = event.last if applied else last


# ---- in the kernel ----


class NoConfig(Config):
    pass


class Follower(Strategy):
    """Remembers what it hears, and buys when it is told that the book is stale."""

    config: NoConfig
    heard: list[str] = []

    def instruments(self) -> tuple[str, ...]:
        return (BTC.id,)

    def depth(self) -> tuple[str, ...]:
        return (BTC.id,)

    @on(BookChanged)
    def changed(self, event: BookChanged, view: View) -> Actions:
        depth, ticker = view.depth(BTC.id), view.ticker(BTC.id)
        assert depth is not None
        assert ticker is not None
        assert (depth.bid, depth.ask) == (ticker.bid, ticker.ask)
        assert depth.size_at(depth.bid) == ticker.bid_size
        assert depth.size_at(depth.ask) == ticker.ask_size
        self.heard.append(f"book {event.last}")
        yield from ()

    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        self.heard.append(f"{event.bid}x{event.bid_size} {event.ask}x{event.ask_size}")
        yield from ()

    @on(InstrumentStale)
    def lost(self, event: InstrumentStale, view: View) -> Actions:
        self.heard.append("stale" if event.stale else "fresh")
        assert (view.depth(BTC.id) is None) is event.stale
        yield PlaceOrder(key=f"k{view.now}", instrument=BTC.id, side="buy", size=1, price=1, reason="test")


class PricesAlone(Follower):
    """Follows no book."""

    def depth(self) -> tuple[str, ...]:
        return ()


def kernel(strategy: type[Strategy] = Follower) -> Kernel:
    def reported(what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    wiring = StrategyWiring(name="s", strategy=strategy, config=NoConfig(), sizer=None, venue="x")
    account = AccountWiring(
        name="main", chain_id=0, address="", strategies=(wiring,), desks=(DeskWiring(venue="x", quote="x:USDT"),)
    )
    made = Kernel(Wiring(chains=(), venues={}, accounts=(account,)), report=reported)
    hear(made, [Started(time=0, mode="live"), InstrumentListed(time=0, instrument=BTC)])
    return made


def hear(made: Kernel, events: Iterable[Event]) -> None:
    for event in events:
        made.handle(event)


def heard(made: Kernel) -> list[str]:
    strategy: Any = made.accounts["main"].instances["s"].strategy
    found: list[str] = list(strategy.heard)
    strategy.heard.clear()
    return found


def book(bids: Levels, asks: Levels, first: int, last: int, *, whole: bool = False, time: int = 1) -> BookChanged:
    return BookChanged(time=time, instrument=BTC.id, bids=bids, asks=asks, first=first, last=last, whole=whole)


WHOLE = book(((100, 5), (99, 7)), ((101, 6),), 0, 10, whole=True)


def test_a_strategy_hears_of_books_and_of_other_best_prices() -> None:
    made = kernel()
    hear(made, [book(((100, 9),), (), 1, 1), WHOLE, book(((99, 8),), (), 11, 12), book(((100, 0),), (), 12, 13)])
    assert heard(made) == ["100x5 101x6", "book 10", "book 12", "99x8 101x6", "book 13"]


def test_best_prices_that_are_told_beside_a_book_count_only_while_there_is_none() -> None:
    made = kernel()
    beside = Prices(time=1, instrument=BTC.id, bid=90, bid_size=1, ask=110, ask_size=1)
    hear(made, [beside, WHOLE, beside, book(((100, 4),), (), 11, 11)])
    assert heard(made) == ["90x1 110x1", "100x5 101x6", "book 10", "100x4 101x6", "book 11"]
    hear(made, [book((), (), 13, 13), beside])
    assert heard(made) == ["stale", "90x1 110x1"]


def test_a_gap_makes_an_instrument_stale_until_its_book_is_whole_again() -> None:
    made = kernel()
    hear(made, [WHOLE, book(((99, 8),), (), 12, 13), book(((99, 9),), (), 14, 14)])
    assert heard(made) == ["100x5 101x6", "book 10", "stale"]
    assert made.accounts["main"].view.depth(BTC.id) is None
    judged = [fact for _, fact in made.facts if isinstance(fact, f.Judged)]
    assert "prices-fresh" in {finding.rule for fact in judged for finding in fact.findings if not finding.ok}
    hear(made, [book(((100, 1),), ((102, 1),), 0, 20, whole=True, time=2)])
    assert heard(made) == ["fresh", "100x1 102x1", "book 20"]


def test_a_book_that_crosses_itself_has_missed_something() -> None:
    made = kernel()
    hear(made, [WHOLE, book(((101, 1),), (), 11, 11)])
    assert heard(made) == ["100x5 101x6", "book 10", "stale"]


def test_a_lost_stream_is_over_with_the_next_whole_book_and_not_before() -> None:
    made = kernel()
    lost, back = (InstrumentStale(time=1, instrument=BTC.id, stale=stale) for stale in (True, False))
    hear(made, [WHOLE, lost, lost, back, book(((99, 8),), (), 11, 12), WHOLE])
    assert heard(made) == ["100x5 101x6", "book 10", "stale", "fresh", "book 10"]
    alone = kernel(PricesAlone)
    hear(alone, [WHOLE, lost, lost])
    assert heard(alone) == ["stale"]
    assert alone.accounts["main"].view.depth(BTC.id) is None


def test_what_a_process_knew_of_books_the_next_one_does_not_trust() -> None:
    made = kernel()
    hear(made, [WHOLE])
    heard(made)
    hear(made, [Started(time=2, mode="live")])
    assert heard(made) == ["stale"]


def test_a_snapshot_holds_the_books() -> None:
    made = kernel()
    hear(made, [WHOLE])
    made.facts.clear()
    again = kernel()
    assert restore(again, dump(made)) == ()
    assert dump(again) == dump(made)
    hear(made, [book(((99, 8),), (), 11, 12)])
    hear(again, [book(((99, 8),), (), 11, 12)])
    assert dump(again) == dump(made)
