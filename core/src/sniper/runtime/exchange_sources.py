"""What exchanges say: their markets, once for all accounts, and the orders of each desk."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from structlog.typing import FilteringBoundLogger

from sniper.codec import class_of, encode
from sniper.errors import PluginFault
from sniper.events import DeskLost, Event, FillSeen, FundingSeen, InstrumentListed, InstrumentStale, OrderSeen, tag_of
from sniper.exchange import Exchange
from sniper.exchange_orders import Fill, Funding, OrderState
from sniper.kernel.kernel import Kernel
from sniper.runtime.clock import Clock
from sniper.settings.resolved import Configured
from sniper.types import place_of


class Unlisted(PluginFault):
    """Nothing that is wanted of an exchange is listed there."""

    code = "unlisted"


def wanted_at(kernel: Kernel, place: str) -> set[str]:
    """Ids of the instruments of a place that strategies ask for, or in which something is held or on its way."""
    found = {*kernel.tickers.wanted(), *kernel.depths.followed}
    for account in kernel.accounts.values():
        found.update(position.pool for position in account.book.positions.values() if position.venue == place)
        desk = account.book.desks.get(place)
        found.update(order.placed.instrument.id for order in (desk.orders.values() if desk is not None else ()))
    return {each for each in found if place_of(each) == place}


class MarketSource:
    """The market of one exchange; see `sniper.runtime.source.Source`. What it says of an instrument counts as old from
    a break until the instrument is heard of again. ``books``: whether all order books are wanted, not only those that
    strategies follow."""

    hints = False

    def __init__(
        self, configured: Configured, kernel: Kernel, clock: Clock, log: FilteringBoundLogger, *, books: bool = False
    ) -> None:
        self.name = f"{configured.name}-market"
        self._configured = configured
        self._kernel = kernel
        self._clock = clock
        self._log = log
        self._books = books
        self._listed: set[str] = set()

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        place = self._configured.name
        exchange: Exchange = self._configured.cls(place, self._configured.config, None)
        try:
            wanted = wanted_at(self._kernel, place)
            listed = {each.id: each for each in await exchange.instruments() if each.id in wanted}
            for missing in sorted(wanted - listed.keys()):
                self._log.error(
                    "an instrument is not listed, or cannot be traded exactly", venue=place, instrument=missing
                )
            if not listed:
                raise Unlisted(f"{place} lists none of {', '.join(sorted(wanted))}")
            found = [listed[each] for each in sorted(listed)]
            self._listed = set(listed)
            now = self._clock()
            yield [
                event
                for each in found
                for event in (
                    InstrumentListed(time=now, instrument=each),
                    InstrumentStale(time=now, instrument=each.id, stale=True),
                )
            ]
            old = set(listed)
            depth = [each for each in sorted(listed) if self._books or each in self._kernel.depths.followed]
            async with aclosing(exchange.market(found, depth)) as batches:
                async for batch in batches:
                    yield list(self._told(batch, old))
        finally:
            await exchange.close()

    def _told(self, batch: Sequence[Event], old: set[str]) -> list[Event]:
        """The events of a batch, and which instruments are no longer ``old`` with them."""
        told: list[Event] = []
        for event in batch:
            instrument = getattr(event, "instrument", "") if isinstance(event, Event) else ""
            if instrument not in self._listed or class_of(tag_of(type(event))) is not type(event):
                raise PluginFault(f"gave {event!r:.200}; it must be an event of an instrument that was asked for")
            encode(event)  # what is of another type than it says would end the run when it is put on record
            if instrument in old:
                old.discard(instrument)
                told.append(InstrumentStale(time=event.time, instrument=instrument, stale=False))
            told.append(event)
        return told

    def stale(self, time: int, *, stale: bool) -> Sequence[Event]:
        return tuple(InstrumentStale(time=time, instrument=each, stale=True) for each in sorted(self._listed) if stale)


class DeskSource:
    """The orders and fills of one desk; see `sniper.runtime.source.Source`. After a break the sub-account is read, at
    once and again when the stream is there."""

    hints = False

    def __init__(self, exchange: Exchange, account: str, clock: Clock) -> None:
        self.name = f"{exchange.place}-{account}"
        self.place = exchange.place
        self.account = account
        self._exchange = exchange
        self._clock = clock

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        async with aclosing(self._exchange.updates()) as batches:
            async for batch in batches:
                yield [self._event(each) for each in batch]

    def _event(self, told: OrderState | Fill | Funding) -> Event:
        now, place = self._clock(), self.place
        event: Event
        if not isinstance(told, OrderState | Fill | Funding) or place_of(told.instrument) != place:
            raise PluginFault(f"gave {told!r:.200}; it must be the state of an order, a fill or funding at {place}")
        if isinstance(told, Fill):
            event = FillSeen(time=now, account=self.account, fill=told)
        elif isinstance(told, Funding):
            event = FundingSeen(time=now, account=self.account, funding=told)
        else:
            event = OrderSeen(time=now, account=self.account, venue=place, state=told)
        encode(event)
        return event

    def stale(self, time: int, *, stale: bool) -> Sequence[Event]:
        reason = "its stream broke" if stale else "its stream is there again"
        return (DeskLost(time=time, account=self.account, venue=self.place, reason=reason, back=not stale),)
