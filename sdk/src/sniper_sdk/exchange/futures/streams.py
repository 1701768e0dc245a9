"""What the futures exchange tells by itself: the spot one's market streams with what they have more, mark prices, and
user streams by listen key."""

from typing import Any, Final

from sniper_sdk.exchange import wire as spot_wire
from sniper_sdk.exchange.events import Balances, Report
from sniper_sdk.exchange.faults import MARKET, Faults
from sniper_sdk.exchange.futures import wire
from sniper_sdk.exchange.futures.api import FuturesApi
from sniper_sdk.exchange.futures.events import AccountChanged, AlgoReport, LeverageChanged, ListenKeyExpired
from sniper_sdk.exchange.streams import SLOW, Streams

SECONDS: Final = 3
"""How often a mark price is told where nobody asks for more."""


class FuturesStreams(Streams):
    """Listens to the engine of an API."""

    def __init__(self, api: FuturesApi, faults: Faults) -> None:
        super().__init__(api.engine, faults)
        self._api = api

    def tick(self) -> None:
        """Send what books, bars and mark prices became."""
        super().tick()
        if self._ticks % SLOW == 0:
            self._marks(every_second=self._ticks % (SECONDS * SLOW) != 0)

    def _marks(self, *, every_second: bool) -> None:
        speeds = ("@1s",) if every_second else ("@1s", "")
        told = [self._mark(name) for name in self._engine.markets]
        for speed in speeds:
            self._publish(f"!markPrice@arr{speed}", told, MARKET)
            for each in told:
                self._publish(f"{each['s'].lower()}@markPrice{speed}", each, MARKET)

    def _mark(self, name: str) -> dict[str, Any]:
        found = self._api.premium(name)
        return {
            "e": "markPriceUpdate",
            "E": found["time"],
            "s": name,
            "p": found["markPrice"],
            "i": found["indexPrice"],
            "P": found["estimatedSettlePrice"],
            "r": found["lastFundingRate"],
            "T": found["nextFundingTime"],
        }

    def _joining(self, previous: int) -> dict[str, Any]:
        return {"T": spot_wire.ms(self._engine.now()), "pu": previous}

    def _hear(self, event: Any) -> None:
        if isinstance(event, Report):
            self._tell(event.account.name, wire.order_event(event))
        elif isinstance(event, AccountChanged):
            self._tell(event.account.name, wire.account_event(event))
        elif isinstance(event, AlgoReport):
            self._tell(event.account.name, wire.algo_event(event))
        elif isinstance(event, LeverageChanged):
            self._tell(event.account.name, wire.leverage_event(event))
        elif isinstance(event, ListenKeyExpired):
            self._tell(event.account.name, wire.expired_event(event))
        elif not isinstance(event, Balances):
            super()._hear(event)
