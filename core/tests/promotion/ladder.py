"""A scripted strategy with a ladder, at a simulated exchange."""

from pathlib import Path
from typing import Any

from sniper.config import Config
from sniper.events import Event, InstrumentListed, StageMeasured, StageOrdered, Started, Trade
from sniper.finding import Finding, at_least, at_most
from sniper.instrument import COIN, Instrument
from sniper.journal.writer import Writer
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import AccountWiring, DeskWiring, PromotionWiring, StrategyWiring, Wiring
from sniper.runtime.played import finish, play
from sniper.runtime.records import fact_record
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.sizer import Sizer
from sniper.strategy import Actions, PlaceOrder, Strategy, on
from sniper.types import SECOND, Open
from sniper.view import View

BTC = Instrument(
    id="x:BTC/USDT", kind="spot", base="x:BTC", quote="x:USDT", settle="x:USDT", tick=COIN // 100, lot=COIN // 1000
)
LADDER = (("paper", 0), ("live-10%", 1_000), ("live-100%", 10_000))
PROMOTION = PromotionWiring(stages=LADDER, automatic=False, capital=1_000 * COIN, max_drawdown_bps=1_000, max_errors=2)
PASSED = (at_least("trades", 40, 30),)
FAILED = (at_least("trades", 10, 30),)
BROKEN = (at_most("slippage", 200, 150, unit="bps"),)


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
        yield from SCRIPT.get(self.seen, [])


SCRIPT: dict[int, list[Any]] = {}


class Fixed(Sizer):
    config: NoConfig

    def size(self, intent: Open, quote: str, view: View) -> int:
        return 1_000 * COIN


class World:
    """``every``: ns between two trades."""

    def __init__(
        self, script: dict[int, list[Any]], promotion: PromotionWiring | None = PROMOTION, every: int = SECOND
    ) -> None:
        self.every = every
        SCRIPT.clear()
        SCRIPT.update(script)
        self.wiring = wiring(promotion)
        self.kernel = Kernel(self.wiring, report=self.reported)
        self.exchanges = {("main", "x"): SimulatedExchange("main", "x", {"x:USDT": 100_000 * COIN})}
        self.time = 0
        self.play(Started(time=0, mode="live"), InstrumentListed(time=0, instrument=BTC))

    def reported(self, what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    def play(self, *events: Event) -> None:
        play(self.kernel, events, self.exchanges)
        finish(self.kernel, self.exchanges, self.time)

    def trades(self, *prices: int) -> None:
        for price in prices:
            self.time += self.every
            self.play(Trade(time=self.time, venue="x", instrument=BTC.id, price=price, size=10_000))

    def ordered(self, action: str, **how: Any) -> None:
        self.play(StageOrdered(time=self.time, account="main", instance="s", action=action, **how))

    def rise(self, times: int) -> None:
        for _ in range(times):
            self.ordered("promote", force=True)

    def measured(
        self, rise: tuple[Finding, ...] = (), hold: tuple[Finding, ...] = (), stage: str | None = None
    ) -> None:
        self.play(
            StageMeasured(time=self.time, account="main", instance="s", stage=stage or self.stage, rise=rise, hold=hold)
        )

    @property
    def book(self) -> Book:
        return self.kernel.accounts["main"].book

    @property
    def stage(self) -> str:
        return self.book.stages["s"].stage

    @property
    def held(self) -> int:
        position = self.book.positions.get(BTC.base)
        return position.amount // BTC.lot if position is not None else 0

    def of(self, kind: type[f.Fact]) -> list[Any]:
        return [fact for _, fact in self.kernel.facts if isinstance(fact, kind)]

    def write(self, data_dir: Path) -> None:
        """Its journal, as far as what was decided."""
        with Writer(data_dir / "journal") as writer:
            writer.begin_epoch(b"{}")
            writer.append([fact_record(account, fact) for account, fact in self.kernel.facts])

    def rules(self) -> list[str]:
        return [fact.rule for fact in self.of(f.Verdict) if not fact.allowed]


def wiring(promotion: PromotionWiring | None) -> Wiring:
    strategy = StrategyWiring(
        name="s", strategy=Scripted, config=NoConfig(), sizer=Fixed(config=NoConfig()), venue="x", promotion=promotion
    )
    desk = DeskWiring(venue="x", quote="x:USDT")
    account = AccountWiring(name="main", chain_id=0, address="", strategies=(strategy,), desks=(desk,))
    return Wiring(chains=(), venues={}, accounts=(account,))


def order(side: Any = "buy", size: int = 100, price: int | None = None, key: str = "a") -> PlaceOrder:
    return PlaceOrder(key=key, instrument=BTC.id, side=side, size=size, price=price, reason="test")
