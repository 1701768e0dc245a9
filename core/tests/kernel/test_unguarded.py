"""Positions whose pool is not known: it is said, and they are sold by what a simulation brings and nothing else."""

from dataclasses import replace

import pytest
from test_eviction import POOL, TOKEN, again_by_a_reading, again_by_its_factory
from world import CHAIN, ETHER, Setup, Token, World, address, pool_of, target

from sniper.events import ClosePosition, Started
from sniper.kernel import facts as f
from sniper.kernel.asks import Send, Sign, SimulateSell
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import ExecutionWiring
from sniper.types import BPS

CRASH = ((pool_of(1), -(10**23)),)


def unguarded(**setup: object) -> World:
    world = World(Setup(**setup))  # type: ignore[arg-type]
    world.bought()
    fault(world)
    return world


def fault(world: World) -> None:
    """For good: the pool cannot be read either."""
    world.readable = False
    world.chain.garble(pool_of(1))
    world.deliver()


def sales(world: World) -> list[f.OrderPlaced]:
    return [fact for fact in world.of(f.OrderPlaced) if fact.side == "reduce"]


def simulated(world: World) -> list[int]:
    """The amounts of the sales that were to be simulated."""
    bodies = [fact.ask.body for fact in world.of(f.Asked)]
    return [body.amount for body in bodies if isinstance(body, SimulateSell)]


def reason(world: World) -> str:
    return world.book.positions[TOKEN].unguarded


def test_a_pool_whose_amm_fails_leaves_its_position_unguarded_which_is_said_once() -> None:
    world = unguarded(strategies=(("script", (target(stop=9_000),)),))
    assert "failed on a log of its pool" in reason(world)
    said = [line for line in world.reports if "is not guarded" in line]
    world.mine(trades=CRASH)
    assert not sales(world), "nothing is quoted on a state that may be wrong"
    world.restart()
    for _ in range(3):
        world.mine()
    assert [line for line in world.reports if "is not guarded" in line] == said
    assert len(said) == len(world.of(f.Unguarded)) == 1


def test_it_is_sold_for_what_a_simulated_sale_brings() -> None:
    world = unguarded()
    decided = world.close()
    assert not [fact for fact in decided if isinstance(fact, f.OrderPlaced)]
    (ask,) = world.asked(SimulateSell)
    world.chain.mine(trades=CRASH)
    (placed,) = [fact for fact in world.answer(ask) if isinstance(fact, f.OrderPlaced)]
    assert 0 < placed.expected_out < ETHER * 9 // 100, "what it brought there, and not what was paid"
    slippage = ExecutionWiring().exit_slippage_bps
    assert placed.min_out == placed.expected_out * (BPS - slippage) // BPS
    world.deliver()
    world.settle()
    assert not world.book.positions
    world.check()
    world.check_against_chain()
    world.check_replay()


@pytest.mark.parametrize("restarts", [False, True])
def test_what_was_bought_while_its_pool_was_forgotten_is_sold_too(restarts: bool) -> None:
    world = World()
    world.open()
    world.answer_all(Sign, Send)
    fault(world)
    world.settle()
    assert reason(world)
    if restarts:
        world.restart()
    world.close()
    world.settle()
    assert not world.book.positions
    world.check_against_chain()


def test_a_share_is_simulated_as_a_share() -> None:
    world = unguarded()
    held = world.book.positions[TOKEN].amount
    world.close(share_bps=2_500)
    world.settle()
    assert simulated(world) == [held // 4]
    assert world.book.positions[TOKEN].amount == held - held // 4
    world.check_against_chain()


def test_the_kill_switch_flattens_it() -> None:
    world = unguarded()
    world.kill("flatten")
    world.settle()
    assert not world.book.positions
    assert sales(world)[0].urgent
    world.check_against_chain()


@pytest.mark.parametrize("how", ["late", "reverts"])
def test_it_is_not_sold_where_no_simulation_says_what_it_brings_and_asked_ever_less_often(how: str) -> None:
    world = unguarded()
    world.chain.tokens[address(1)] = Token(sellable=how != "reverts")
    world.close()
    for _ in range(40):
        for ask in world.asked(SimulateSell):
            world.answer(ask, how=how if how == "late" else "")
        world.mine()
    assert not sales(world)
    assert world.book.positions[TOKEN].state == "stuck"
    assert 5 < len(simulated(world)) < 15
    world.chain.tokens[address(1)] = Token()
    for _ in range(70):
        world.answer_all()
        world.mine()
    assert not world.book.positions
    world.check_against_chain()


def test_the_loss_floor_holds_for_what_a_simulation_brings() -> None:
    world = unguarded(execution=ExecutionWiring(loss_floor_bps=9_500))
    world.chain.mine(trades=CRASH)
    world.deliver()
    world.close()
    world.answer_all()
    assert world.of(f.Verdict)[-1].rule == "kernel.loss-floor"


def test_where_trades_are_only_played_it_is_refused_with_the_reason() -> None:
    world = unguarded()
    kernel = Kernel(replace(world.kernel.wiring, signs=False))
    restore(kernel, dump(world.kernel))
    kernel.handle(ClosePosition(time=world.tick(), account="main", token=TOKEN))
    facts = [fact for _, fact in kernel.facts]
    (verdict,) = [fact for fact in facts if isinstance(fact, f.Verdict)]
    assert verdict.rule == "kernel.quoted"
    (judged,) = [fact for fact in facts if isinstance(fact, f.Judged)]
    assert judged.findings[-1].note == reason(world)


@pytest.mark.parametrize("again", [again_by_its_factory, again_by_a_reading])
def test_it_is_guarded_again_as_soon_as_its_pool_is_known(again: object) -> None:
    world = unguarded(strategies=(("script", (target(stop=9_000),)),))
    again(world)  # type: ignore[operator]
    assert not reason(world)
    world.mine(trades=CRASH)
    world.mine()
    assert sales(world)
    world.settle()
    assert not world.book.positions
    world.check_replay()


def test_a_position_whose_amm_is_gone_from_the_config_is_unguarded_from_the_start() -> None:
    world = World()
    world.bought()
    wiring = world.kernel.wiring
    kernel = Kernel(replace(wiring, chains=(replace(wiring.chains[0], amms=()),)))
    restore(kernel, dump(world.kernel))
    assert not kernel.facts
    kernel.handle(Started(time=world.tick(), mode="live"))
    (said,) = [fact for _, fact in kernel.facts if isinstance(fact, f.Unguarded)]
    assert (said.token, said.reason) == (TOKEN, "its pool is not known")
    assert kernel.market.pool(POOL) is None
    assert kernel.market.chains[CHAIN].unlisted == {}
