"""Listings as signals."""

from collections.abc import Collection
from hashlib import sha256

from sniper.events import SignalHeard
from sniper.feed import FeedContext
from sniper.signal import MOST_ABOUT, MOST_ID, one_line
from sniper.types import SECOND
from sniper_feed_exchange_listings.config import ExchangeListingsConfig
from sniper_feed_exchange_listings.listed import Change, Listed
from sniper_feed_rss.polling import Polling
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.exchange import CcxtExchange

_DIRECTIONS = {"listing": 1, "market": 0, "delisting": -1}


class ExchangeListings(Polling):
    """Asks exchanges for their lists again and again; ``[feed.exchange-listings]``. Needs no keys."""

    config: ExchangeListingsConfig

    def __init__(self, config: ExchangeListingsConfig, context: FeedContext) -> None:
        super().__init__(config, context)
        self._listed = {name: Listed(config.gone_after) for name in config.exchanges}
        self._exchanges = {
            name: CcxtExchange(name, CcxtConfig(exchange=each.exchange, timeout_s=each.timeout_s, url=each.url), None)
            for name, each in config.exchanges.items()
        }

    def sources(self) -> Collection[str]:
        """As `Polling.sources`."""
        return self._exchanges.keys()

    async def look(self, source: str) -> list[SignalHeard]:
        """As `Polling.look`."""
        found = await self._exchanges[source].instruments()
        now = self.context.now()
        return [self._signal(source, change, now) for change in self._listed[source].changes(found)]

    async def close(self) -> None:
        """As `Polling.close`."""
        for exchange in self._exchanges.values():
            await exchange.close()

    def _signal(self, source: str, change: Change, now: int) -> SignalHeard:
        exchange = self.config.exchanges[source]
        words = {"listing": "lists", "market": "has a new market of", "delisting": "delists"}[change.kind]
        names = (change.code, *change.instruments)
        return SignalHeard(
            time=now,
            source=f"{self.context.name}.{source}",
            id=sha256(f"{change.kind} {' '.join(names)}".encode()).hexdigest()[:32],
            kind=change.kind,
            about=tuple(name for name in names if 0 < len(name) <= MOST_ID and not name.split()[1:])[:MOST_ABOUT],
            direction=_DIRECTIONS[change.kind],
            strength=exchange.strength_bps,
            at=now,
            expires=now + exchange.lives_s * SECOND if exchange.lives_s else 0,
            text=one_line(f"{source} {words} {change.code}: {', '.join(change.instruments)}"),
        )
