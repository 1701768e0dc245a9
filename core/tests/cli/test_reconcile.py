"""``sniper reconcile``: a record beside a real node, whose state is set to what the record's chain says, or is not."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scripted import describe, write
from world import CHAIN, ETHER, OWNER, Setup, World, address

from sniper.cli import exit_codes, main
from sniper_sdk.devchain import DevChain

TOKEN = 0x20
"""Of the world's: a real node has precompiles where the first ones are."""
Reconcile = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def node() -> Iterator[DevChain]:
    with DevChain(chain_id=CHAIN, contracts=False) as running:
        yield running


def says(node: DevChain, world: World) -> None:
    """Let the node say what the world's chain says of the account."""
    ledger = world.chain.ledger
    node.rpc.call("anvil_setBalance", OWNER, hex(ledger.native))
    node.rpc.call("anvil_setNonce", OWNER, hex(ledger.nonce))
    for token, amount in ledger.tokens.items():
        # Whatever it is asked: PUSH32(amount), MSTORE(0), RETURN(0, 32).
        node.rpc.call("anvil_setCode", token, f"0x7f{amount:064x}5f5260205ff3")


@pytest.fixture
def reconcile(directory: Path, node: DevChain, capsys: pytest.CaptureFixture[str]) -> Reconcile:
    """Exit code, and what is printed, for a world."""

    def asked(world: World, *options: str) -> tuple[int, str]:
        config = directory / "sniper.toml"
        text = config.read_text().replace("ws://127.0.0.1:8545", node.rpc_url)
        config.write_text(text.replace("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", OWNER))
        write(world, directory / "data")
        code = main(["--config", str(config), "reconcile", *options])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return asked


def holding() -> World:
    world = World(Setup(tokens=TOKEN))
    describe(world, "PEPE", TOKEN)
    world.bought(TOKEN)
    return world


def test_books_that_agree_are_said_to_agree_to_the_unit(node: DevChain, reconcile: Reconcile) -> None:
    world = holding()
    says(node, world)
    code, shown = reconcile(world)
    assert code == exit_codes.OK, shown
    assert "The books are what the chain says, to the unit." in shown
    assert "PEPE" in shown


def test_one_wei_that_nothing_explains_is_told_and_fails(node: DevChain, reconcile: Reconcile) -> None:
    world = holding()
    says(node, world)
    node.rpc.call("anvil_setBalance", OWNER, hex(world.chain.ledger.native + 1))
    code, shown = reconcile(world, "--json")
    assert code == exit_codes.FAILURE
    (account,) = json.loads(shown)["accounts"]
    (wrong,) = [each for each in account["compared"] if each["books"] != each["chain"]]
    assert int(wrong["chain"]) == int(wrong["books"]) + 1
    assert not wrong["explained"]
    assert "a deposit" in wrong["because"]


def test_transactions_that_are_in_no_book_are_told(node: DevChain, reconcile: Reconcile) -> None:
    world = holding()
    says(node, world)
    node.rpc.call("anvil_setNonce", OWNER, hex(world.chain.ledger.nonce + 2))
    code, shown = reconcile(world)
    assert code == exit_codes.FAILURE
    assert f"2 transactions (nonces from {world.chain.ledger.nonce} on) are in no book" in shown


def test_a_token_that_tells_no_balance_is_no_zero(node: DevChain, reconcile: Reconcile) -> None:
    world = holding()
    says(node, world)
    node.rpc.call("anvil_setCode", address(TOKEN), "0x5f5ffd")
    code, shown = reconcile(world)
    assert code == exit_codes.FAILURE
    assert "its contract does not tell a balance" in shown


def test_what_is_under_way_is_listed_with_where_it_is(node: DevChain, reconcile: Reconcile) -> None:
    world = World(Setup(tokens=TOKEN))
    says(node, world)
    node.rpc.call("anvil_setCode", address(TOKEN), f"0x7f{0:064x}5f5260205ff3")
    world.open(TOKEN, ETHER // 10)
    world.answer_all()
    code, shown = reconcile(world, "--json")
    assert code == exit_codes.OK, shown
    (account,) = json.loads(shown)["accounts"]
    (waiting,) = account["under_way"]
    assert (waiting["nonce"], waiting["found"]) == (0, "")


def test_a_mode_that_sends_nothing_has_nothing_to_reconcile(directory: Path, reconcile: Reconcile) -> None:
    config = directory / "sniper.toml"
    config.write_text(config.read_text().replace('mode = "live"', 'mode = "paper"'))
    code, shown = reconcile(holding())
    assert code == exit_codes.CONFIG
    assert 'mode "paper" sends nothing' in shown
