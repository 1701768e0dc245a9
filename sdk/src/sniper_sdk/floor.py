"""One strategy at simulated exchanges: the kernel as it trades, without a chain, a config file or a network.

    floor = Floor(EmaCross, EmaCrossConfig(...), instruments=[BTC], balances={"binance:USDT": 100_000 * COIN})
    floor.trade(6_000_000)
    floor.prices(5_999_999, 6_000_001)
    assert [fill.side for fill in floor.fills] == ["buy"]

Orders go through the kernel's gates, reservations and books, and are filled by `SimulatedExchange`, as in a backtest.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Final, Self

from sniper.codec import encode_state
from sniper.config import Config
from sniper.events import (
    BookChanged,
    Clock,
    Event,
    FundingRate,
    InstrumentListed,
    InstrumentStale,
    Prices,
    Started,
    Trade,
)
from sniper.exchange_orders import Fill, NewOrder
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AccountWiring, CheckWiring, DeskWiring, ExitWiring, StrategyWiring, Wiring
from sniper.runtime.played import finish, play
from sniper.runtime.simulated_book import BookExchange
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.sizer import Sizer
from sniper.strategy import Strategy
from sniper.types import SECOND
from sniper.view import View

__all__ = ["ACCOUNT", "INSTANCE", "Floor"]

ACCOUNT: Final = "main"
INSTANCE: Final = "strategy"
Levels = tuple[tuple[int, int], ...]


class Floor:
    """The account `ACCOUNT` runs one strategy as `INSTANCE`, with a desk at each exchange that lists an instrument.

    instruments  All that is listed. Each exchange counts in the quote asset of the first one of it.
    balances     What the account has at the beginning: by asset id, base units.
    latency      ns from here to an exchange; as much back.
    leverage     Of contracts; 0: none are traded.
    by_books     Whether orders are filled by order books (`BookExchange`) and not by the next trade or best price.
    now          ns UTC; events without a time of their own come a second after the one before.

    Raises `AssertionError` where the strategy raises, or yields what is no action.
    """

    def __init__(
        self,
        strategy: type[Strategy],
        config: Config,
        *,
        instruments: Iterable[Instrument],
        balances: Mapping[str, int],
        latency: int = 0,
        checks: Iterable[CheckWiring] = (),
        sizer: Sizer | None = None,
        exits: Iterable[ExitWiring] = (),
        now: int = 1_700_000_000 * SECOND,
        leverage: int = 0,
        by_books: bool = False,
        mode: str = "backtest",
    ) -> None:
        self.instruments = tuple(instruments)
        quotes: dict[str, str] = {}
        for instrument in self.instruments:
            quotes.setdefault(instrument.venue, instrument.quote)
        self.wiring = Wiring(
            chains=(),
            venues={},
            accounts=(
                AccountWiring(
                    name=ACCOUNT,
                    chain_id=0,
                    address="",
                    strategies=(
                        StrategyWiring(
                            name=INSTANCE,
                            strategy=strategy,
                            config=config,
                            sizer=sizer,
                            venue=self.instruments[0].venue,
                            exits=tuple(exits),
                        ),
                    ),
                    checks=tuple(checks),
                    desks=tuple(DeskWiring(venue=venue, quote=quote) for venue, quote in quotes.items()),
                ),
            ),
        )
        self.kernel = Kernel(self.wiring, report=_raised)
        self.exchanges = {
            (ACCOUNT, venue): (BookExchange if by_books else SimulatedExchange)(
                ACCOUNT,
                venue,
                {asset: amount for asset, amount in balances.items() if asset.startswith(f"{venue}:")},
                latency=latency,
                leverage=leverage,
            )
            for venue in quotes
        }
        self.facts: list[f.Fact] = []
        self.now = now
        self.play(Started(time=now, mode=mode))
        self.play(*(InstrumentListed(time=now, instrument=instrument) for instrument in self.instruments))
        self.sleep(2 * latency)

    # ---- what happens ----

    def play(self, *events: Event) -> None:
        """Events in the order of their times, and what the exchanges answer until the last of them."""
        play(self.kernel, events, self.exchanges)
        if events:
            self.now = max(self.now, events[-1].time)
        finish(self.kernel, self.exchanges, self.now)
        self._recorded()

    def trade(self, price: int, size: int = 1, *, instrument: str = "", after: int = SECOND) -> None:
        """A trade: ticks and lots of an instrument (its id; the first one)."""
        of = instrument or self.instruments[0].id
        venue = of.partition(":")[0]
        self.play(Trade(time=self.now + after, venue=venue, instrument=of, price=price, size=size))

    def trades(self, *prices: int, instrument: str = "", after: int = SECOND) -> None:
        """One trade of one lot at each of these prices."""
        for price in prices:
            self.trade(price, instrument=instrument, after=after)

    def prices(self, bid: int, ask: int, *, size: int = 10**6, instrument: str = "", after: int = SECOND) -> None:
        """The best prices of an instrument: ticks; ``size``: lots on each side."""
        of = instrument or self.instruments[0].id
        at = self.now + after
        self.play(Prices(time=at, instrument=of, bid=bid, bid_size=size, ask=ask, ask_size=size))

    def funding(self, bps: int, *, instrument: str, after: int) -> None:
        """What holders of a perpetual pay so many ns from now, bps of what they hold."""
        self.play(FundingRate(time=self.now, instrument=instrument, rate=bps * 10**5, at=self.now + after))

    def depth(
        self, bids: Levels, asks: Levels, *, whole: bool = True, instrument: str = "", after: int = SECOND
    ) -> None:
        """The order book of an instrument, or what changes in it: (price, size), ticks and lots; size 0: gone."""
        of = instrument or self.instruments[0].id
        self.play(BookChanged(time=self.now + after, instrument=of, bids=bids, asks=asks, whole=whole))

    def stale(self, stale: bool, *, instrument: str = "") -> None:
        """An instrument's stream breaks, or is whole again."""
        of = instrument or self.instruments[0].id
        self.play(InstrumentStale(time=self.now, instrument=of, stale=stale))

    def sleep(self, ns: int) -> None:
        """Time goes by: answers arrive and timers fire."""
        self.play(Clock(time=self.now + ns))

    # ---- what came of it ----

    @property
    def strategy(self) -> Strategy:
        """The instance; its fields are its state."""
        return self.kernel.accounts[ACCOUNT].instances[INSTANCE].strategy

    @property
    def view(self) -> View:
        """What the strategy sees."""
        return self.kernel.accounts[ACCOUNT].view

    @property
    def book(self) -> Book:
        """The account's books."""
        return self.kernel.accounts[ACCOUNT].book

    @property
    def placed(self) -> list[NewOrder]:
        """All orders that left, in their order."""
        return [fact.new for fact in self.facts if isinstance(fact, f.ExchangeOrderPlaced)]

    @property
    def fills(self) -> list[Fill]:
        """All that was traded, by the time of its booking."""
        return [fact.fill for fact in self.facts if isinstance(fact, f.ExchangeFilled)]

    @property
    def denied(self) -> list[str]:
        """The rules that denied orders, one for each."""
        return [fact.rule for fact in self.facts if isinstance(fact, f.Verdict) and not fact.allowed]

    def working(self, instrument: str = "") -> dict[str, tuple[str, int, int | None]]:
        """Side, size left (lots) and price (ticks) of the orders that may still be filled, by key."""
        orders = self.view.working(instrument or self.instruments[0].id)
        return {order.key: (order.side, order.size - order.filled, order.price) for order in orders}

    def held(self, asset: str) -> int:
        """What the account owns of an asset by its books, base units."""
        return self.book.owned(asset)

    def state(self) -> bytes:
        """The strategy's declared fields, as a snapshot holds them."""
        return encode_state(self.strategy)

    def restarted(self) -> Self:
        """Another floor that goes on from a snapshot of this one's kernel; neither knows of the other."""
        other = deepcopy({name: value for name, value in vars(self).items() if name not in ("kernel", "wiring")})
        again = type(self).__new__(type(self))
        vars(again).update(other)
        again.wiring = self.wiring
        again.kernel = Kernel(self.wiring, report=_raised)
        left_out = restore(again.kernel, dump(self.kernel))
        assert not left_out, "; ".join(left_out)
        return again

    def _recorded(self) -> None:
        self.facts += [fact for _, fact in self.kernel.facts]
        self.kernel.facts.clear()


def _raised(what: str, error: Exception) -> None:
    raise AssertionError(f"{what}: {error}") from error
