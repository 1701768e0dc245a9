"""What explains a difference between the books and the chain."""

from collections.abc import Sequence
from typing import Any

from world import CHAIN, ETHER, OWNER, Setup, World, token_of

from sniper.evm.rpc import Request
from sniper.runtime.reconcile import reconcile
from sniper.types import NATIVE, asset_id

COIN = asset_id(CHAIN, NATIVE)


class Node:
    """In whose block 9 all is mined that it is asked for. ``held``: by address, what it says of the owner."""

    chain_id = CHAIN

    def __init__(self, native: int, nonce: int, held: dict[str, int]) -> None:
        self._native = native
        self._nonce = nonce
        self._held = held

    async def call(self, method: str, params: Sequence[Any] = ()) -> str:
        assert method == "eth_blockNumber"
        return "0x9"

    async def batch(self, requests: Sequence[Request]) -> list[Any]:
        answers = {
            "eth_getBalance": hex(self._native),
            "eth_getTransactionCount": hex(self._nonce),
            "eth_getTransactionByHash": {"blockNumber": "0x9"},
        }
        return [answers[method] for method, _ in requests]

    async def read(self, calls: Sequence[tuple[str, bytes]], block: int) -> list[bytes]:
        return [self._held[address].to_bytes(32, "big") for address, _ in calls]


async def test_a_purchase_that_is_not_in_the_books_yet_explains_what_it_moves_and_nothing_else() -> None:
    world = World(Setup())
    world.bought(1)
    world.open(2, ETHER // 10)
    world.answer_all()
    ((_, attempt),) = world.book.in_flight()
    bought = world.book.positions[token_of(1)].amount
    held = {token_of(1).split(":")[1]: bought - 1, token_of(2).split(":")[1]: 5}
    node: Any = Node(world.book.cash[COIN] - ETHER // 10, attempt.nonce + 1, held)
    found = await reconcile(node, world.book, OWNER, NATIVE)
    by_asset = {each.what: each for each in found.compared}
    assert by_asset[COIN].differs
    assert by_asset[token_of(2)].differs
    assert by_asset[COIN].because == by_asset[token_of(2)].because == f"not in the books yet: {attempt.id}"
    # One token of the other is gone, with which that purchase has nothing to do.
    assert [each.what for each in found.unexplained] == [token_of(1)]
