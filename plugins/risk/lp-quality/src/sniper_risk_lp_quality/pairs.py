"""Whose the liquidity of a V2 pair is: LP tokens, by the logs of their transfers and by the balances of now."""

import asyncio
from typing import Final

from sniper.evm.log import Log
from sniper.io import Chain
from sniper.plugin import Frozen
from sniper.types import NATIVE
from sniper_risk_lp_quality.launch import LARGEST, TRANSFER, from_word

MOST_HOLDERS: Final = 100
"""Whose balance is read, the largest by the logs first."""
MOST_CHANGES: Final = 24
ALWAYS: Final = (NATIVE, "0x000000000000000000000000000000000000dead")
"""Read whether logs name them or not."""


class Change(Frozen):
    """Liquidity that came (positive) or went: LP tokens of a pair; quote base units at the present price in V3."""

    block: int
    amount: int
    transaction: str


class History(Frozen):
    """peak     The most that there was.
    removed     Less than that at the end.
    changes     The largest of them, in their order; ``count``: how many there were.
    """

    peak: int = 0
    removed: int = 0
    changes: tuple[Change, ...] = ()
    count: int = 0


class Pair(Frozen):
    """total: LP tokens. ``holders``: address and LP tokens, the largest first. ``cut``: what was left out."""

    total: int
    holders: tuple[tuple[str, int], ...]
    history: History
    cut: tuple[str, ...]


async def pair(chain: Chain, address: str, others: tuple[str, ...], first: int) -> Pair:
    """Read it, with logs from block ``first``. Raises `RpcError` and `CallReverted`."""
    logs = await chain.logs(address=address, topics=[TRANSFER], first=first)
    changes, held = _folded(logs, address)
    named = sorted((who for who in held if held[who] > 0), key=lambda who: (-held[who], who))
    asked = list(dict.fromkeys((*ALWAYS, address, *others, *named[:MOST_HOLDERS])))
    (total,), *answers = await asyncio.gather(
        chain.read(address, "totalSupply()(uint256)"),
        *(chain.read(address, "balanceOf(address)(uint256)", who) for who in asked),
    )
    found = sorted(((who, balance) for who, (balance,) in zip(asked, answers, strict=True) if balance), key=_largest)
    cut = (f"{len(named) - MOST_HOLDERS} smaller holders were not read",) if len(named) > MOST_HOLDERS else ()
    return Pair(total=total, holders=tuple(found), history=history(changes), cut=cut)


def history(changes: list[Change]) -> History:
    """What the changes, in their order, come to."""
    now = peak = 0
    for change in changes:
        now += change.amount
        peak = max(peak, now)
    largest = sorted(range(len(changes)), key=lambda i: (-abs(changes[i].amount), i))[:MOST_CHANGES]
    return History(
        peak=min(peak, LARGEST),
        removed=min(peak - max(now, 0), LARGEST),
        changes=tuple(changes[i] for i in sorted(largest)),
        count=len(changes),
    )


def _folded(logs: list[Log], address: str) -> tuple[list[Change], dict[str, int]]:
    changes: list[Change] = []
    held: dict[str, int] = {}
    for log in logs:
        if len(log.topics) != 3 or len(log.data) != 32:
            continue  # not a transfer as ERC-20 writes it
        sender, to, amount = from_word(log.topics[1]), from_word(log.topics[2]), int.from_bytes(log.data, "big")
        held[sender] = held.get(sender, 0) - amount
        held[to] = held.get(to, 0) + amount
        if sender == NATIVE:
            changes.append(Change(block=log.block, amount=amount, transaction=log.transaction))
        elif sender == address and to == NATIVE:
            changes.append(Change(block=log.block, amount=-amount, transaction=log.transaction))
    return changes, held


def _largest(each: tuple[str, int]) -> tuple[int, str]:
    return -each[1], each[0]
