"""``sniper tx``: the life of a transaction, as a person and as a program read it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from scripted import write
from world import Setup, World

from sniper.cli import exit_codes, main
from sniper.kernel.facts import AttemptMade, AttemptMoved

Tx = Callable[..., str]


@pytest.fixture
def tx(directory: Path, capsys: pytest.CaptureFixture[str]) -> Tx:
    """What ``sniper tx`` prints for a world."""

    def asked(world: World, name: str, *options: str, code: int = exit_codes.OK) -> str:
        if not (directory / "data" / "journal").exists():
            write(world, directory / "data")
        assert main(["--config", str(directory / "sniper.toml"), "tx", name, *options]) == code
        printed = capsys.readouterr()
        return printed.out if code == exit_codes.OK else printed.err

    return asked


def outbid() -> World:
    """Its first transaction waits for three blocks, then one that bids more takes its place."""
    world = World(Setup())
    world.open()
    world.answer_all()
    for _ in range(3):
        world.mine(most=0)
        world.answer_all()
    world.settle()
    return world


def hashes(world: World) -> list[str]:
    """Of all that was signed, in that order."""
    moves = (fact for facts in world.facts for fact in facts if isinstance(fact, AttemptMoved))
    return list(dict.fromkeys(move.tx_hash for move in moves if move.tx_hash))


def test_who_takes_the_place_of_whom_is_told_together_with_what_each_bid(tx: Tx) -> None:
    world = outbid()
    first, second = hashes(world)[:2]
    for name in (first, second):
        shown = tx(world, name)
        assert shown.startswith("Nonce 0 on chain")
        assert "in block" in shown.splitlines()[0]
        assert f"{first}" in shown
        assert f"{second}" in shown
        assert "outbids main/script/1.0#" in shown
        assert shown.count("bid at block") == 2
        assert shown.index("bid at block") < shown.index("UTC  sent") < shown.index("gas at")


def test_of_an_order_each_nonce_is_told(tx: Tx) -> None:
    world = outbid()
    made = [fact for facts in world.facts for fact in facts if isinstance(fact, AttemptMade)]
    nonces = {each.nonce for each in made}
    assert len(made) > len(nonces) > 1
    assert tx(world, made[0].order).count(" on chain ") == len(nonces)


def test_what_a_reorg_took_back_and_where_it_went_then_is_told(tx: Tx) -> None:
    world = World(Setup())
    world.bought()
    bought = hashes(world)[0]
    world.chain.reorg(2)
    world.mine()
    world.settle()
    shown = tx(world, bought)
    assert "a reorg took block" in shown
    assert shown.count("gas at") == 2
    told = json.loads(tx(world, bought, "--json"))
    (attempt,) = [each for each in told["attempts"] if each["tx_hash"] == bought]
    assert [receipt["included"] for receipt in attempt["receipts"]] == [True, True]
    assert len({receipt["block_hash"] for receipt in attempt["receipts"]}) == 2


def test_what_is_not_on_record_is_an_error_that_says_what_is(tx: Tx) -> None:
    world = outbid()
    said = tx(world, "0x" + "ab" * 32, code=exit_codes.FAILURE)
    assert "is no transaction on record" in said
    assert hashes(world)[0] in said
