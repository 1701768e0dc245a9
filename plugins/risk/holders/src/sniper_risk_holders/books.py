"""Who holds a token: by the logs of its transfers, and by what it says of each holder now."""

import asyncio
from typing import Final

from sniper.errors import CallReverted, CodecError
from sniper.evm.log import Log
from sniper.evm.rulers import is_nobody
from sniper.io import Chain, Io
from sniper.plugin import Frozen
from sniper_risk_lp_quality.custody import balance, custody
from sniper_risk_lp_quality.launch import TRANSFER, from_word

MOST_HOLDERS: Final = 200
"""Whose balance is read, the largest by the logs first."""
MOST_LOOKED_INTO: Final = 24
"""Of whom it is found out what they are, the largest first."""


class Holder(Frozen):
    """kind   ``wallet``, ``contract``, ``pool``, ``burnt``, ``locked``, or ``unknown``: too small to be looked into.
    nonce     Of a wallet: how many transactions it has sent; -1 where not asked.
    """

    address: str
    balance: int
    kind: str
    nonce: int = -1


class Books(Frozen):
    """supply  Base units, as the token says. ``holders``: the largest first. ``cut``: what was left out."""

    supply: int
    holders: tuple[Holder, ...]
    cut: tuple[str, ...]


async def books(
    io: Io, chain: Chain, chain_id: int, token: str, pool: str, people: tuple[str, ...], first: int
) -> Books:
    """Read them, with logs from block ``first``. Raises `RpcError`, and `CallReverted` where it is no token."""
    logs = await chain.logs(address=token, topics=[TRANSFER], first=first)
    held = _folded(logs)
    named = sorted((who for who in held if held[who] > 0), key=lambda who: (-held[who], who))
    asked = list(dict.fromkeys((pool, token, *people, *named[:MOST_HOLDERS])))
    (supply,), *answers = await asyncio.gather(
        chain.read(token, "totalSupply()(uint256)"),
        *(chain.read(token, "balanceOf(address)(uint256)", who) for who in asked),
    )
    found = [(who, has) for who, (has,) in zip(asked, answers, strict=True) if has]
    found.sort(key=lambda each: (-each[1], each[0]))
    known = await asyncio.gather(
        *(_known(io, chain, chain_id, token, pool, who, has, people, first) for who, has in found[:MOST_LOOKED_INTO])
    )
    rest = tuple(
        Holder(address=who, balance=has, kind="burnt" if is_nobody(who) else "unknown")
        for who, has in found[MOST_LOOKED_INTO:]
    )
    cut = (f"{len(named) - MOST_HOLDERS} smaller holders were not read",) if len(named) > MOST_HOLDERS else ()
    return Books(supply=supply, holders=(*known, *rest), cut=cut)


async def _known(
    io: Io,
    chain: Chain,
    chain_id: int,
    token: str,
    pool: str,
    who: str,
    has: int,
    people: tuple[str, ...],
    first: int,
) -> Holder:
    if who == pool or await _is_pool(chain, who, token):
        return Holder(address=who, balance=has, kind="pool")
    parts = await custody(io, chain, chain_id, who, balance(token, who, has), people, first)
    kind = parts[0].kind if len(parts) == 1 else "contract"
    nonce = await chain.nonce(who) if kind == "wallet" else -1
    return Holder(address=who, balance=has, kind=kind, nonce=nonce)


async def _is_pool(chain: Chain, address: str, token: str) -> bool:
    """Whether it says that it trades this token and another one, and keeps a price or reserves."""
    if is_nobody(address):
        return False
    try:
        (first,), (second,) = await asyncio.gather(
            chain.read(address, "token0()(address)"), chain.read(address, "token1()(address)")
        )
        await chain.read(address, "factory()(address)")
    except (CallReverted, CodecError):
        return False
    return token in (str(first).lower(), str(second).lower())


def _folded(logs: list[Log]) -> dict[str, int]:
    held: dict[str, int] = {}
    for log in logs:
        if len(log.topics) != 3 or len(log.data) != 32:
            continue  # not a transfer as ERC-20 writes it
        sender, to, amount = from_word(log.topics[1]), from_word(log.topics[2]), int.from_bytes(log.data, "big")
        held[sender] = held.get(sender, 0) - amount
        held[to] = held.get(to, 0) + amount
    return held
