"""A real run whose strategy and pools are decided in workers, its follower, its end and its next start."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import running as stages
from released import Released

import sniper_amm_constant_product
import sniper_strategy_launch_snipe
from sniper.config import model_of
from sniper.isolation.amms import far_amm
from sniper.isolation.strategies import far_strategy
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind
from sniper.kernel import facts as f
from sniper.runtime.control import status
from sniper.runtime.records import read_record

PATIENT_S = 30.0


def released(package: Any) -> Released:
    return Released(
        distribution=package.__name__.replace("_", "-"),
        paths=(str(Path(package.__path__[0]).parent),),
        modules=(package.__name__,),
        sha256="its-source",
    )


@pytest.fixture
def isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugins of the run come from the shelf, as far as it can tell."""
    resolve = stages.resolve

    def apart(configured: Any, far: Any, package: Any) -> Any:
        cls = far(released(package), configured.spec, within_s=PATIENT_S)
        return replace(configured, cls=cls, config=model_of(cls).model_validate(configured.config.model_dump()))

    def resolved(*given: Any) -> Any:
        found = resolve(*given)
        amms = tuple(apart(each, far_amm, sniper_amm_constant_product) for each in found.amms)
        main, *others = found.accounts
        (own,) = main.strategies
        moved = replace(own, plugin=apart(own.plugin, far_strategy, sniper_strategy_launch_snipe))
        return replace(found, amms=amms, accounts=(replace(main, strategies=(moved,)), *others))

    monkeypatch.setattr(stages, "resolve", resolved)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def facts_of(directory: Path) -> list[f.Fact]:
    with Reader(directory / "data" / "journal") as reader:
        return [read_record(record) for _, record in reader.records() if record.kind == Kind.FACT]  # type: ignore[misc]


async def test_a_run_buys_through_workers_and_the_next_one_goes_on_from_the_record(
    tmp_path: Path, isolated: None
) -> None:
    async with stages.running(tmp_path) as stage:
        await stage.launch()
        told = status(stage.run)["workers"]
        assert {name: each["state"] for name, each in told.items()} == {
            "amm constant-product": "ready",
            "strategy launch-snipe of main": "ready",
        }
        assert all(each["calls"] and each["memory"] > 1 << 20 and each["cpu_s"] > 0 for each in told.values())
        assert stage.run.health is not None
        text = stage.run.health.metrics.text().decode()
        assert 'sniper_worker_ready{worker="amm constant-product"} 1.0' in text
        pids = [each["pid"] for each in told.values()]
    async with asyncio.timeout(PATIENT_S):
        while any(map(alive, pids)):  # noqa: ASYNC110  (other processes end)
            await asyncio.sleep(0.01)
    answered = [fact for fact in facts_of(tmp_path) if isinstance(fact, f.WorkerAnswered)]
    assert {fact.who for fact in answered} == {"amm.constant-product", "strategy.launch-snipe"}
    async with stages.running(tmp_path) as again:
        assert again.run.recovered.halted == again.run.recovered.differing == []
        assert again.run.recovered.inputs > 0
        assert stages.ASSET in again.run.kernel.accounts["main"].book.positions
