"""An AMM in a worker prices what it prices in the kernel; without an answer there is no price, and sales go on."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from released import Released, nobody_asked
from world import ETHER, WETH, Setup, World, pool_of, token_of

import sniper_amm_constant_product
from sniper.amm import Found, NoLiquidity, Unpriced
from sniper.codec import encode, encode_state
from sniper.config import model_of
from sniper.isolation.amms import far_amm
from sniper.isolation.far import far_class
from sniper.kernel import facts as f
from sniper.kernel.elsewhere import MARKET
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AmmWiring
from sniper.specs import AmmSpec
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig

PATIENT_S = 30.0
FIRST = token_of(1)
ENVIRONMENT = Released(
    distribution="sniper-amm-constant-product",
    paths=(str(Path(sniper_amm_constant_product.__path__[0]).parent),),
    modules=("sniper_amm_constant_product",),
    sha256="its-source",
)
SPEC = AmmSpec(name="constant-product", summary="", factory="sniper_amm_constant_product.pool:ConstantProduct")


def far(within_s: float = PATIENT_S) -> Any:
    return far_amm(ENVIRONMENT, SPEC, within_s=within_s)


class FarSetup(Setup):
    """The pairs are priced in a worker."""

    def kernel(self, report: Any) -> Kernel:
        made = super().kernel(lambda what, error: None)
        (chain,) = made.wiring.chains
        (pairs,) = chain.amms
        config = self.section(pairs)
        from dataclasses import replace

        amm = AmmWiring(name="pairs", plugin="constant-product", amm=self.amm, config=config, factories=pairs.factories)
        return Kernel(replace(made.wiring, chains=(replace(chain, amms=(amm,)),)), report)

    def section(self, pairs: AmmWiring) -> Any:
        if self.amm not in SECTIONS:
            values = {"factories": list(pairs.factories), "fee_bps": 30}
            SECTIONS[self.amm] = model_of(self.amm).model_validate(values)
        return SECTIONS[self.amm]


SECTIONS: dict[Any, Any] = {}


def test_a_world_on_an_amm_in_a_worker_is_the_same_world() -> None:
    near, apart = World(Setup()), World(FarSetup(amm=far()))
    for world in (near, apart):
        world.open(1, amount=ETHER)
        world.settle()
        world.mine(trades=((pool_of(1), ETHER),))
        world.open(2, amount=ETHER // 2)
        world.settle()
        world.close(1)
        world.settle(20)
        world.check_against_chain()
    decided = [[encode(fact) for fact in facts if type(fact) is not f.WorkerAnswered] for facts in apart.facts]
    assert decided == [[encode(fact) for fact in facts] for facts in near.facts]
    assert apart.of(f.WorkerAnswered)
    decided_again(apart)


def decided_again(world: World) -> None:
    """Without a worker, and byte for byte."""
    again = world.setup.kernel(lambda what, error: None)
    with nobody_asked():
        for event, facts in zip(world.inputs, world.facts, strict=True):
            again.elsewhere.recall([(MARKET if _of_market(fact) else "main", fact) for fact in facts])
            again.handle(event)
            assert [encode(fact) for _, fact in again.facts] == [encode(fact) for fact in facts]
            again.facts = []


def _of_market(fact: f.Fact) -> bool:
    return type(fact) is f.WorkerAnswered and fact.who.startswith("amm.")


def test_a_reorg_gives_the_worker_the_former_state_again() -> None:
    near, apart = World(Setup()), World(FarSetup(amm=far()))
    for world in (near, apart):
        world.mine(trades=((pool_of(1), ETHER),))
        world.mine(trades=((pool_of(1), ETHER),))
        world.chain.reorg(2)
        world.deliver()
        world.mine(trades=((pool_of(2), ETHER),))
    for number in (1, 2):
        first, second = (
            world.kernel.market.pool(f"1:{pool_of(number)}").amount_out(WETH, ETHER)  # type: ignore[union-attr]
            for world in (near, apart)
        )
        assert first == second


def test_a_snapshot_holds_the_pools_of_a_worker() -> None:
    apart = World(FarSetup(amm=far()))
    apart.mine(trades=((pool_of(1), ETHER),))
    other = apart.setup.kernel(lambda what, error: None)
    assert not restore(other, dump(apart.kernel))
    assert dump(other) == dump(apart.kernel)


def worker(world: World) -> Any:
    (desk,) = world.setup.amm.desks.values()  # type: ignore[attr-defined]  # it is a far one
    return desk.worker


def test_without_an_answer_nothing_is_bought_and_what_is_held_is_sold_once_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sniper.isolation.host.FIRST_PAUSE_S", 0.01)
    world = World(FarSetup(amm=far()))
    world.open(1, amount=ETHER)
    world.settle()
    assert FIRST in world.book.positions
    os.kill(worker(world).pid, signal.SIGKILL)
    world.open(2, amount=ETHER // 2)
    assert world.of(f.Verdict)[-1].rule == "kernel.route"
    assert worker(world).wait(PATIENT_S)
    world.close(1)
    world.settle(20)
    assert FIRST not in world.book.positions
    decided_again(world)


def test_what_a_pool_cannot_trade_it_refuses_in_a_worker_as_well() -> None:
    cls = far()
    config = model_of(cls).model_validate({"factories": [], "fee_bps": 30})
    empty = ConstantProduct(config=ConstantProductConfig(factories=(), fee_bps=30), reserves=(0, 0))
    pool = cls(config=config, kept=encode_state(empty))
    with pytest.raises(NoLiquidity) as refused:
        pool.amount_out(0, 1, 10**18)
    assert not isinstance(refused.value, Unpriced)
    assert isinstance(cls.reader(config)(b"\x91\x93\xa20x\x90\xc0"), Found)


def test_other_kinds_need_explicit_trust() -> None:
    from sniper.errors import PluginError
    from sniper.specs import SizerSpec

    with pytest.raises(PluginError, match="sniper plugins trust sniper-amm-constant-product"):
        far_class(ENVIRONMENT, SizerSpec(name="acme", summary="", factory="acme:Acme"), 0.1)


def test_who_begins_with_a_snapshot_needs_no_worker_for_what_was_asked_before_it() -> None:
    """The kernel remembers what a position is worth until its pool changes; who was restored remembers nothing."""
    world = World(FarSetup(amm=far()))
    world.open(1, amount=ETHER)
    world.settle()
    world.mine(trades=((pool_of(1), ETHER),))
    worth = world.account.view.worth(FIRST)
    assert worth
    other = world.setup.kernel(lambda what, error: None)
    with nobody_asked():
        restore(other, dump(world.kernel))
        other.elsewhere.begin()
        assert other.accounts["main"].view.worth(FIRST) == worth
        other.elsewhere.end()
    assert other.facts == []
