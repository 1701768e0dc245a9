"""A record of an account at an exchange: a real kernel decides, a simulated exchange answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sniper.config import Config
from sniper.events import Event, InstrumentListed, Prices, Started, Trade
from sniper.instrument import COIN, Instrument
from sniper.journal.writer import Writer
from sniper.kernel import facts as f
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import AccountWiring, DeskWiring, StrategyWiring, Wiring
from sniper.runtime.played import finish, play
from sniper.runtime.records import fact_record, input_record
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.strategy import Actions, Strategy, on
from sniper.types import SECOND
from sniper.view import View

BTC = Instrument(
    id="binance:BTC/USDT",
    kind="spot",
    base="binance:BTC",
    quote="binance:USDT",
    settle="binance:USDT",
    tick=COIN // 100,
    lot=COIN // 10**5,
    taker_fee=1_000,
    maker_fee=1_000,
)
"""A tick is a cent, a lot a hundred thousandth of a coin; a fee of a thousandth."""
START = 1_700_000_000 * SECOND


class NoConfig(Config):
    pass


class Scripted(Strategy):
    """Yields what it is told to at the n-th trade."""

    config: NoConfig
    seen: int = 0

    def instruments(self) -> tuple[str, ...]:
        return (BTC.id,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        self.seen += 1
        yield from SCRIPT.get(self.seen, ())


SCRIPT: dict[int, list[Any]] = {}  # Any: intents


class Desk:
    """``records``: all that the kernel was told, each with what it decided."""

    def __init__(self, script: dict[int, list[Any]]) -> None:
        SCRIPT.clear()
        SCRIPT.update(script)
        strategy = StrategyWiring(name="s", strategy=Scripted, config=NoConfig(), sizer=None, venue="")
        account = AccountWiring(
            name="main",
            chain_id=0,
            address="",
            strategies=(strategy,),
            desks=(DeskWiring(venue="binance", quote="binance:USDT"),),
        )
        self.kernel = Kernel(Wiring(chains=(), venues={}, accounts=(account,)), report=self._reported)
        self.records: list[tuple[Event, list[tuple[str, f.Fact]]]] = []
        self._handle = self.kernel.handle
        self.kernel.handle = self._recorded  # type: ignore[method-assign]
        self.exchanges = {
            ("main", "binance"): SimulatedExchange("main", "binance", {"binance:USDT": 100_000 * COIN}, latency=10**6)
        }
        self.time = START
        self.tell(Started(time=self.time, mode="paper"), InstrumentListed(time=self.time, instrument=BTC))
        self.passes(SECOND)

    def _recorded(self, event: Event) -> None:
        self._handle(event)
        self.records.append((event, list(self.kernel.facts)))
        self.kernel.facts.clear()

    def _reported(self, what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    def tell(self, *events: Event) -> None:
        play(self.kernel, events, self.exchanges)

    def passes(self, ns: int) -> None:
        self.time += ns
        finish(self.kernel, self.exchanges, self.time)

    def trade(self, dollars: int, size: int = 1_000_000) -> None:
        self.time += SECOND
        self.tell(Trade(time=self.time, venue="binance", instrument=BTC.id, price=dollars * 100, size=size))

    def quote(self, bid: int, ask: int) -> None:
        self.time += SECOND
        prices = Prices(time=self.time, instrument=BTC.id, bid=bid * 100, bid_size=100, ask=ask * 100, ask_size=100)
        self.tell(prices)

    @property
    def book(self) -> Any:
        return self.kernel.accounts["main"].book

    def write(self, data_dir: Path, more: Callable[[Writer], None] | None = None) -> None:
        """Journal it as a run would have."""
        with Writer(data_dir / "journal", segment_size=2**16) as writer:
            writer.begin_epoch(json.dumps({"config": {"mode": "paper"}}).encode())
            for event, facts in self.records:
                writer.append([input_record(event), *(fact_record(account, fact) for account, fact in facts)])
