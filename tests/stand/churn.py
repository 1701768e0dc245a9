"""A strategy that keeps orders of many kinds open at once, as a plugin: its file is copied into the bot's site."""

from collections.abc import Iterator
from typing import Final

from sniper import StrategySpec, hookimpl
from sniper.config import Config
from sniper.events import OrderChanged, PlanChanged, Trade
from sniper.order_types import Bracket, Iceberg, Plan, Stop, TrailingStop, Twap
from sniper.strategy import Actions, CancelOrder, PlaceOrder, StartPlan, Strategy, View, on
from sniper.types import SECOND

BTC: Final = "binance:BTC/USDT"
LOTS: Final = 200
PATIENCE: Final = 12
"""Trades after which what only rests is withdrawn."""
ENDED: Final = frozenset({"filled", "cancelled", "expired", "rejected", "done", "failed", "denied"})


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [StrategySpec(name="churn", summary="Keeps orders of many kinds open", factory="stand_churn:Churn")]


class Nothing(Config):
    """Nothing to set."""


class Churn(Strategy):
    """``since``: with which of the ``traded`` trades it asked for what goes on under a key."""

    config: Nothing
    traded: int = 0
    since: dict[str, int] = {}

    def instruments(self) -> tuple[str, ...]:
        return (BTC,)

    def depth(self) -> tuple[str, ...]:
        return (BTC,)

    @on(Trade)
    def heard(self, event: Trade, view: View) -> Actions:
        self.traded += 1
        ticker = view.ticker(BTC)
        assert ticker is not None
        for intent in wanted(event.price, view.free("binance:BTC") // ticker.instrument.lot):
            if intent.key not in self.since:
                self.since[intent.key] = self.traded
                yield intent
        for key, since in self.since.items():
            if key.startswith("rests") and self.traded - since == PATIENCE:
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


def wanted(price: int, held: int) -> Iterator[PlaceOrder | StartPlan]:
    """What should be under way at this price, ticks. ``held``: lots that nothing else is about to sell."""
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
    yield from (StartPlan(key=key, plan=plan, reason="a trade") for key, plan in plans.items())
    yield PlaceOrder(key="rests-bid", instrument=BTC, side="buy", size=LOTS, price=price - 2_000, reason="a trade")
    if held >= 8 * LOTS:
        sales: dict[str, Plan] = {
            "twap-out": Twap(instrument=BTC, side="sell", size=5 * LOTS, duration=SECOND, slices=5),
            "rests-stop": Stop(instrument=BTC, side="sell", size=LOTS, trigger=price - 1_500, reduce_only=True),
            "rests-trail": TrailingStop(instrument=BTC, side="sell", size=LOTS, amount=1_000, reduce_only=True),
        }
        yield from (StartPlan(key=key, plan=plan, reason="a trade") for key, plan in sales.items())
        yield PlaceOrder(key="rests-ask", instrument=BTC, side="sell", size=LOTS, price=price + 1_500, reason="a trade")
