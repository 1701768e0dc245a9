"""The node takes back its newest blocks, and makes others of what was in them: without some, and in another order."""

import random

import pytest
from stand import Stand
from stand.audit import audit, reconciled
from stand.busy import Crowd, Killer, bought

from sniper.errors import RpcError
from sniper.events import Reorg
from sniper_sdk.faults import FaultProxy

DROPPED_PERCENT = 25


class Fork:
    """``dropped``, ``moved``: transactions that the new branch has not, and has in another block."""

    def __init__(self, stand: Stand[FaultProxy], rng: random.Random) -> None:
        self._stand = stand
        self._rng = rng
        self.dropped = 0
        self.moved = 0

    def make(self, depth: int) -> None:
        """Take back ``depth`` blocks, and mine one more than that."""
        chain, rng = self._stand.chain, self._rng
        head = chain.block_number()
        gone: list[str] = []
        for number in range(head - depth + 1, head + 1):
            hashes = chain.rpc.call("eth_getBlockByNumber", hex(number), False)["transactions"]
            gone += [chain.rpc.call("eth_getRawTransactionByHash", each) for each in hashes]
        chain.rpc.call("anvil_rollback", depth)
        kept = [raw for raw in gone if rng.randrange(100) >= DROPPED_PERCENT]
        if kept == gone and not self.dropped:
            kept = gone[:-1]  # however few there were, one is dropped
        self.dropped += len(gone) - len(kept)
        at = {raw: rng.randrange(depth + 1) for raw in kept}
        rng.shuffle(kept)
        for block in range(depth + 1):
            for raw in kept:
                if at[raw] == block:
                    self._submit(raw)
            chain.mine()

    def _submit(self, raw: str) -> None:
        """A transaction that needed a dropped one, or was sent again by its sender meanwhile, is refused."""
        try:
            self._stand.chain.rpc.call("eth_sendRawTransaction", raw)
            self.moved += 1
        except RpcError:
            self.dropped += 1


async def reorganised(stand: Stand[FaultProxy], seed: int, depths: list[int]) -> None:
    """A reorg of each depth in a busy run; after each the account is audited."""
    rng = random.Random(seed)
    crowd, fork = Crowd(stand, rng), Fork(stand, rng)
    await stand.start()
    begun = stand.chain.block_number()
    for depth in depths:
        crowd.launches.append(stand.market.launch())
        await crowd.for_seconds(1.0)
        while stand.chain.block_number() - begun < depth:
            stand.chain.mine()
        await stand.until(lambda record: record.head == stand.chain.block_number())
        fork.make(depth)
        code = stand.chain.rpc.call
        crowd.launches = [each for each in crowd.launches if code("eth_getCode", each.pool, "latest") != "0x"]
        await stand.until(lambda record: record.head == stand.chain.block_number())
        await Killer(stand, crowd, rng).settle()
        assert await audit(stand) == [], f"after a reorg of {depth}"
        print(
            f"seed {seed}: reorg of {depth}, {fork.dropped} dropped, {fork.moved} moved, {bought(stand)} entries",
            flush=True,
        )
    assert len(stand.record.all(Reorg)) >= len(depths)
    assert fork.dropped
    assert fork.moved
    assert bought(stand)
    assert await reconciled(stand)
    assert await stand.replayed() == 0


async def test_reorgs_that_drop_and_reorder_transactions(stand: Stand[FaultProxy]) -> None:
    await reorganised(stand, 1, [1, 2, 5])


@pytest.mark.long
@pytest.mark.parametrize("seed", [10, 11, 12])
async def test_reorgs_up_to_sixty_four_blocks(stand: Stand[FaultProxy], seed: int) -> None:
    await reorganised(stand, seed, [1, 2, 3, 5, 8, 13, 21, 34, 55, 64])
