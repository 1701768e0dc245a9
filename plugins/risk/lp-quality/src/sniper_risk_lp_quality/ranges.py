"""Whose the liquidity of a V3 pool is: positions, by the pool's logs, and what each is worth at the present price."""

import asyncio
from typing import Final

from sniper.amm import NoLiquidity
from sniper.errors import CallReverted, CodecError
from sniper.evm.abi import event_topic, function
from sniper.evm.log import Log
from sniper.io import Chain
from sniper.plugin import Frozen
from sniper_amm_uniswap_v3.tick import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick
from sniper_risk_lp_quality.keys import Watch
from sniper_risk_lp_quality.launch import from_word
from sniper_risk_lp_quality.pairs import Change, History, history

MINT: Final = event_topic("Mint(address,address,int24,int24,uint128,uint256,uint256)")
BURN: Final = event_topic("Burn(address,int24,int24,uint128,uint256,uint256)")
INCREASE: Final = event_topic("IncreaseLiquidity(uint256,uint128,uint256,uint256)")
POSITIONS: Final = "positions(uint256)"
OWNER_OF: Final = "ownerOf(uint256)"
MOST_RANGES: Final = 40
"""Ranges that are looked into, those first that are worth most."""
MOST_BLOCKS: Final = 60
"""Blocks whose logs of a position manager are read."""
MOST_WORTH: Final = 2**240
"""Of one range: at the edge of what a price can be, a coin's value has no bound that an amount has."""

_SLOT0: Final = (
    "slot0()(uint160,int24,uint16,uint16,uint16,uint32,bool)",  # Uniswap, PancakeSwap
    "slot0()(uint160,int24,uint16,uint16,uint16,bool)",  # Slipstream
)
_POSITION: Final = "(uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,uint128,uint128)"
_Range = tuple[str, int, int]
"""Owner as the pool has it, lower and upper tick."""


class Price(Frozen):
    """Of a pool. ``root``: the square root of coin 1 per coin 0, Q64.96; ``quote``: which coin values are in."""

    root: int
    tick: int
    quote: int


class Position(Frozen):
    """One range in one hand.

    holder      Who can take it out: the owner of its token, where a position manager holds it.
    manager     That one's address, and ``token`` its number; empty and 0 where the holder owns it at the pool.
    value       Of both coins at the present price, quote base units; ``quote``: of the quote coin alone.
    in_range    Whether the price is in it.
    """

    holder: str
    manager: str
    token: int
    lower: int
    upper: int
    liquidity: int
    value: int
    quote: int
    in_range: bool

    def watches(self) -> tuple[Watch, ...]:
        """What shows that a lock lets go of it."""
        if not self.manager:
            return ()
        return (
            Watch(to=self.manager, data=function(OWNER_OF).encode(self.token), exact=True, name="its owner"),
            Watch(to=self.manager, data=function(POSITIONS).encode(self.token), word=7, name="its liquidity"),
        )


class Ranges(Frozen):
    """total: value of all liquidity, also of that whose holder was not found."""

    total: int
    positions: tuple[Position, ...]
    history: History
    cut: tuple[str, ...]


async def price(chain: Chain, pool: str, quote: int) -> Price | None:
    """None: it is no pool of this kind."""
    for signature in _SLOT0:
        try:
            found = await chain.read(pool, signature)
        except (CallReverted, CodecError):
            continue
        return Price(root=found[0], tick=found[1], quote=quote) if found[0] else None
    return None


async def ranges(chain: Chain, pool: str, now: Price, first: int) -> Ranges:
    """Read it, with logs from block ``first``. Raises `RpcError` and `CallReverted`."""
    logs = await chain.logs(address=pool, topics=[[MINT, BURN]], first=first)
    live, mints, changes = _folded(logs, now)
    ranked = sorted(live, key=lambda each: (-worth(now, each[1], each[2], live[each])[0], each))
    chosen = ranked[:MOST_RANGES]
    cut = [f"{len(ranked) - MOST_RANGES} smaller ranges were not read"] if len(ranked) > MOST_RANGES else []
    managed = {each for each in chosen if await _is_manager(chain, each[0])}
    positions = [_position(now, each[0], each, live[each]) for each in chosen if each not in managed]
    tokens, skipped = await _tokens(chain, {each: mints[each] for each in chosen if each in managed})
    if skipped:
        cut.append(f"positions made in {skipped} blocks were not read")
    positions += await _owned(chain, now, tokens)
    missing = {each: live[each] - _found(positions, each) for each in chosen if each in managed}
    positions += [_position(now, each[0], each, left) for each, left in missing.items() if left > 0]
    (liquidity,) = await chain.read(pool, "liquidity()(uint128)")
    unseen = liquidity - sum(each.liquidity for each in positions if each.in_range)
    total = sum(each.value for each in positions) + worth(now, MIN_TICK, MAX_TICK, max(0, unseen))[0]
    return Ranges(total=total, positions=tuple(positions), history=history(changes), cut=tuple(cut))


def worth(now: Price, lower: int, upper: int, liquidity: int) -> tuple[int, int]:
    """Of a range at the present price, in quote base units: both coins, and the quote coin alone. Amounts as in
    ``LiquidityAmounts.getAmountsForLiquidity`` of Uniswap v3-periphery, rounded down."""
    try:
        low, high = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
    except NoLiquidity:
        return 0, 0  # no such range can be minted
    if not 0 < low < high or now.root <= 0 or liquidity <= 0:
        return 0, 0
    at = min(max(now.root, low), high)
    amounts = ((liquidity << 96) * (high - at) // high // at, liquidity * (at - low) >> 96)
    own = amounts[now.quote]
    square = now.root * now.root
    other = amounts[0] * square >> 192 if now.quote == 1 else (amounts[1] << 192) // square
    return min(own + other, MOST_WORTH), min(own, MOST_WORTH)


def _folded(logs: list[Log], now: Price) -> tuple[dict[_Range, int], dict[_Range, list[Log]], list[Change]]:
    """Liquidity that is left, and the logs that brought it, by range; and what was added and removed."""
    live: dict[_Range, int] = {}
    mints: dict[_Range, list[Log]] = {}
    changes: list[Change] = []
    for log in logs:
        if len(log.topics) != 4 or len(log.data) < 96:
            continue  # not as such a pool writes it
        owner, lower, upper = from_word(log.topics[1]), _signed(log.topics[2]), _signed(log.topics[3])
        place = (owner, lower, upper)
        minted = log.topics[0] == MINT
        begin = 32 if minted else 0
        liquidity = int.from_bytes(log.data[begin : begin + 32], "big") * (1 if minted else -1)
        if not liquidity:
            continue  # a burn of nothing only counts fees
        live[place] = live.get(place, 0) + liquidity
        if minted:
            mints.setdefault(place, []).append(log)
        value = worth(now, lower, upper, abs(liquidity))[0]
        changes.append(Change(block=log.block, amount=value if minted else -value, transaction=log.transaction))
    left = {place: liquidity for place, liquidity in live.items() if liquidity > 0}
    return left, {place: mints.get(place, []) for place in left}, changes


async def _is_manager(chain: Chain, address: str) -> bool:
    if not await chain.code(address):
        return False
    try:
        await chain.read(address, "supportsInterface(bytes4)(bool)", bytes.fromhex("80ac58cd"))  # ERC-721
    except (CallReverted, CodecError):
        return False
    return True


async def _tokens(chain: Chain, mints: dict[_Range, list[Log]]) -> tuple[list[tuple[_Range, int]], int]:
    """The numbers of the managers' positions, by the log that follows the pool's in the same transaction; and how many
    blocks were left out."""
    wanted = list(dict.fromkeys((place[0], log.block) for place, logs in mints.items() for log in logs))
    answers = await asyncio.gather(
        *(
            chain.logs(address=manager, topics=[INCREASE], first=block, last=block)
            for manager, block in wanted[:MOST_BLOCKS]
        )
    )
    increased = [log for logs in answers for log in logs]
    found: dict[tuple[_Range, int], None] = {}
    for place, logs in mints.items():
        for log in logs:
            after = [
                each
                for each in increased
                if (each.address, each.transaction) == (place[0], log.transaction) and each.index > log.index
            ]
            if after:
                nearest = min(after, key=lambda each: each.index)
                found[place, int(nearest.topics[1], 16)] = None
    return list(found), max(0, len(wanted) - MOST_BLOCKS)


async def _owned(chain: Chain, now: Price, tokens: list[tuple[_Range, int]]) -> list[Position]:
    async def one(place: _Range, number: int) -> Position | None:
        try:
            (owner,), facts = await asyncio.gather(
                chain.read(place[0], f"{OWNER_OF}(address)", number),
                chain.read(place[0], f"{POSITIONS}{_POSITION}", number),
            )
        except (CallReverted, CodecError):
            return None  # burnt since, so what it had is gone
        return _position(now, str(owner).lower(), place, facts[7], number)

    found = await asyncio.gather(*(one(place, number) for place, number in tokens))
    return [each for each in found if each is not None and each.liquidity]


def _position(now: Price, holder: str, place: _Range, liquidity: int, number: int = 0) -> Position:
    owner, lower, upper = place
    value, quote = worth(now, lower, upper, liquidity)
    return Position(
        holder=holder,
        manager=owner if holder != owner else "",
        token=number,
        lower=lower,
        upper=upper,
        liquidity=liquidity,
        value=value,
        quote=quote,
        in_range=lower <= now.tick < upper,
    )


def _found(positions: list[Position], place: _Range) -> int:
    return sum(each.liquidity for each in positions if (each.manager, each.lower, each.upper) == place)


def _signed(topic: str) -> int:
    number = int(topic, 16)
    return number - 2**256 if number >= 2**255 else number
