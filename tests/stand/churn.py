"""Strategies that keep orders of many kinds open at once, as a plugin: this file is copied into the bot's site."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Final

from sniper import StrategySpec, hookimpl
from sniper.config import Config
from sniper.events import OrderChanged, PlanChanged, Trade
from sniper.exchange_orders import Side
from sniper.order_types import Bracket, Iceberg, Plan, Stop, TakeProfit, TrailingStop, Twap
from sniper.strategy import Actions, CancelOrder, PlaceOrder, StartPlan, Strategy, View, on
from sniper.types import SECOND

BTC: Final = "binance:BTC/USDT"
PERPETUAL: Final = "binance:BTC/USDT:USDT"
LOTS: Final = 200
CONTRACTS: Final = 20
PATIENCE: Final = {"rests": 12, "stays": 150}
"""Trades after which what only rests is withdrawn, by how its key begins."""
ENDED: Final = frozenset({"filled", "cancelled", "expired", "rejected", "done", "failed", "denied"})


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(name="churn", summary="Keeps orders of many kinds open", factory="stand_churn:Churn"),
        StrategySpec(name="churn-contracts", summary="The same, long and short", factory="stand_churn:ChurnContracts"),
    ]


class Nothing(Config):
    """Nothing to set."""


class Churning(Strategy):
    """``since``: with which of the ``traded`` trades it asked for what goes on under a key."""

    config: Nothing
    traded: int = 0
    since: dict[str, int] = {}
    instrument: ClassVar[str]

    def instruments(self) -> tuple[str, ...]:
        return (self.instrument,)

    def depth(self) -> tuple[str, ...]:
        return (self.instrument,)

    @abstractmethod
    def wanted(self, price: int, view: View) -> Iterator[PlaceOrder | StartPlan]:
        """What should be under way at this price, ticks."""

    @on(Trade)
    def heard(self, event: Trade, view: View) -> Actions:
        self.traded += 1
        for intent in self.wanted(event.price, view):
            if intent.key not in self.since:
                self.since[intent.key] = self.traded
                yield intent
        for key, since in self.since.items():
            if self.traded - since == PATIENCE.get(key.partition("-")[0]):
                yield CancelOrder(key=key)

    @on(PlanChanged)
    def went(self, event: PlanChanged, view: View) -> Actions:
        if event.state in ENDED:
            self.since.pop(event.key, None)
        yield from ()

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        if event.state in ENDED:
            self.since.pop(event.key, None)
        yield from ()


class Churn(Churning):
    """Spot: buys, and sells what nothing else is about to sell."""

    instrument = BTC

    def wanted(self, price: int, view: View) -> Iterator[PlaceOrder | StartPlan]:
        ticker = view.ticker(BTC)
        assert ticker is not None
        plans: dict[str, Plan] = {
            "market-bracket": Bracket(
                instrument=BTC, side="buy", size=LOTS, stop=price - 3_000, target=price + 3_000, trail=3_000
            ),
            "limit-bracket": Bracket(
                instrument=BTC, side="buy", size=2 * LOTS, price=price - 500, stop=price - 4_000, target=price + 2_500
            ),
            "stop-bracket": Bracket(
                instrument=BTC, side="buy", size=LOTS, entry_stop=price + 800, stop=price - 2_000, target=price + 3_000
            ),
            "twap": Twap(instrument=BTC, side="buy", size=5 * LOTS, duration=2 * SECOND, slices=5),
            "limit-twap": Twap(instrument=BTC, side="buy", size=5 * LOTS, duration=2 * SECOND, slices=5, limit=price),
            "rests-iceberg": Iceberg(instrument=BTC, side="buy", size=3 * LOTS, price=price - 700, show=LOTS),
        }
        yield from begin(plans)
        yield PlaceOrder(key="rests-bid", instrument=BTC, side="buy", size=LOTS, price=price - 2_000, reason="a trade")
        if view.free("binance:BTC") // ticker.instrument.lot >= 8 * LOTS:
            sales: dict[str, Plan] = {
                "twap-out": Twap(instrument=BTC, side="sell", size=5 * LOTS, duration=SECOND, slices=5),
                "rests-stop": Stop(instrument=BTC, side="sell", size=LOTS, trigger=price - 1_500, reduce_only=True),
                "rests-trail": TrailingStop(instrument=BTC, side="sell", size=LOTS, amount=1_000, reduce_only=True),
                "stays-held-stop": Stop(
                    instrument=BTC, side="sell", size=LOTS, trigger=price - 1_000, reduce_only=True, native=True
                ),
                "stays-held-target": TakeProfit(
                    instrument=BTC, side="sell", size=LOTS, trigger=price + 1_000, limit=price + 900, native=True
                ),
            }
            yield from begin(sales)
            yield PlaceOrder(
                key="rests-ask", instrument=BTC, side="sell", size=LOTS, price=price + 1_500, reason="a trade"
            )


class ChurnContracts(Churning):
    """A perpetual: opens on both sides, goes through zero, and reduces what it holds."""

    instrument = PERPETUAL

    def wanted(self, price: int, view: View) -> Iterator[PlaceOrder | StartPlan]:
        held = view.contract(PERPETUAL)
        lots = held.lots if held is not None else 0
        out: Side = "sell" if lots > 0 else "buy"
        up = 1 if lots > 0 else -1
        plans: dict[str, Plan] = {
            "long-bracket": Bracket(
                instrument=PERPETUAL, side="buy", size=CONTRACTS, stop=price - 300, target=price + 300, trail=300
            ),
            "short-bracket": Bracket(
                instrument=PERPETUAL,
                side="sell",
                size=2 * CONTRACTS,
                price=price + 50,
                stop=price + 400,
                target=price - 250,
            ),
            "stop-bracket": Bracket(
                instrument=PERPETUAL,
                side="sell",
                size=CONTRACTS,
                entry_stop=price - 80,
                stop=price + 200,
                target=price - 300,
            ),
            "twap": Twap(instrument=PERPETUAL, side=out, size=5 * CONTRACTS, duration=2 * SECOND, slices=5),
            "limit-twap": Twap(
                instrument=PERPETUAL, side="buy", size=5 * CONTRACTS, duration=2 * SECOND, slices=5, limit=price
            ),
            "rests-iceberg": Iceberg(
                instrument=PERPETUAL, side="sell", size=3 * CONTRACTS, price=price + 70, show=CONTRACTS
            ),
        }
        yield from begin(plans)
        yield PlaceOrder(
            key="rests-bid", instrument=PERPETUAL, side="buy", size=CONTRACTS, price=price - 200, reason="a trade"
        )
        if abs(lots) >= 2 * CONTRACTS:
            reducing: dict[str, Plan] = {
                "rests-stop": Stop(
                    instrument=PERPETUAL, side=out, size=CONTRACTS, trigger=price - 150 * up, reduce_only=True
                ),
                "rests-trail": TrailingStop(
                    instrument=PERPETUAL, side=out, size=CONTRACTS, amount=100, reduce_only=True
                ),
                "stays-held-stop": Stop(
                    instrument=PERPETUAL,
                    side=out,
                    size=CONTRACTS,
                    trigger=price - 100 * up,
                    reduce_only=True,
                    native=True,
                ),
                "stays-held-target": TakeProfit(
                    instrument=PERPETUAL, side=out, size=CONTRACTS, trigger=price + 100 * up, native=True
                ),
            }
            yield from begin(reducing)
            yield PlaceOrder(
                key="rests-out",
                instrument=PERPETUAL,
                side=out,
                size=CONTRACTS,
                price=price + 150 * up,
                reason="a trade",
                flags=("reduce-only",),
            )


def begin(plans: dict[str, Plan]) -> Iterator[StartPlan]:
    """Each under its key."""
    yield from (StartPlan(key=key, plan=plan, reason="a trade") for key, plan in plans.items())
