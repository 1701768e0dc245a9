"""Trades that a strategy wants at its price or not at all, and what it is told of what became of them."""

import pytest
from world import ETHER, FUNDS, Says, Setup, World, pool_of, target, token_of

from sniper.kernel import facts as f
from sniper.kernel.asks import Send
from sniper.kernel.wiring import CheckWiring
from sniper.risk import must
from sniper.types import BPS, Open

TOKEN = token_of(1)
AMOUNT = ETHER // 10


def out(world: World, amount: int = AMOUNT) -> int:
    pool = world.account.view.pool(f"1:{pool_of(1)}")
    return int(pool.amount_out(world.account.planning.pool_coin(world.account.wiring.quote), amount))


def placed(world: World, side: str) -> list[f.OrderPlaced]:
    return [fact for fact in world.of(f.OrderPlaced) if fact.side == side]


def bought(**setup: object) -> World:
    world = World(Setup(**setup))  # type: ignore[arg-type]
    world.cue("open", amount=AMOUNT)
    world.settle()
    return world


def sold_for(world: World, share_bps: int = BPS) -> int:
    guard = world.account.exits.guards[TOKEN]
    return int(guard.quote(guard.position.amount * share_bps // BPS))


def test_an_entry_insists_on_what_its_strategy_does_and_tells_what_it_brought() -> None:
    world = World()
    wanted = out(world)
    world.cue("open", amount=AMOUNT, min_out=wanted)
    assert placed(world, "increase")[0].min_out == wanted, "and not on what the slippage would allow"
    world.settle()
    assert world.script().traded == [("increase", "done", wanted, -AMOUNT)]
    world.check()


def test_one_that_would_bring_less_is_denied_and_costs_nothing() -> None:
    world = World()
    world.cue("open", amount=AMOUNT, min_out=out(world) + 1)
    assert world.of(f.Verdict)[-1].rule == "kernel.brings"
    assert placed(world, "increase") == []
    assert world.script().heard[-1].startswith("denied kernel.brings")


def test_one_whose_price_has_gone_meanwhile_reverts_and_tells_that_it_brought_nothing() -> None:
    world = World()
    world.cue("open", amount=AMOUNT, min_out=out(world))
    world.answer_all()
    world.mine(trades=((pool_of(1), 10**20),))
    world.settle()
    ((side, state, amount, cash),) = world.script().traded
    assert (side, state, amount, cash) == ("increase", "failed", 0, 0)
    assert TOKEN not in world.book.positions
    assert world.book.cash[world.account.quote] < FUNDS, "gas"


def test_what_is_paid_is_less_than_wanted_in_the_same_proportion() -> None:
    intent = Open(token=TOKEN, reason="", max_spend=1_000, min_out=501)
    assert (intent.least(1_000), intent.least(500), intent.least(1)) == (501, 251, 1)
    assert Open(token=TOKEN, reason="", min_out=501).least(7) == 501
    assert Open(token=TOKEN, reason="", max_spend=5).least(5) == 0


def test_a_sale_at_its_price_is_tried_once_and_tells_what_it_brought() -> None:
    world = bought()
    brings = sold_for(world, 5_000)
    world.cue("close", share_bps=5_000, min_out=brings)
    (sale,) = placed(world, "reduce")
    assert (sale.min_out, sale.once) == (brings, True)
    held = world.book.positions[TOKEN].amount
    world.settle()
    assert world.script().traded[-1] == ("reduce", "done", -(held // 2), brings)
    assert world.book.positions[TOKEN].state == "open"
    world.check()


def test_a_sale_that_would_bring_less_is_denied_and_never_wanted_again() -> None:
    world = bought()
    world.cue("close", min_out=sold_for(world) + 1)
    assert world.of(f.Verdict)[-1].rule == "kernel.brings"
    assert world.script().heard[-1].startswith("denied kernel.brings")
    world.mine()
    assert placed(world, "reduce") == []
    assert world.account.exits.guards[TOKEN].pending is None


def test_a_sale_whose_price_has_gone_reverts_once_and_counts_as_no_failed_exit() -> None:
    world = bought()
    world.cue("close", min_out=sold_for(world))
    world.answer_all()
    assert world.asked(Send) == []
    world.mine(trades=((pool_of(1), -(10**20)),))
    world.settle()
    assert world.script().traded[-1] == ("reduce", "failed", 0, 0)
    position = world.book.positions[TOKEN]
    assert (position.state, position.failures) == ("open", 0)
    world.mine()
    assert len(placed(world, "reduce")) == 1
    world.check()


def test_an_exit_that_comes_while_such_a_sale_is_on_its_way_sells_as_soon_as_that_is_over() -> None:
    world = bought(strategies=(("script", (target(stop=9_000),)),))
    world.cue("close", share_bps=5_000, min_out=sold_for(world, 5_000))
    world.answer_all()
    world.mine(trades=((pool_of(1), -(10**23)),))
    for _ in range(4):
        world.settle()
        world.mine()
    assert [sale.once for sale in placed(world, "reduce")] == [True, False]
    assert TOKEN not in world.book.positions
    world.check()


def test_while_an_exit_sells_no_other_sale_is_placed() -> None:
    world = bought()
    world.close()
    world.cue("close", share_bps=5_000, min_out=1)
    assert world.script().heard[-1].startswith("denied kernel.no-other-sale")
    assert len(placed(world, "reduce")) == 1


@pytest.mark.parametrize("side", ["increase", "reduce"])
def test_policies_judge_such_a_trade_as_every_other(side: str) -> None:
    law = CheckWiring("law", Says(findings=(must("no", False),), side=side), policy=True)
    world = World(Setup(checks=(law,)))
    world.cue("open", amount=AMOUNT, min_out=1)
    if side == "reduce":
        world.settle()
        world.cue("close", min_out=1)
    assert world.of(f.Verdict)[-1].rule == "law.no"
