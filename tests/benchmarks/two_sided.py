"""A quote on each side at the best price, made anew every 100 ms, on a recorded feed of an order book.

The workload of the peer (hftbacktest with power-law queues, 10 ms to the exchange and back): a quote that is there is
withdrawn, one that is not is placed, no further than five quotes of inventory on either side.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sniper.config import Config
from sniper.events import BookChanged, Event, InstrumentListed, Started, TimerFired
from sniper.exchange_orders import Side
from sniper.instrument import COIN, Instrument
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import AccountWiring, DeskWiring, StrategyWiring, Wiring
from sniper.runtime.played import finish, play
from sniper.runtime.queues import Withdrawn
from sniper.runtime.simulated_book import BookExchange
from sniper.strategy import Actions, CancelOrder, PlaceOrder, SetTimer, Strategy, on
from sniper.view import View
from sniper_app_data.catalogue import Catalogue
from sniper_app_data.importing import import_files
from sniper_app_data.kinds import KINDS
from sniper_app_data.problems import Problems
from sniper_app_data.reading import events
from sniper_app_data.rows import Reading

MS = 10**6
EVERY = 100 * MS
LATENCY = 10 * MS
MOST = 5
"""Quotes of inventory."""
CHUNK = 1_000
"""Events after which the facts are taken, as a run takes them."""
VENUE = "binance"
SIDES: tuple[tuple[str, Side], ...] = (("bid", "buy"), ("ask", "sell"))


def instrument(*, tick: str, lot: str) -> Instrument:
    """BTC/USDT with these steps, 10⁻ⁿ coins each. A maker is paid 0.5 bps, a taker pays 7, as with the peer."""
    return Instrument(
        id=f"{VENUE}:BTC/USDT",
        kind="spot",
        base=f"{VENUE}:BTC",
        quote=f"{VENUE}:USDT",
        settle=f"{VENUE}:USDT",
        tick=COIN // 10 ** int(tick),
        lot=COIN // 10 ** int(lot),
        maker_fee=-50,
        taker_fee=700,
        flags=("post-only",),
    )


USDM = instrument(tick="1", lot="3")
SPOT = instrument(tick="2", lot="8")
"""Binance takes orders of 10⁻⁵; what is left of others has more places."""
FEEDS = {
    "USD-M": ("binance_usdm_l2_btcusdt_20240808.gz", USDM),
    "spot": ("binance_spot_l2_btcusdt_20240808.gz", SPOT),
}


class QuoteConfig(Config):
    lots: int


class Quotes(Strategy):
    """``began``: whether its clock runs; ``heard``: changes of the book."""

    opens = False
    config: QuoteConfig
    began: bool = False
    heard: int = 0
    placed: int = 0

    def instruments(self) -> tuple[str, ...]:
        return (USDM.id,)

    def depth(self) -> tuple[str, ...]:
        return (USDM.id,)

    @on(BookChanged)
    def changed(self, event: BookChanged, view: View) -> Actions:
        self.heard += 1
        if not self.began:
            self.began = True
            yield SetTimer(key="quote", at=view.now + EVERY)

    @on(TimerFired)
    def due(self, event: TimerFired, view: View) -> Actions:
        yield SetTimer(key="quote", at=view.now + EVERY)
        book = view.depth(USDM.id)
        if book is None or not book.bid or not book.ask:
            return
        working = {order.key: order for order in view.working(USDM.id)}
        ticker, position = view.ticker(USDM.id), view.positions.get(USDM.base)
        assert ticker is not None
        held = position.amount // ticker.instrument.lot if position is not None else 0
        for key, side in SIDES:
            order = working.get(key)
            if order is not None:
                if order.state == "open" and not order.cancelling:
                    yield CancelOrder(key=key)
            elif abs(held) < MOST * self.config.lots or (held > 0) is (side == "sell"):
                self.placed += 1
                yield PlaceOrder(
                    key=key,
                    instrument=USDM.id,
                    side=side,
                    size=self.config.lots,
                    price=book.bid if side == "buy" else book.ask,
                    reason="quote",
                    lives="gtc",
                    flags=("post-only",),
                )


def recorded(path: Path, of: Instrument) -> list[Event]:
    """The books and trades of a feed, by way of the catalogue."""
    with tempfile.TemporaryDirectory() as directory:
        catalogue = Catalogue(Path(directory) / "market")
        for kind in ("books", "trades"):
            import_files(catalogue, path, Reading(KINDS[kind], of), Problems(["gap"]))
        return [event for batch in events(catalogue.datasets(), 0, 2**63 - 1) for event in batch]


def updates(found: Sequence[Event]) -> int:
    """Levels that changed, and trades: what the peer counts."""
    return sum(len(event.bids) + len(event.asks) if type(event) is BookChanged else 1 for event in found)


@dataclass(frozen=True)
class Outcome:
    """``heard``: changes of the book that the strategy was told; ``orders``: that it placed."""

    kernel: Kernel
    exchange: BookExchange
    heard: int
    orders: int


def replayed(found: Sequence[Event], of: Instrument, withdrawn: Withdrawn) -> Outcome:
    """Play them through a kernel with the strategy and an exchange that fills by queues."""

    def reported(what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    config = QuoteConfig(lots=COIN // 100 // of.lot)
    strategy = StrategyWiring(name="quotes", strategy=Quotes, config=config, sizer=None, venue=VENUE)
    account = AccountWiring(
        name="main",
        chain_id=0,
        address="",
        strategies=(strategy,),
        desks=(DeskWiring(venue=VENUE, quote=of.quote),),
    )
    kernel = Kernel(Wiring(chains=(), venues={}, accounts=(account,)), report=reported)
    exchange = BookExchange(
        "main", VENUE, {of.quote: 10**6 * COIN, of.base: 10 * COIN}, latency=LATENCY, withdrawn=withdrawn
    )
    exchanges = {("main", VENUE): exchange}
    began = found[0].time - 10 * LATENCY
    play(kernel, [Started(time=began, mode="backtest"), InstrumentListed(time=began, instrument=of)], exchanges)
    finish(kernel, exchanges, began + 2 * LATENCY)
    for chunk in _chunks(found):
        play(kernel, chunk, exchanges)
        kernel.facts.clear()
    finish(kernel, exchanges, found[-1].time + 10 * LATENCY)
    kernel.facts.clear()
    played = kernel.accounts["main"].instances["quotes"].strategy
    assert isinstance(played, Quotes)
    return Outcome(kernel, exchange, played.heard, played.placed)


def _chunks(found: Sequence[Event]) -> Iterator[list[Event]]:
    rest = iter(found)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
