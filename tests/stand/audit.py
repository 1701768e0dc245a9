"""Nothing lost, nothing twice, nothing unexplained: an account's journal and books held against the chain."""

import asyncio
import json
import os
import sys
from collections import Counter
from typing import Any

from sniper.evm.rpc import Endpoints, Provider
from sniper.kernel import facts as f
from sniper.runtime.reconcile import reconcile
from sniper.types import NATIVE
from stand.record import profit
from stand.stand import Stand


async def audit(stand: Stand[Any]) -> list[str]:
    """What is wrong with the first account of a live run that has nothing under way; empty where all is well."""
    stand.record.read()
    found = stand.differences()
    found += _orders(stand)
    found += _transactions(stand)
    found += await _unexplained(stand)
    return found


def _orders(stand: Stand[Any]) -> list[str]:
    """Each order ended once; none was placed twice, and no token was bought by two."""
    name = stand.traders[0].name
    placed = Counter(fact.order for fact in stand.record.all(f.OrderPlaced, name))
    ended = Counter(fact.order for fact in stand.record.all(f.OrderEnded, name))
    found = [f"{order} was placed {times} times" for order, times in placed.items() if times > 1]
    found += [f"{order} never ended" for order in placed if not ended[order]]
    found += [f"{token} was bought by {n} orders" for token, n in stand.record.entries_of(name).items() if n > 1]
    return found


def _transactions(stand: Stand[Any]) -> list[str]:
    """Each nonce that the chain has used is that of one transaction which is on record."""
    name, chain = stand.traders[0].name, stand.chain
    made = {fact.attempt: fact for fact in stand.record.all(f.AttemptMade, name)}
    signed = [fact for fact in stand.record.all(f.AttemptMoved, name) if fact.state == "signed"]
    known = {fact.tx_hash: made[fact.attempt] for fact in signed}  # one command may carry several of them
    used, steps = Counter[int](), Counter[tuple[str, int]]()
    for hash_, attempt in known.items():
        receipt = chain.rpc.call("eth_getTransactionReceipt", hash_)
        if receipt is None:
            continue
        used[attempt.nonce] += 1
        if receipt["status"] == "0x1":
            steps[attempt.order, attempt.step] += 1
    mined = int(chain.rpc.call("eth_getTransactionCount", stand.owner, "latest"), 16)
    found = [f"nonce {nonce} was used by no transaction on record" for nonce in range(mined) if not used[nonce]]
    found += [f"step {step} of {order} was done {n} times" for (order, step), n in steps.items() if n > 1]
    waiting = stand.nonce() - mined
    found += [f"{waiting} transactions wait in the pool, though no order is under way"] if waiting else []
    return found


async def _unexplained(stand: Stand[Any]) -> list[str]:
    """What `sniper reconcile` finds, in this process."""
    book = stand.record.books[stand.traders[0].name]
    async with Endpoints(stand.chain.chain_id, [Provider(url=stand.chain.rpc_url)]) as endpoints:
        compared = await reconcile(endpoints, book, stand.owner, NATIVE)
    found = [
        f"{each.what}: {each.books} in the books, {each.chain} on the chain"
        for each in compared.compared
        if each.differs
    ]
    return found + [f"{each.attempt} is under way" for each in compared.under_way]


async def reconciled(stand: Stand[Any]) -> Any:
    """What ``sniper reconcile --json`` says. Any: JSON. Raises where it finds what nothing explains."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sniper", "--config", str(stand.config), "reconcile", "--json"),
        env={**os.environ, **stand.environment},
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    return json.loads(told)


async def played(stand: Stand[Any]) -> list[str]:
    """As `audit`, of a run in paper mode, of which no chain knows: the fold is exact, and nothing has left."""
    stand.record.read()
    found = profit(stand.record, stand.chain, stand.traders[0].name) + _orders(stand)
    return found + ([f"{stand.nonce()} transactions have left"] if stand.nonce() else [])
