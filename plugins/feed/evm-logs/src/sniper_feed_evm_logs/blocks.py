"""One batch of JSON-RPC: headers, the logs of their blocks and the tips paid in them; and whether they fit together.

Nothing of an answer is passed on before all of it was compared: each log must belong to a header of the same answer,
the headers must follow each other, and a place in a block must hold one log. Logs that come twice or out of order are
put in order, which loses nothing; anything else that does not fit is a lie.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from sniper.errors import CodecError
from sniper.evm.endpoint import NodeError, Request
from sniper.evm.log import Log, log_from_json
from sniper_feed_evm_logs.errors import NodeLied
from sniper_feed_evm_logs.filters import Wanted
from sniper_feed_evm_logs.header import Header, header

PERCENTILES = (10, 50, 90)


class Filled(NamedTuple):
    """A block with its wanted logs in order; ``tips`` as in `sniper.events.Block`."""

    header: Header
    logs: list[Log]
    tips: tuple[int, ...]


def fees(first: int, last: int) -> Request:
    """Asks for the tips paid in a range of blocks."""
    return ("eth_feeHistory", (hex(last - first + 1), hex(last), PERCENTILES))


def by_hash(number: int, hash_: str, wanted: Wanted) -> list[Request]:
    """Asks for one block. Its logs are asked for by its hash, so that they cannot be those of another branch."""
    return [
        ("eth_getBlockByHash", (hash_, False)),
        fees(number, number),
        *(("eth_getLogs", ({**each, "blockHash": hash_},)) for each in wanted.filters()),
    ]


def by_number(first: int, last: int, wanted: Wanted) -> list[Request]:
    """Asks for a range of blocks, both ends included."""
    blocks = {"fromBlock": hex(first), "toBlock": hex(last)}
    return [
        *(("eth_getBlockByNumber", (hex(number), False)) for number in range(first, last + 1)),
        fees(first, last),
        *(("eth_getLogs", ({**each, **blocks},)) for each in wanted.filters()),
    ]


def read_one(results: Sequence[Any | NodeError], number: int, hash_: str, parent: str | None, wanted: Wanted) -> Filled:
    """The answer to `by_hash`; ``parent`` is what the block must follow, where that is known."""
    found = header(usable(results[0]), number=number, hash_=hash_)
    if parent is not None and found.parent != parent:
        raise NodeLied(f"block {number} {hash_} was announced after {parent}, but follows {found.parent}")
    return _filled([found], results[1], results[2:], wanted)[0]


def read_range(results: Sequence[Any | NodeError], first: int, last: int, wanted: Wanted) -> list[Filled]:
    """The answer to `by_number`."""
    count = last - first + 1
    headers = [header(usable(result), number=first + n) for n, result in enumerate(results[:count])]
    for before, after in pairwise(headers):
        if after.parent != before.hash:
            raise NodeLied(f"block {after.number} follows {after.parent}, but block {before.number} is {before.hash}")
    return _filled(headers, results[count], results[count + 1 :], wanted)


def usable(result: Any | NodeError) -> Any:
    """A result as JSON; raises the `NodeError` that stands in its place."""
    if isinstance(result, NodeError):
        raise result
    return result


def _filled(headers: list[Header], history: Any, answers: Sequence[Any], wanted: Wanted) -> list[Filled]:
    places: dict[int, dict[int, Log]] = {each.number: {} for each in headers}
    hashes = {each.number: each.hash for each in headers}
    for answer in answers:
        found = usable(answer)
        if not isinstance(found, list):
            raise NodeLied(f"eth_getLogs gave {found!r:.80}, which is no list of logs")
        for item in found:
            log = _read_log(item)
            _compare(log, hashes, wanted)
            if not wanted.wants(log):
                continue
            if places[log.block].setdefault(log.index, log) != log:
                raise NodeLied(f"block {log.block} has two logs at index {log.index}")
    tips = _tips(headers, history)
    return [
        Filled(each, [places[each.number][index] for index in sorted(places[each.number])], tip)
        for each, tip in zip(headers, tips, strict=True)
    ]


def _read_log(item: Any) -> Log:
    try:
        return log_from_json(item)
    except CodecError as error:
        raise NodeLied(str(error)) from None


def _compare(log: Log, hashes: dict[int, str], wanted: Wanted) -> None:
    where = f"log {log.index} of block {log.block}"
    if log.removed:
        raise NodeLied(f"{where} is marked as removed, though its block was asked for")
    if log.block not in hashes:
        raise NodeLied(f"{where} was not asked for: the blocks were {min(hashes)} to {max(hashes)}")
    if log.block_hash != hashes[log.block]:
        raise NodeLied(f"{where} is of the block {log.block_hash}, but the header's hash is {hashes[log.block]}")
    if not wanted.matches(log):
        raise NodeLied(f"{where} of {log.address} matches no filter that was asked for")


def _tips(headers: list[Header], history: Any | NodeError) -> list[tuple[int, ...]]:
    """Empty where the node has no fee history, has it a moment after the block, or has that of another branch: a bid
    can do without, and the block cannot wait."""
    unknown: list[tuple[int, ...]] = [()] * len(headers)
    if isinstance(history, NodeError):
        return unknown
    try:
        if int(history["oldestBlock"], 16) != headers[0].number or len(history["reward"]) != len(headers):
            return unknown
        return [
            tuple(int(tip, 16) for tip in reward) if int(base_fee, 16) == each.base_fee else ()
            for each, reward, base_fee in zip(headers, history["reward"], history["baseFeePerGas"], strict=False)
        ]
    except (KeyError, TypeError, ValueError):
        return unknown
