"""From a pair's logs to its actions."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from sniper.evm.abi import event_topic
from sniper.plugin import Frozen
from sniper_risk_rug_forecast.actions import Action, Kind

TOPICS: Final[dict[str, Kind]] = {
    event_topic("Mint(address indexed sender, uint256 amount0, uint256 amount1)"): "mint",
    event_topic("Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)"): "burn",
    event_topic(
        "Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, "
        "address indexed to)"
    ): "swap",
    event_topic("Sync(uint112 reserve0, uint112 reserve1)"): "sync",
}
"""IUniswapV2Pair.sol"""

WORDS: Final[dict[Kind, int]] = {"mint": 2, "burn": 2, "swap": 4, "sync": 2}
INDEXED: Final[dict[Kind, int]] = {"mint": 1, "burn": 2, "swap": 2, "sync": 0}


class PairLog(Frozen):
    """What is needed of a log."""

    block: int
    topics: tuple[str, ...]
    data: bytes


class BlockTime(Frozen):
    """``time``: Unix seconds."""

    block: int
    time: int


def from_the_start(logs: Sequence[PairLog]) -> bool:
    """Whether these begin with the first liquidity: all that was added is all that there is then."""
    if len(logs) < 2:
        return False
    sync, mint = logs[0], logs[1]
    return _kind(sync) == "sync" and _kind(mint) == "mint" and sync.data == mint.data


def actions_of(logs: Sequence[PairLog], times: Sequence[BlockTime], *, token: int) -> list[Action]:
    """What happened, seen with coin ``token`` (0 or 1) as what is traded. Between ``times``, blocks are taken as evenly
    spaced. A pair logs its new reserves right before what changed them (`UniswapV2Pair._update`); what comes before the
    first of these is left out, for nobody knows the reserves there.

    Raises ValueError where a log is not as a pair writes it.
    """
    actions: list[Action] = []
    reserves, fresh = (0, 0), False
    told = False
    for log in logs:
        kind, words = _kind(log), _words(log)
        told = told or kind == "sync"
        if not told:
            continue
        if kind == "sync":
            if fresh:
                actions.append(_action(actions, "sync", log, times, token, (0, 0, 0, 0), reserves))
            reserves, fresh = (words[0], words[1]), True
            continue
        if kind == "swap":
            amounts = words[0], words[1], words[2], words[3]
        elif kind == "mint":
            amounts = words[0], words[1], 0, 0
        else:
            amounts = 0, 0, words[0], words[1]
        actions.append(_action(actions, kind, log, times, token, amounts, reserves))
        fresh = False
    if fresh:
        actions.append(_action(actions, "sync", logs[-1], times, token, (0, 0, 0, 0), reserves))
    return actions


def _action(
    before: Sequence[Action],
    kind: Kind,
    log: PairLog,
    times: Sequence[BlockTime],
    token: int,
    amounts: tuple[int, int, int, int],
    reserves: tuple[int, int],
) -> Action:
    parties = [f"0x{topic[-40:]}" for topic in log.topics[1:]] if kind != "sync" else []
    quote = 1 - token
    return Action(
        time=max(_time(log.block, times), before[-1].time if before else 0),
        block=log.block,
        kind=kind,
        sender=parties[0] if parties else "",
        to=parties[1] if len(parties) > 1 else "",
        quote_in=amounts[quote],
        quote_out=amounts[2 + quote],
        token_in=amounts[token],
        token_out=amounts[2 + token],
        quote_reserve=reserves[quote],
        token_reserve=reserves[token],
    )


def _kind(log: PairLog) -> Kind:
    kind = TOPICS.get(log.topics[0]) if log.topics else None
    if kind is None or len(log.topics) != 1 + INDEXED[kind]:
        raise ValueError(f"a log in block {log.block} is none of a pair's: {log.topics!r:.120}")
    return kind


def _words(log: PairLog) -> list[int]:
    size = WORDS[_kind(log)]
    if len(log.data) != 32 * size:
        raise ValueError(
            f"a {_kind(log)} in block {log.block} has {len(log.data)} bytes of data, a pair writes {32 * size}"
        )
    words = [int.from_bytes(log.data[32 * i : 32 * i + 32], "big") for i in range(size)]
    if max(words) >= 2**128:
        raise ValueError(f"a {_kind(log)} in block {log.block} names an amount that no pair can hold: {max(words)}")
    return words


def _time(block: int, times: Sequence[BlockTime]) -> int:
    after = bisect_right(times, block, key=lambda each: each.block)
    if after == 0:
        return times[0].time
    if after == len(times):
        return times[-1].time
    low, high = times[after - 1], times[after]
    return low.time + (high.time - low.time) * (block - low.block) // (high.block - low.block)
