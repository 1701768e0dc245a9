"""How a pool came to be: by whom, who bought first, and whose money that was."""

import asyncio
from typing import Final

from sniper.errors import CallReverted, CodecError
from sniper.evm.abi import event_topic
from sniper.evm.log import Log
from sniper.evm.rulers import named
from sniper.io import Chain, Mined
from sniper.plugin import Frozen
from sniper.types import NATIVE

TRANSFER: Final = event_topic("Transfer(address,address,uint256)")
LARGEST: Final = 2**256 - 1
"""What a contract can hold: sums of what a token claims are cut here, for more is no evidence."""
MOST_BUYERS: Final = 24
MOST_LINKS: Final = 8
"""Pieces of evidence about one buyer."""


class Launch(Frozen):
    """block     In which the pool was made; -1 where its factory's log was not found.
    time         Of that block, seconds UTC; 0 where not known.
    deployers    Who made the pool, who minted the token first, and whom the token calls its owner.
    creators     The first two of these alone: whom transactions name.
    """

    block: int
    time: int
    deployers: tuple[str, ...]
    creators: tuple[str, ...] = ()


class Buyer(Frozen):
    """Who sent a transaction that took tokens out of the pool in its first blocks.

    bought  Token base units. ``links``: what ties the buyer to the deployer or to other buyers.
    """

    address: str
    block: int
    bought: int
    links: tuple[str, ...] = ()


class Payment(Frozen):
    """Native coin that one account sent another."""

    sender: str
    to: str
    value: int
    block: int
    hash: str


def word(address: str) -> str:
    """An address as a topic."""
    return "0x" + address[2:].lower().rjust(64, "0")


def from_word(topic: str) -> str:
    """The address in a topic."""
    return "0x" + topic[-40:]


async def launch(chain: Chain, token: str, pool: str, coins: tuple[str, str], first: int) -> Launch:
    """Look for it in the blocks from ``first``. Raises `RpcError`."""
    made = await _made(chain, pool, coins, first)
    minted = await chain.logs(
        address=token,
        topics=[TRANSFER, word(NATIVE)],
        first=first,
        last=None if made is None else made.block,
    )
    origins = [log for log in (made, *minted[:1]) if log is not None]
    blocks = await asyncio.gather(*(chain.mined(number) for number in dict.fromkeys(log.block for log in origins)))
    senders = {each.hash: each.sender for block in blocks for each in block.transactions}
    times = {block.number: block.timestamp for block in blocks}
    creators = tuple(dict.fromkeys(senders[log.transaction] for log in origins if log.transaction in senders))
    owners = await named(chain, token)
    return Launch(
        block=-1 if made is None else made.block,
        time=0 if made is None else times.get(made.block, 0),
        deployers=tuple(dict.fromkeys((*creators, *owners))),
        creators=creators,
    )


async def buyers(
    chain: Chain, token: str, pool: str, started: Launch, first_blocks: int, funding_blocks: int
) -> tuple[Buyer, ...]:
    """Those of the first blocks, with what ties them to the deployer and to each other by the native payments of the
    blocks from ``funding_blocks`` before the launch. Raises `RpcError`."""
    last = min(started.block + first_blocks - 1, chain.block)
    bought = await chain.logs(address=token, topics=[TRANSFER, word(pool)], first=started.block, last=last)
    if not bought:
        return ()
    numbers = range(max(0, started.block - funding_blocks), last + 1) if funding_blocks else ()
    wanted = sorted({*numbers, *(log.block for log in bought)})
    blocks = await asyncio.gather(*(chain.mined(number) for number in wanted))
    senders = {each.hash: each.sender for block in blocks for each in block.transactions}
    amounts: dict[str, tuple[int, int]] = {}
    for log in bought:
        who = senders.get(log.transaction, from_word(log.topics[2]))
        block, amount = amounts.get(who, (log.block, 0))
        amounts[who] = block, min(amount + int.from_bytes(log.data[:32], "big"), LARGEST)
    first = dict(list(amounts.items())[:MOST_BUYERS])
    links = _links(tuple(first), started.deployers, _payments(blocks) if funding_blocks else ())
    return tuple(
        Buyer(address=who, block=block, bought=amount, links=links[who][:MOST_LINKS])
        for who, (block, amount) in first.items()
    )


def _payments(blocks: list[Mined]) -> tuple[Payment, ...]:
    return tuple(
        Payment(sender=each.sender, to=each.to, value=each.value, block=block.number, hash=each.hash)
        for block in blocks
        for each in block.transactions
        if each.value and each.to
    )


def _links(
    who: tuple[str, ...], deployers: tuple[str, ...], payments: tuple[Payment, ...]
) -> dict[str, tuple[str, ...]]:
    """By buyer: he is a deployer, was paid by one, or by somebody who paid a deployer or another buyer as well."""
    people = {*who, *deployers}
    paid: dict[str, list[Payment]] = {}
    for payment in payments:
        if payment.to in people and payment.to != payment.sender:
            paid.setdefault(payment.to, []).append(payment)
    served: dict[str, set[str]] = {}
    for to, some in paid.items():
        for payment in some:
            served.setdefault(payment.sender, set()).add(to)
    found = {}
    for buyer in who:
        lines = ["it is a deployer itself"] if buyer in deployers else []
        for payment in paid.get(buyer, ()):
            others = sorted(served[payment.sender] - {buyer})
            how = f"{payment.sender} paid it {payment.value} wei in block {payment.block}, {payment.hash}"
            if payment.sender in deployers:
                lines.append(f"the deployer {how}")
            elif others:
                lines.append(f"{how}, and paid {', '.join(others[:3])} as well")
        found[buyer] = tuple(dict.fromkeys(lines))
    return found


async def _made(chain: Chain, pool: str, coins: tuple[str, str], first: int) -> Log | None:
    """The factory's log of the pool: ``PairCreated`` or ``PoolCreated``, whose coins are its first indexed parameters
    and whose data names the pool."""
    try:
        (factory,) = await chain.read(pool, "factory()(address)")
    except (CallReverted, CodecError):
        return None
    logs = await chain.logs(address=factory, topics=[None, word(coins[0]), word(coins[1])], first=first)
    named = bytes.fromhex(pool[2:])
    return next((log for log in logs if named in log.data), None)
