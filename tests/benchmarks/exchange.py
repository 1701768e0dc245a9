"""Backtests at an exchange: an averages' cross on 1,000,000 trades and on 500,000 bars, beside peers that are there.

The workload is that on which the peers were compared: one-minute bars, averages of 10 and 20 closes, long only, 0.1
BTC, a fee of 0.1%. What the close of a bar decides is filled at the next opening price; on the ``bars`` that is the
close, on the ``gapped`` ones it is not. Events are made before the clock starts, as what the peers read is.

Peers are used where their environments stand: folders ``vectorbt``, ``backtrader`` and ``nautilus`` in ``SNIPER_PEERS``
(see docs/benchmarks.md).
"""

import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
from figures import Figure

from sniper.bars import BarColumns, bars_of
from sniper.config import Config
from sniper.events import Bar, Clock, Event, InstrumentListed, Started, Trade
from sniper.instrument import COIN, Instrument
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import AccountWiring, DeskWiring, StrategyWiring, Wiring
from sniper.runtime.played import play
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.strategy import Actions, PlaceOrder, Strategy, on
from sniper.types import SECOND
from sniper.view import View

MINUTE = 60 * SECOND
BEGIN = 1_704_067_200 * SECOND
COUNTS = {"bars": 500_000, "gapped": 20_000, "ticks": 1_000_000}
PEERS = {"bars": ("vectorbt", "nautilus"), "gapped": ("vectorbt", "backtrader"), "ticks": ("nautilus",)}
NAUTILUS_BARS = 20_000
"""It takes minutes for all of them."""
RUNS = 5
BTC = Instrument(
    id="x:BTC/USDT",
    kind="spot",
    base="x:BTC",
    quote="x:USDT",
    settle="x:USDT",
    tick=COIN // 100,
    lot=COIN // 1000,
    maker_fee=1_000,
    taker_fee=1_000,
)


class NoConfig(Config):
    pass


class Cross(Strategy):
    config: NoConfig
    fast: float = 0.0
    slow: float = 0.0
    seen: int = 0
    long: bool = False

    def bars(self) -> tuple[tuple[str, int], ...]:
        return ((BTC.id, MINUTE),)

    @on(Bar)
    def bar(self, bar: Bar, view: View) -> Actions:
        close = bar.close
        self.seen += 1
        if self.seen == 1:
            self.fast = self.slow = close
            return
        self.fast += (close - self.fast) * (2 / 11)
        self.slow += (close - self.slow) * (2 / 21)
        if self.seen < 20 or (self.fast >= self.slow) is self.long:
            return
        self.long = not self.long
        side = "buy" if self.long else "sell"
        yield PlaceOrder(key=str(self.seen), instrument=BTC.id, side=side, size=100, price=None, reason="crossed")  # type: ignore[arg-type]


class Watching(Cross):
    """The same without orders."""

    @on(Bar)
    def bar(self, bar: Bar, view: View) -> Actions:
        close = bar.close
        self.seen += 1
        self.fast += (close - self.fast) * (2 / 11)
        self.slow += (close - self.slow) * (2 / 21)
        if self.seen < 20 or (self.fast >= self.slow) is self.long:
            return
        self.long = not self.long
        yield from ()


class EachTrade(Cross):
    """The same, and each trade reaches it."""

    traded: int = 0

    def instruments(self) -> tuple[str, ...]:
        return (BTC.id,)

    @on(Trade)
    def trade(self, trade: Trade, view: View) -> Actions:
        self.traded += 1
        return ()  # type: ignore[return-value]  # an empty tuple is quicker than a generator of nothing


def bars(count: int, *, gaps: bool = False) -> BarColumns:
    """One-minute bars: log-returns of N(0, 8e-4), wicks of |N(0, 3e-4)|, 1 to 100 BTC. With ``gaps`` a bar opens off
    the close before it by N(0, 5e-4), and a tenth of the minutes is missing."""
    draw = np.random.Generator(np.random.PCG64(43))
    made = COUNTS["bars"]
    close = 40_000 * np.exp(np.cumsum(draw.normal(0, 8e-4, made)))
    opened = np.concatenate(([40_000.0], close[:-1]))
    if gaps:
        opened = opened * np.exp(np.random.Generator(np.random.PCG64(44)).normal(0, 5e-4, made))
    high = np.maximum(opened, close) * (1 + np.abs(draw.normal(0, 3e-4, made)))
    low = np.minimum(opened, close) * (1 - np.abs(draw.normal(0, 3e-4, made)))
    ticks = [np.rint(np.round(prices, 2) * 100).astype(np.int64) for prices in (opened, high, low, close)]
    ticks[1], ticks[2] = np.maximum.reduce([ticks[1], ticks[0], ticks[3]]), np.minimum.reduce([ticks[2], *ticks[::3]])
    volume = np.rint(np.round(draw.uniform(1, 100, made), 3) * 1000).astype(np.int64)
    columns = [BEGIN + np.arange(made, dtype=np.int64) * MINUTE, *ticks, volume]
    if gaps:
        there = np.random.Generator(np.random.PCG64(45)).random(made) > 0.1
        columns = [column[there] for column in columns]
    return BarColumns(MINUTE, *(column[:count] for column in columns))


def ticks(count: int) -> tuple[Any, Any, Any]:
    """Trades 1 to 1,000 ms apart, log-returns of N(0, 2e-5), 0.001 to 1 BTC: times, prices, sizes."""
    draw = np.random.Generator(np.random.PCG64(42))
    made = COUNTS["ticks"]
    times = BEGIN + np.cumsum(draw.integers(1, 1001, made).astype(np.int64) * 1_000_000)
    prices = np.round(40_000 * np.exp(np.cumsum(draw.normal(0, 2e-5, made))), 2)
    return times[:count], np.rint(prices * 100).astype(np.int64)[:count], draw.integers(1, 1001, made)[:count]


def stream(kind: str, count: int) -> list[Event]:
    if kind != "ticks":
        return list(bars(count, gaps=kind == "gapped").events(BTC.id))
    rows = zip(*(column.tolist() for column in ticks(count)), strict=True)
    return [Trade(time=time, venue="x", instrument=BTC.id, price=price, size=size) for time, price, size in rows]


def measured(kind: str, count: int, strategy: type[Strategy]) -> dict[str, Any]:
    """One run in this process: CPU seconds, fills, balance, peak memory."""
    account = AccountWiring(
        name="main",
        chain_id=0,
        address="",
        strategies=(StrategyWiring(name="cross", strategy=strategy, config=NoConfig(), sizer=None, venue="x"),),
        desks=(DeskWiring(venue="x", quote="x:USDT"),),
    )
    kernel = Kernel(Wiring(chains=(), venues={}, accounts=(account,)), report=_raised)
    exchange = SimulatedExchange("main", "x", {"x:USDT": 10**6 * COIN, "x:BTC": 10 * COIN})
    exchanges = {("main", "x"): exchange}
    listed = InstrumentListed(time=BEGIN, instrument=BTC)
    play(kernel, [Started(time=BEGIN, mode="backtest"), listed, Clock(time=BEGIN)], exchanges)
    events = stream(kind, count)
    gc.collect()
    gc.freeze()
    gc.disable()
    began = process_time()
    play(kernel, events, exchanges)
    taken = process_time() - began
    balance = kernel.accounts["main"].book.cash["x:USDT"]
    assert balance == exchange.balances["x:USDT"]
    return {
        "cpu": taken,
        "fills": len(exchange.fills),
        "balance": balance / COIN,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "each": [(fill.side, fill.price) for fill in exchange.fills] if kind == "gapped" else [],
    }


def _raised(what: str, error: Exception) -> None:
    raise RuntimeError(what) from error


def own(kind: str, count: int, strategy: str) -> dict[str, Any]:
    """The same in a process of its own, for its memory."""
    command = [sys.executable, __file__, kind, str(count), strategy]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def peer(name: str, kind: str, count: int) -> dict[str, Any] | None:
    """What a peer makes of the same; None where it has no environment here."""
    python = Path(os.environ.get("SNIPER_PEERS", "/nowhere")) / name / "bin" / "python"
    if not python.exists():
        return None
    with tempfile.TemporaryDirectory(prefix="sniper-bench-") as folder:
        path = Path(folder) / "data.npz"
        if kind == "ticks":
            np.savez(path, **dict(zip(("time", "price", "size"), ticks(count), strict=True)))
        else:
            np.savez(path, **{k: v for k, v in bars(count, gaps=kind == "gapped")._asdict().items() if k != "interval"})
        command = [str(python), str(Path(__file__).parent / "peers" / "crossing.py"), name, kind, str(path)]
        said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout
    return dict(json.loads(said[said.rindex("RESULT") + 6 :]))


def beside(kind: str, count: int) -> dict[str, dict[str, Any]]:
    found = {}
    for name in PEERS[kind]:
        some = min(NAUTILUS_BARS, count) if (name, kind) == ("nautilus", "bars") else count
        result = peer(name, kind, some)
        if result is not None:
            of = name if some == count else f"{name}, {some:,} of them"
            found[of] = {**result, "rate": some / result["cpu"]}
    return found


def figures(*, quick: bool) -> list[Figure]:
    found: list[Figure] = []
    counts = {kind: count // 20 if quick else count for kind, count in COUNTS.items()}
    runs = 2 if quick else RUNS
    bars_, watched, ticks_ = (
        [own(kind, counts[kind], strategy) for _ in range(runs)]
        for kind, strategy in (("bars", "Cross"), ("bars", "Watching"), ("ticks", "EachTrade"))
    )
    cpu = {name: median(run["cpu"] for run in each) for name, each in (("b", bars_), ("w", watched), ("t", ticks_))}
    peers = {kind: beside(kind, count) for kind, count in counts.items()}
    rates = {kind: {name: result["rate"] for name, result in each.items()} for kind, each in peers.items()}
    for kind, each, key, target in (("bars", bars_, "b", 500_000), ("ticks", ticks_, "t", 800_000)):
        rate = counts[kind] / cpu[key]
        best = {"best": counts[kind] / min(run["cpu"] for run in each)}
        found += [
            Figure(f"backtest, {kind}", rate, "/CPU s", target, more=True, beside={**best, **rates[kind]}),
            Figure(
                f"backtest, {kind}: fills",
                each[0]["fills"],
                "",
                beside={name: result["fills"] for name, result in peers[kind].items()},
            ),
            Figure(
                f"backtest, {kind}: final balance",
                each[0]["balance"],
                "USDT",
                beside={name: result["balance"] for name, result in peers[kind].items()},
            ),
            Figure(
                f"backtest, {kind}: peak memory",
                max(run["rss"] for run in each),
                "MB",
                400 if kind == "ticks" else None,
                beside={name: result["rss"] for name, result in peers[kind].items()},
            ),
        ]
    order = (cpu["b"] - cpu["w"]) / bars_[0]["fills"] * 1e6
    found.append(Figure("an order, from the intent to its booked fill", order, "µs CPU", 30))
    ours = own("gapped", counts["gapped"], "Cross")
    for name, result in peers["gapped"].items():
        theirs = [tuple(fill) for fill in result["each"]]
        differ = abs(len(ours["each"]) - len(theirs)) + sum(
            tuple(a) != b for a, b in zip(ours["each"], theirs, strict=False)
        )
        count = {"fills": ours["fills"]}
        found.append(Figure(f"gapped bars: fills that differ from those of {name}", differ, "", 0, beside=count))
    columns = tuple(np.tile(column, 10) for column in ticks(counts["ticks"]))
    columns[0].sort()
    taken = []
    for _ in range(runs):
        began = process_time()
        bars_of(*columns, MINUTE)
        taken.append(process_time() - began)
    found.append(
        Figure("trades into bars, by columns", len(columns[0]) / median(taken), "/CPU s", 10_000_000, more=True)
    )
    return found


if __name__ == "__main__":
    chosen = {"Cross": Cross, "Watching": Watching, "EachTrade": EachTrade}[sys.argv[3]]
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]), chosen)))
