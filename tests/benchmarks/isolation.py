"""Plugins in workers, in the real sandbox: what a round trip takes, and what a strategy's call and an AMM's price take.

A round trip is one message of the protocol there and its answer back, each written by the one side and read by the
other; a call is that and what both sides do for any call. The strategy is ema-cross on trades, once in a worker and
once in the kernel; what the kernel does around it is the same. The last figures are of a worker that does not answer:
how long the kernel waits for it, with a deadline of 100 ms, and how long it does for one that is known to be away.
"""

import os
import signal
import socket
import tempfile
from pathlib import Path
from time import perf_counter_ns, sleep
from typing import Any

from figures import Figure, collected, spread

import sniper_amm_constant_product
import sniper_strategy_ema_cross
from sniper.amm import Unpriced
from sniper.codec import encode_state
from sniper.config import model_of
from sniper.events import Trade
from sniper.instrument import COIN
from sniper.isolation.amms import far_amm
from sniper.isolation.channel import Channel
from sniper.isolation.host import Worker, close_all
from sniper.isolation.launch import launch
from sniper.isolation.messages import Call, read_from_worker, written
from sniper.isolation.place import Place
from sniper.isolation.strategies import far_strategy
from sniper.specs import AmmSpec, StrategySpec
from sniper.strategy import Strategy
from sniper.types import SECOND
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_sdk import Floor
from sniper_sdk.builders import INSTRUMENT, instrument
from sniper_strategy_ema_cross.strategy import EmaCross

ECHO = """
import socket

from sniper.isolation.channel import Channel
from sniper.isolation.messages import Done, read_from_host, written

def main(descriptor):
    channel = Channel(socket.socket(fileno=descriptor), asks=False)
    while True:
        channel.send(written(Done(serial=read_from_host(channel.receive()).serial, answers=(b"\\xc0",))))
"""
NOTHING = """
from sniper.amm import Config

class Nothing:
    config: Config

    def __init__(self, config):
        pass

    def nothing(self):
        return None
"""
SECTION = {"instrument": INSTRUMENT, "size": "0.1", "interval_s": 0, "fast": 20, "slow": 50}
ETHER = 10**18
PAUSE_S = 0.001


class Released:
    """A package of this repository, as if it were a release that nobody vouched for."""

    version = "bench"
    permissions = ()

    def __init__(self, package: Any) -> None:
        self.distribution = self.sha256 = package.__name__
        self.modules = (package.__name__,)
        self.paths = (str(Path(package.__path__[0]).parent),)


def figures(*, quick: bool = False) -> list[Figure]:
    """All of them."""
    count = 500 if quick else 20_000
    try:
        return [*_round_trips(count), *_calls(count), *_strategies(count), *_prices(count), *_away(5 if quick else 20)]
    finally:
        close_all()


def _round_trips(count: int) -> list[Figure]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    took: dict[float, list[int]] = {0.0: [], PAUSE_S: []}
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "echo.py").write_text(ECHO)
        with theirs:
            process = launch(Place(name="bench", paths=(directory,)), theirs, "echo:main")
        channel = Channel(ours, asks=True)
        channel.within(5)
        with collected():
            for pause, found in took.items():
                for number in range(-200, count // 10 if pause else count):
                    if pause:
                        sleep(pause)
                    began = perf_counter_ns()
                    call = Call(serial=number, form="asks", method="nothing", which=0, given=b"\x90", now=0)
                    channel.send(written(call))
                    answer = read_from_worker(channel.receive())
                    assert answer.serial == number
                    if number >= 0:
                        found.append(perf_counter_ns() - began)
        channel.close()
        process.wait()
    return [
        *spread("a message to a worker and its answer", took[0.0], p50=15),
        *spread(f"the same after a pause of {PAUSE_S * 1e3:g} ms", took[PAUSE_S]),
    ]


def _calls(count: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "nothing.py").write_text(NOTHING)
        worker = Worker(Place(name="bench", paths=(directory,)), "nothing:Nothing", "{}", "", within_s=5)
        assert worker.wait(), worker.reason
        took = []
        with collected():
            for number in range(-200, count):
                began = perf_counter_ns()
                kept = b"" if number == -200 else None
                for _ in worker.call(
                    "asks", "nothing", b"\x90", read=bytes, serve=lambda _, arguments: arguments, kept=kept
                ):
                    pass
                if number >= 0:
                    took.append(perf_counter_ns() - began)
        worker.close()
    return spread("a call of a method that does nothing", took)


def _floor(cls: type[Strategy]) -> Floor:
    config = model_of(cls).model_validate(SECTION)
    return Floor(cls, config, instruments=[instrument()], balances={"binance:USDT": 10**5 * COIN})


def _strategies(count: int) -> list[Figure]:
    spec = StrategySpec(name="ema-cross", summary="", factory="sniper_strategy_ema_cross.strategy:EmaCross")
    far = far_strategy(Released(sniper_strategy_ema_cross), spec, within_s=5)
    found = {}
    for name, cls in (("in a worker", far), ("in the kernel", EmaCross)):
        floor, took = _floor(cls), []
        kernel, at = floor.kernel, floor.now
        with collected():
            for number in range(-200, count):
                at += SECOND
                event = Trade(time=at, venue="binance", instrument=INSTRUMENT, price=6_000_000 + number % 97, size=1)
                began = perf_counter_ns()
                kernel.handle(event)
                if number >= 0:
                    took.append(perf_counter_ns() - began)
                kernel.facts.clear()
                kernel.asks.clear()
        found[name] = took
    return [
        *spread("a trade that ema-cross hears in a worker", found["in a worker"]),
        *spread("a trade that ema-cross hears in the kernel", found["in the kernel"]),
    ]


def _pool(within_s: float) -> Any:
    spec = AmmSpec(name="constant-product", summary="", factory="sniper_amm_constant_product.pool:ConstantProduct")
    cls: Any = far_amm(Released(sniper_amm_constant_product), spec, within_s=within_s)
    config = model_of(cls).model_validate({"factories": [], "fee_bps": 30})
    near = ConstantProduct(config=ConstantProductConfig(factories=(), fee_bps=30), reserves=(50 * ETHER, 10**12))
    pool = cls(config=config, kept=encode_state(near))
    assert pool.amount_out(0, 1, ETHER) == near.amount_out(0, 1, ETHER)
    return pool


def _prices(count: int) -> list[Figure]:
    pool, took = _pool(5), []
    with collected():
        for number in range(count):
            began = perf_counter_ns()
            pool.amount_out(0, 1, ETHER + number)
            took.append(perf_counter_ns() - began)
    return spread("a quote of an AMM in a worker", took)


def _away(count: int) -> list[Figure]:
    late: list[float] = []
    gone: list[float] = []
    for _ in range(count):
        pool = _pool(0.1)
        os.kill(pool.desk("").worker.pid, signal.SIGSTOP)
        for took in (late, gone):
            began = perf_counter_ns()
            try:
                pool.amount_out(0, 1, ETHER)
            except Unpriced:
                took.append((perf_counter_ns() - began) / 1e6)
        pool.desk("").worker.close()
    assert len(late) == len(gone) == count
    return [
        Figure("the longest wait for a worker that is stopped, deadline 100 ms", max(late), "ms", 100),
        Figure("the longest wait for one that is known to be away", max(gone), "ms", 1),
    ]
