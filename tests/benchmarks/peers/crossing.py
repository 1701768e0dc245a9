"""Run in a peer's own environment: ``crossing.py PEER bars|gapped|ticks FILE.npz``, the averages' cross of exchange.py.

Prints JSON: seconds of CPU for the run alone, what was read and prepared before it left out as for ours; how many
fills, the final balance where the peer tells one, and price and side of each fill where they are compared.
"""

import json
import resource
import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

CASH, SIZE, FEE, FAST, SLOW = 1e6, 0.1, 0.001, 10, 20


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = process_time()
    result = call()
    return process_time() - began, result


def frame(data: Any) -> pd.DataFrame:
    """Without a zone: with one, vectorbt takes forty times as long."""
    prices = {name: data[name] / 100 for name in ("open", "high", "low", "close")}
    return pd.DataFrame({**prices, "volume": data["volume"] / 1000}, index=pd.to_datetime(data["start"]))


def vectorbt(kind: str, data: Any) -> dict[str, Any]:
    import vectorbt as vbt

    bars = frame(data)

    def run() -> Any:
        fast, slow = (vbt.MA.run(bars.close, window, ewm=True) for window in (FAST, SLOW))
        begins, ends = fast.ma_crossed_above(slow), fast.ma_crossed_below(slow)
        at = bars.close
        if kind == "gapped":  # what the close decides is done at the next opening price
            begins, ends, at = begins.vbt.signals.fshift(1), ends.vbt.signals.fshift(1), bars.open
        done = vbt.Portfolio.from_signals(
            bars.close, begins, ends, price=at, size=SIZE, init_cash=CASH, fees=FEE, freq="1min"
        )
        return done, done.orders.count()

    run()  # numba compiles
    cpu, (done, count) = timed(run)
    orders = done.orders.records_readable.sort_values("Timestamp")
    fills = [(side.lower(), round(price * 100)) for side, price in zip(orders["Side"], orders["Price"], strict=True)]
    return {"cpu": cpu, "fills": int(count), "balance": float(done.cash().iloc[-1]), "each": fills}


def backtrader(kind: str, data: Any) -> dict[str, Any]:
    import backtrader as bt

    class Cross(bt.Strategy):  # type: ignore[misc]  # no types
        def __init__(self) -> None:
            averages = (bt.ind.EMA(self.data.close, period=period) for period in (FAST, SLOW))
            self.cross, self.done = bt.ind.CrossOver(*averages), []

        def next(self) -> None:
            if self.cross[0] > 0 and not self.position:
                self.buy(size=SIZE)
            elif self.cross[0] < 0 and self.position:
                self.close()

        def notify_order(self, order: Any) -> None:
            if order.status == order.Completed:
                self.done.append(("buy" if order.isbuy() else "sell", round(order.executed.price * 100)))

    brain = bt.Cerebro()
    brain.addstrategy(Cross)
    brain.adddata(bt.feeds.PandasData(dataname=frame(data)))
    brain.broker.setcash(CASH)
    brain.broker.setcommission(FEE)
    cpu, (strategy,) = timed(brain.run)
    return {
        "cpu": cpu, "fills": len(strategy.done), "balance": float(brain.broker.getcash()), "each": strategy.done,
    }  # fmt: skip


def nautilus(kind: str, data: Any) -> dict[str, Any]:
    from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
    from nautilus_trader.config import LoggingConfig, StrategyConfig
    from nautilus_trader.indicators import ExponentialMovingAverage
    from nautilus_trader.model.currencies import BTC, USDT
    from nautilus_trader.model.data import BarType
    from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
    from nautilus_trader.model.identifiers import TraderId, Venue
    from nautilus_trader.model.objects import Money
    from nautilus_trader.persistence.wranglers import BarDataWrangler, TradeTickDataWrangler
    from nautilus_trader.test_kit.providers import TestInstrumentProvider
    from nautilus_trader.trading.strategy import Strategy

    class Config(StrategyConfig, frozen=True):  # type: ignore[misc, call-arg]  # no types
        bars: BarType
        trades: bool

    class Cross(Strategy):  # type: ignore[misc]  # as above
        def on_start(self) -> None:
            self.traded, of = instrument.make_qty(SIZE), self.config.bars
            self.fast, self.slow = ExponentialMovingAverage(FAST), ExponentialMovingAverage(SLOW)
            for average in (self.fast, self.slow):
                self.register_indicator_for_bars(of, average)
            self.subscribe_bars(of)
            if self.config.trades:
                self.subscribe_trade_ticks(instrument.id)

        def on_trade_tick(self, tick: Any) -> None:
            """Each one reaches it."""

        def on_bar(self, bar: Any) -> None:
            if not self.indicators_initialized():
                return
            if self.fast.value >= self.slow.value:
                if self.portfolio.is_flat(instrument.id):
                    self.submit_order(self.order_factory.market(instrument.id, OrderSide.BUY, self.traded))
            elif self.portfolio.is_net_long(instrument.id):
                self.submit_order(self.order_factory.market(instrument.id, OrderSide.SELL, self.traded))

    quiet = LoggingConfig(log_level="ERROR", bypass_logging=True)
    engine = BacktestEngine(config=BacktestEngineConfig(trader_id=TraderId("BENCH-1"), logging=quiet))
    instrument, venue = TestInstrumentProvider.btcusdt_binance(), Venue("BINANCE")
    money = [Money(CASH, USDT), Money(10, BTC)]
    engine.add_venue(venue, OmsType.NETTING, AccountType.CASH, starting_balances=money, base_currency=None)
    engine.add_instrument(instrument)
    source = "INTERNAL" if kind == "ticks" else "EXTERNAL"
    of = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-{source}")
    if kind == "ticks":
        rows = {"price": data["price"] / 100, "quantity": data["size"] / 1000, "side": "BUY"}
        ids = np.arange(len(data["time"])).astype(str)
        ticks = pd.DataFrame({**rows, "trade_id": ids}, index=pd.to_datetime(data["time"], utc=True))
        engine.add_data(TradeTickDataWrangler(instrument).process(ticks))
    else:
        engine.add_data(BarDataWrangler(of, instrument).process(frame(data).tz_localize("UTC")))
    engine.add_strategy(Cross(Config(bars=of, trades=kind == "ticks")))
    cpu, _ = timed(engine.run)
    fills = len(engine.trader.generate_order_fills_report())
    return {"cpu": cpu, "fills": fills, "balance": float(engine.portfolio.account(venue).balance_total(USDT))}


if __name__ == "__main__":
    peer, what, path = sys.argv[1:]
    found = {"vectorbt": vectorbt, "backtrader": backtrader, "nautilus": nautilus}[peer](what, np.load(path))
    found["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("RESULT" + json.dumps(found))
