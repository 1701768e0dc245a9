"""What a chain says of some wallets in some blocks."""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from sniper.errors import RpcError
from sniper.evm.endpoint import NodeError, Request
from sniper.evm.log import Log, log_from_json
from sniper.evm.rpc import Endpoints
from sniper_feed_wallet_watch.deeds import TRANSFER, UNWRAPPED, Moved, Transaction, moved

MOST: Final = 200
"""Transactions that are looked at together; a flood of worthless tokens must not hold up the rest."""


class Found(NamedTuple):
    """``times``: s UTC of the blocks, by number. ``left_out``: transactions above `MOST`."""

    transactions: list[tuple[Transaction, list[Moved]]]
    times: dict[int, int]
    left_out: int


async def read(endpoints: Endpoints, wallets: Collection[str], first: int, last: int) -> Found:
    """All transfers of these wallets (lower-case addresses) in these blocks, by transaction, in the chain's order.

    Raises `NodeError` where a node refuses, such as a range that is too long for it, and `RpcError`.
    """
    topics = sorted("0x" + "0" * 24 + wallet[2:] for wallet in wallets)
    between = {"fromBlock": hex(first), "toBlock": hex(last)}
    filters = [{**between, "topics": [TRANSFER, topics]}, {**between, "topics": [TRANSFER, None, topics]}]
    logs: dict[tuple[int, int], Log] = {}
    for told in await _batch(endpoints, [("eth_getLogs", (each,)) for each in filters]):
        for log in _logs(told):
            if first <= log.block <= last and not log.removed:
                logs[log.block, log.index] = log
    by_hash: dict[str, list[Moved]] = {}
    for _, log in sorted(logs.items()):
        move = moved(log)
        if move is not None and (move.sender in wallets or move.receiver in wallets):
            by_hash.setdefault(log.transaction, []).append(move)
    hashes = list(by_hash)[:MOST]
    if not hashes:
        return Found([], {}, 0)
    asked: list[Request] = [("eth_getTransactionByHash", (hash_,)) for hash_ in hashes]
    asked += [("eth_getTransactionReceipt", (hash_,)) for hash_ in hashes]
    told = await _batch(endpoints, asked)
    pairs = zip(told[: len(hashes)], told[len(hashes) :], strict=True)
    found = [_transaction(*pair) for pair in pairs if None not in pair]  # None: a reorg took it meanwhile
    blocks = sorted({each.block for each in found})
    headers = await _batch(endpoints, [("eth_getBlockByNumber", (hex(number), False)) for number in blocks])
    return Found(
        [(each, by_hash[each.hash]) for each in found],
        {number: _number(header, "timestamp") for number, header in zip(blocks, headers, strict=True) if header},
        len(by_hash) - len(hashes),
    )


async def _batch(endpoints: Endpoints, requests: Sequence[Request]) -> list[Any]:  # Any: JSON
    answers = await endpoints.batch(requests) if requests else []
    for answer in answers:
        if isinstance(answer, NodeError):
            raise answer
    return answers


def _logs(told: Any) -> list[Log]:
    try:
        return [log_from_json(each) for each in told]
    except (TypeError, ValueError) as error:
        raise RpcError(f"a node gave logs that are none: {error}") from error


def _transaction(told: Any, receipt: Any) -> Transaction:
    try:
        unwrapped = any(str(topic).lower() == UNWRAPPED for log in receipt["logs"] for topic in log["topics"][:1])
        sender = str(told["from"]).lower()
        return Transaction(
            str(told["hash"]).lower(), _number(receipt, "blockNumber"), sender, _number(told, "value"), unwrapped
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RpcError(f"a node gave a transaction that is none: {error!r}") from error


def _number(told: Any, field: str) -> int:
    try:
        return int(told[field], 16)
    except (KeyError, TypeError, ValueError) as error:
        raise RpcError(f"a node gave no number as {field}: {error!r}") from error
