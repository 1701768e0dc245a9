"""``portfolio`` on the record of a chain; what it tells of exchanges, its own package tests."""

import json
from pathlib import Path

import pytest
from scripted import describe, write
from world import Setup, World

from sniper.cli import exit_codes, main
from sniper.kernel.facts import Booked


def test_gas_is_part_of_what_tokens_cost_and_all_that_is_told_is_what_the_books_have(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(Setup(tokens=2))
    for number, symbol in enumerate(("PEPE", "DOGE"), 1):
        describe(world, symbol, number)
    world.bought(1)
    world.bought(2)
    world.close(2)
    world.settle()
    write(world, directory / "data")
    code = main(["--config", str(directory / "sniper.toml"), "portfolio", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == exit_codes.OK
    (held,) = [each for each in told["holdings"] if each["strategy"]]
    (lot,) = told["lots"]["open"]
    (position,) = world.book.positions.values()
    assert (held["source"]["told"], held["chain"]) == ("cost", "1")
    assert (int(lot["amount"]), int(lot["cost"])) == (position.amount, position.cost)
    assert (lot["asset"], int(held["worth"])) == (position.token, position.cost)
    realised = sum(int(row["realised"]) for row in told["attribution"])
    assert realised == sum(profit.since(0) for profit in world.book.profits.values()) != 0
    assert sum(int(row["gain"]) for row in told["lots"]["years"]) == realised


def test_what_a_reorg_took_back_is_in_no_lot(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    describe(world, "PEPE")
    world.bought()
    world.chain.reorg(2)
    world.mine()
    world.settle()
    write(world, directory / "data")
    assert any(isinstance(fact, Booked) and fact.undo for decided in world.facts for fact in decided)
    assert main(["--config", str(directory / "sniper.toml"), "portfolio", "--json"]) == exit_codes.OK
    lots = json.loads(capsys.readouterr().out)["lots"]
    (position,) = world.book.positions.values()
    assert [(int(lot["amount"]), int(lot["cost"])) for lot in lots["open"]] == [(position.amount, position.cost)]
    assert lots["gains"] == []
