"""A strategy in a worker decides what it decides in the kernel, and what a run recorded is decided again without it."""

import os
import random
import signal
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from released import EMA_CROSS, EMA_CROSS_SPEC, nobody_asked, strategy

from sniper.codec import encode
from sniper.events import Event
from sniper.instrument import COIN
from sniper.isolation.strategies import far_strategy
from sniper.kernel import facts as f
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.strategy import Strategy
from sniper_sdk import Floor
from sniper_sdk.builders import INSTRUMENT, instrument
from sniper_sdk.floor import ACCOUNT, INSTANCE
from sniper_strategy_ema_cross.strategy import EmaCross

FUNDS = {"binance:USDT": 10**5 * COIN}
SECTION = {"instrument": INSTRUMENT, "size": "0.1", "interval_s": 0, "fast": 2, "slow": 4}
PATIENT_S = 30.0
"""What other work this machine has must not decide these tests."""


def floor(cls: type[Strategy], section: dict[str, Any] = SECTION) -> Floor:
    from sniper.config import model_of

    return Floor(cls, model_of(cls).model_validate(section), instruments=[instrument()], balances=FUNDS)


def ups_and_downs(count: int) -> list[int]:
    source, price = random.Random(5), 6_000_000
    found = []
    for _ in range(count):
        price += source.randint(-60_000, 60_000)
        found.append(price)
    return found


def decided(tested: Floor) -> list[bytes]:
    return [encode(fact) for fact in tested.facts if not isinstance(fact, f.WorkerAnswered)]


def test_ema_cross_decides_in_a_worker_what_it_decides_in_the_kernel() -> None:
    near, far = floor(EmaCross), floor(far_strategy(EMA_CROSS, EMA_CROSS_SPEC, within_s=PATIENT_S))
    prices = ups_and_downs(120)
    near.trades(*prices)
    far.trades(*prices)
    assert len(near.fills) > 10
    assert decided(far) == decided(near)
    assert [each.lost or each.raised for each in far.facts if isinstance(each, f.WorkerAnswered)].count("") > 120


History = list[tuple[Event, list[tuple[str, f.Fact]]]]
"""What a kernel heard, and what each event led to."""


def listened(monkeypatch: pytest.MonkeyPatch) -> History:
    """All kernels that are made from now on write here."""
    history: History = []
    handle = Kernel.handle

    def recorded(kernel: Kernel, event: Event) -> None:
        before = len(kernel.facts)
        handle(kernel, event)
        history.append((event, list(kernel.facts[before:])))

    monkeypatch.setattr(Kernel, "handle", recorded)
    return history


def far_floor(**changed: Any) -> Floor:
    return floor(far_strategy(EMA_CROSS, EMA_CROSS_SPEC, within_s=PATIENT_S), {**SECTION, **changed})


def test_a_recorded_run_is_decided_again_without_a_worker() -> None:
    with pytest.MonkeyPatch.context() as patch:
        history = listened(patch)
        tested = far_floor()
        tested.trades(*ups_and_downs(20))
        restless(tested)
        os.kill(desk(tested).worker.pid, signal.SIGKILL)
        tested.trades(6_000_000, 6_000_000)
    again = Kernel(tested.wiring)
    with nobody_asked():
        for event, facts in history:
            again.elsewhere.recall(facts)
            again.handle(event)
            assert [encode(fact) for _, fact in again.facts] == [encode(fact) for _, fact in facts]
            again.facts = []
    assert dump(again) == dump(tested.kernel)


def test_a_snapshot_holds_what_the_worker_knows() -> None:
    tested, untouched = far_floor(), far_floor()
    prices = ups_and_downs(80)
    for each in (tested, untouched):
        each.trades(*prices[:40])
    other = Kernel(tested.wiring)
    restore(other, dump(tested.kernel))
    tested.kernel = other
    for each in (tested, untouched):
        each.trades(*prices[40:])
    assert decided(tested) == decided(untouched)
    assert len(tested.fills) > 4


def desk(tested: Floor) -> Any:
    strategy: Any = tested.strategy
    return strategy.desk(ACCOUNT)


def restless(tested: Floor) -> list[str]:
    """Reports are gathered; `Floor` takes them for defects of the strategy."""
    said: list[str] = []
    tested.kernel.report = lambda what, error: said.append(f"{what}: {error}")
    return said


def test_a_worker_that_hangs_costs_the_kernel_its_deadline_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sniper.isolation.host.FIRST_PAUSE_S", 0.01)
    tested = floor(far_strategy(EMA_CROSS, EMA_CROSS_SPEC, within_s=0.25))
    tested.trades(*ups_and_downs(5))
    said = restless(tested)
    worker = desk(tested).worker
    os.kill(worker.pid, signal.SIGSTOP)
    began = monotonic()
    tested.trade(6_000_000)
    took = monotonic() - began
    assert 0.2 < took < 0.25 + 2, "the deadline, and whatever else this machine did meanwhile"
    began = monotonic()
    lost = [fact.lost for fact in tested.facts if isinstance(fact, f.WorkerAnswered) and fact.lost]
    assert lost == ["no answer within 0.25 s"]
    assert any("a worker of main did not answer" in each for each in said)
    assert worker.wait(PATIENT_S), "it was started again"
    tested.trade(6_000_100)
    assert tested.book.instances == {}, "it goes on"


def test_a_worker_that_is_away_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sniper.isolation.host.FIRST_PAUSE_S", 3600.0)
    tested = far_floor()
    tested.trades(*ups_and_downs(5))
    restless(tested)
    os.kill(desk(tested).worker.pid, signal.SIGKILL)
    tested.trade(6_000_000)
    began = monotonic()
    tested.trades(6_000_000, 6_000_000)
    assert monotonic() - began < PATIENT_S / 2
    lost = [fact.lost for fact in tested.facts if isinstance(fact, f.WorkerAnswered) and fact.lost]
    assert len(lost) == 3
    assert "its process has ended" in lost[0]


def test_it_goes_on_with_its_state_after_its_process_died(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sniper.isolation.host.FIRST_PAUSE_S", 0.01)
    tested, near = far_floor(), floor(EmaCross)
    prices = ups_and_downs(60)
    tested.trades(*prices[:30])
    restless(tested)
    worker = desk(tested).worker
    os.kill(worker.pid, signal.SIGKILL)
    tested.trade(prices[30])
    assert worker.wait(PATIENT_S)
    tested.trades(*prices[31:])
    near.trades(*prices[:30], *prices[31:])
    assert [fill.side for fill in tested.fills] == [fill.side for fill in near.fills], "as if it had missed one trade"


def test_losses_without_end_stop_the_strategy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sniper.isolation.host.FIRST_PAUSE_S", 3600.0)
    tested = far_floor()
    tested.trades(6_000_000)
    restless(tested)
    os.kill(desk(tested).worker.pid, signal.SIGKILL)
    tested.trades(*[6_000_000] * 6)
    assert tested.book.instances[INSTANCE].state == "stopped"


def test_a_strategy_of_which_nothing_is_left_takes_its_process_with_it() -> None:
    tested = far_floor()
    tested.trade(6_000_000)
    pid = desk(tested).worker.pid
    del tested
    import gc

    gc.collect()
    deadline = monotonic() + PATIENT_S
    while Path(f"/proc/{pid}").exists() and monotonic() < deadline:
        os.sched_yield()
    assert not Path(f"/proc/{pid}").exists()


def test_a_strategy_that_raises_is_stopped_with_its_words(tmp_path: Path) -> None:
    environment, spec = strategy(
        tmp_path,
        """
        from sniper.events import Trade
        from sniper.strategy import Actions, Config, Strategy, View, on

        class AcmeConfig(Config):
            pass

        class Acme(Strategy):
            config: AcmeConfig

            def instruments(self):
                return ("binance:BTC/USDT",)

            @on(Trade)
            def traded(self, event: Trade, view: View) -> Actions:
                raise RuntimeError("bang " + view.account)
                yield
        """,
    )
    tested = floor(far_strategy(environment, spec, within_s=PATIENT_S), {})
    restless(tested)
    tested.trade(6_000_000)
    assert tested.book.instances[INSTANCE].state == "stopped"
    moved = [fact for fact in tested.facts if isinstance(fact, f.InstanceMoved)]
    assert "RuntimeError: bang main" in moved[0].reason
