"""Pools whose AMM cannot say what they give, or fails: what is held in them is neither worthless nor trapped."""

from typing import Any, NoReturn

import pytest
from test_readings import fault, held
from world import ETHER, pool_of

from sniper.amm import Unpriced
from sniper.kernel import facts as f
from sniper_amm_constant_product.pool import ConstantProduct


def unsure(*_: Any) -> NoReturn:
    raise Unpriced("its rates were read 61 s ago")


def broken(*_: Any) -> NoReturn:
    raise ZeroDivisionError("a defect")


@pytest.mark.parametrize("answer", [unsure, broken])
def test_no_exit_fires_because_the_price_is_not_known(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = held(stop=5_000)
    monkeypatch.setattr(ConstantProduct, "amount_out", answer)
    world.mine(trades=((pool_of(1), ETHER),))
    assert not [fact for fact in world.of(f.IntentFormed) if fact.side == "reduce"]


def test_what_is_to_be_sold_is_sold_by_what_a_simulation_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    world = held()
    monkeypatch.setattr(ConstantProduct, "amount_out", unsure)
    world.close()
    for _ in range(6):
        world.answer_all()
        world.mine()
    assert not world.book.positions
    world.check_against_chain()


@pytest.mark.parametrize("method", ["on_block", "follows"])
def test_an_amm_that_fails_on_what_was_read_does_not_end_the_loop(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = held()
    ask = fault(world)
    monkeypatch.setattr(ConstantProduct, method, broken)
    world.answer(ask)
    monkeypatch.undo()
    for _ in range(70):
        world.mine()
        world.answer_all()
    assert world.account.pool(f"{1}:{pool_of(1)}") is not None, "it is read again, later"
    assert world.of(f.Unguarded)[-1].reason == ""
