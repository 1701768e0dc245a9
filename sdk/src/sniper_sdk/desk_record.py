"""A record of an account at an exchange, for what reads one: a real kernel, a simulated exchange."""

import json
from pathlib import Path
from typing import Any, Final

from sniper.config import Config
from sniper.events import DeskAnswered, DeskLost, Event, FillSeen, FundingSeen, InstrumentListed, Prices, Started, Trade
from sniper.exchange_orders import AccountState, ContractState, Fill, Funding, Side
from sniper.instrument import COIN, Instrument
from sniper.journal.segments import Kind
from sniper.journal.writer import Writer
from sniper.kernel import facts as f
from sniper.kernel.asks import ReadDesk
from sniper.kernel.book import Book
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import AccountWiring, DeskWiring, StrategyWiring, Wiring
from sniper.order_types import Stop
from sniper.plugin import Frozen
from sniper.runtime.played import finish, play
from sniper.runtime.records import fact_record, input_record
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.strategy import Actions, Strategy, on
from sniper.types import SECOND, CancelOrder, Intent, PlaceOrder, StartPlan
from sniper.view import View

SPOT: Final = Instrument(
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
PERPETUAL: Final = Instrument(
    id="binance:BTC/USDT:USDT",
    kind="perpetual",
    base="binance:BTC",
    quote="binance:USDT",
    settle="binance:USDT",
    tick=COIN // 100,
    lot=COIN // 10**5,
    flags=("reduce-only",),
)
"""The same without a fee."""
START: Final = 1_700_000_000 * SECOND
PLACE: Final = ("main", "binance")


class NoConfig(Config):
    """Nothing to say."""


class Scripted(Strategy):
    """Yields what it is told to at the n-th trade of any instrument."""

    config: NoConfig
    seen: int = 0

    def instruments(self) -> tuple[str, ...]:
        """Both."""
        return SPOT.id, PERPETUAL.id

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        """The next one."""
        self.seen += 1
        yield from _SCRIPT.get(self.seen, ())


_SCRIPT: dict[int, list[Intent]] = {}


class DeskRecord:
    """``script``: what the strategy yields at the n-th trade. ``records``: all that the kernel was told, each with what
    it decided. Time passes by seconds."""

    def __init__(self, script: dict[int, list[Intent]]) -> None:
        _SCRIPT.clear()
        _SCRIPT.update(script)
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
        self.exchange = SimulatedExchange(*PLACE, {"binance:USDT": 100_000 * COIN}, latency=10**6, leverage=5)
        self.time = START
        self.tell(
            Started(time=self.time, mode="paper"),
            InstrumentListed(time=self.time, instrument=SPOT),
            InstrumentListed(time=self.time, instrument=PERPETUAL),
        )
        self.passes()

    def _recorded(self, event: Event) -> None:
        self._handle(event)
        self.records.append((event, list(self.kernel.facts)))
        self.kernel.facts.clear()

    def _reported(self, what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    # ---- what happens ----

    def tell(self, *events: Event) -> None:
        """The exchange answers what the kernel asks because of it."""
        play(self.kernel, events, {PLACE: self.exchange})

    def passes(self) -> None:
        """A second, in which whatever is on its way arrives."""
        self.time += SECOND
        finish(self.kernel, {PLACE: self.exchange}, self.time)

    def trade(self, dollars: int, instrument: Instrument = SPOT) -> None:
        """Somebody else trades ten coins."""
        self.time += SECOND
        self.tell(Trade(time=self.time, venue="binance", instrument=instrument.id, price=dollars * 100, size=1_000_000))

    def quote(self, dollars: int, instrument: Instrument = SPOT) -> None:
        """A coin is bid for this, and asked for a dollar more."""
        self.time += SECOND
        price, size = dollars * 100, 100_000
        self.tell(
            Prices(time=self.time, instrument=instrument.id, bid=price, bid_size=size, ask=price + 100, ask_size=size)
        )

    def funding(self, amount: int) -> None:
        """The contract pays, or is paid; base units."""
        self.time += SECOND
        paid = Funding(id=f"p{self.time}", instrument=PERPETUAL.id, asset=SPOT.quote, amount=amount, time=self.time)
        self.tell(FundingSeen(time=self.time, account="main", funding=paid))

    def forced(self, size: int, dollars: int) -> None:
        """So many lots of the contract are liquidated."""
        self.time += SECOND
        fill = Fill(
            id=f"l{self.time}",
            client_id="",
            venue_id="",
            instrument=PERPETUAL.id,
            side="sell",
            size=size,
            price=dollars * 100,
            value=PERPETUAL.value(dollars * 100, size),
            fee=COIN,
            fee_asset=SPOT.quote,
            maker=False,
            time=self.time,
            forced="liquidation",
        )
        self.tell(FillSeen(time=self.time, account="main", fill=fill))

    def read(self, *contracts: ContractState) -> None:
        """The stream breaks, and the sub-account is read: it has these contracts."""
        self.time += 10 * SECOND  # what has just ended is not compared with it
        self.kernel.handle(DeskLost(time=self.time, account="main", venue="binance", reason="its stream broke"))
        (ask,) = [ask for ask in self.kernel.asks if isinstance(ask.body, ReadDesk)]
        self.kernel.asks.remove(ask)
        state = AccountState(balances=(), orders=(), fills=(), cursor="c", contracts=contracts)
        self.tell(DeskAnswered(time=self.time, account="main", ask=ask.id, venue="binance", state=state))

    # ---- what is on record ----

    @property
    def book(self) -> Book:
        """As the kernel has it."""
        return self.kernel.accounts["main"].book

    def structs(self) -> list[tuple[str, int, Frozen]]:
        """As a store takes them: stream, kind, struct."""
        found: list[tuple[str, int, Frozen]] = []
        for event, facts in self.records:
            found.append((input_record(event).stream, Kind.INPUT.value, event))
            found += [(account, Kind.FACT.value, fact) for account, fact in facts]
        return found

    def write(self, data_dir: Path) -> None:
        """Journal it as a run would have."""
        manifest: dict[str, Any] = {"config": {"mode": "paper"}}  # Any: JSON
        with Writer(data_dir / "journal", segment_size=2**16) as writer:
            writer.begin_epoch(json.dumps(manifest).encode())
            for event, facts in self.records:
                writer.append([input_record(event), *(fact_record(account, fact) for account, fact in facts)])


def at_an_exchange() -> DeskRecord:
    """Spot bought, sold and ordered; a plan; a contract that is read, pays, is liquidated, and is gone elsewhere."""
    stop = Stop(instrument=SPOT.id, side="sell", size=10_000, trigger=3_900_000, reduce_only=True)
    limit, market = 4_000_050, None

    def order(key: str, side: Side, size: int, price: int | None, instrument: str = SPOT.id) -> PlaceOrder:
        return PlaceOrder(key=key, instrument=instrument, side=side, size=size, price=price, reason="test")

    desk = DeskRecord(
        {
            1: [order("in", "buy", 50_000, market)],
            3: [order("out", "sell", 20_000, market), StartPlan(key="guard", plan=stop, reason="not below")],
            4: [order("rest", "buy", 12_345, limit), order("long", "buy", 30_000, market, PERPETUAL.id)],
            5: [CancelOrder(key="rest"), order("too much", "buy", 10**8, market)],
        }
    )
    for dollars in (42_000, 42_000, 42_100):
        desk.trade(dollars)
    for _ in range(2):
        desk.trade(42_000, PERPETUAL)
    desk.trade(42_100)
    desk.trade(38_900)
    desk.trade(38_900)
    held = desk.book.positions[PERPETUAL.id]
    desk.read(ContractState(instrument=PERPETUAL, size=30_000, cost=held.cost, leverage=5, liquidation=3_500_000))
    desk.funding(-3 * COIN)
    desk.forced(10_000, 35_000)
    desk.passes()
    desk.read()
    desk.passes()
    return desk
