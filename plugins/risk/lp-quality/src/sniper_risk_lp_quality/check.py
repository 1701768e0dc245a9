"""Can the liquidity leave? Reads who holds it, how it came, and who bought first."""

import asyncio
from typing import Any, Final, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.amounts import Amount
from sniper.errors import CallReverted, CodecError
from sniper.io import Chain
from sniper.risk import Config, Entry, Evidence, Finding, Findings, Io, RiskProbe, View, at_least, must
from sniper.types import BPS, SECOND, split_asset
from sniper_risk_lp_quality.custody import Held, Part, balance, custody
from sniper_risk_lp_quality.launch import Buyer, Launch, buyers, launch
from sniper_risk_lp_quality.pairs import History, pair
from sniper_risk_lp_quality.ranges import Price, price, ranges

MOST_LINES: Final = 8
"""Pieces of evidence in one finding."""
MOST_PARTS: Final = 12
"""Holders that are looked at; what the others have counts as a stranger's."""
OTHERS: Final = "others"

Power = Literal["allow", "warn", "deny"]


class LpQualityConfig(Config):
    min_depth: Amount = Field(0, description="least of the quote coin that must be in the pool, base units")
    min_locked_bps: int = Field(
        8000, ge=0, le=BPS, description="least share of the liquidity that must be burnt or locked, bps"
    )
    min_lock_s: NonNegativeInt = Field(2_592_000, description="seconds for which a lock must still hold to count")
    trust_locks: bool = Field(True, description="whether locked counts, or burnt alone")
    unlocked: Power = Field("deny", description="what it means that less is burnt or locked")
    max_deployer_bps: int = Field(
        2000, ge=0, le=BPS, description="largest share of the liquidity that the deployer can take out, bps"
    )
    deployer_holds: Power = Field("deny", description="what it means that the deployer can take out more")
    deployer_unknown: Power = Field(
        "warn",
        description="what it means that nobody knows the deployer, while more than that is neither burnt nor locked",
    )
    max_removed_bps: int = Field(
        2000, ge=0, le=BPS, description="how much of the most liquidity that there was may be gone, bps"
    )
    max_single_sided_bps: int = Field(
        5000, ge=0, le=BPS, description="largest share of positions that hold no quote coin, bps of the value"
    )
    max_out_of_range_bps: int = Field(
        5000, ge=0, le=BPS, description="largest share of positions that the price is not in, bps of the value"
    )
    single_sided: Power = Field("warn", description="what more single-sided or out-of-range liquidity means")
    max_funded_bps: int = Field(
        500,
        ge=0,
        le=BPS,
        description="most of the supply that first buyers with ties to the deployer or each other may have bought, bps",
    )
    funded_buyers: Power = Field("warn", description="what it means that they bought more")
    first_blocks: PositiveInt = Field(3, le=50, description="blocks from the launch on whose buyers are the first")
    funding_blocks: NonNegativeInt = Field(
        20, le=500, description="blocks before the launch that are searched for payments; 0: none are"
    )
    history_blocks: PositiveInt = Field(50_000, description="blocks back in which logs are looked for")


class Liquidity(Evidence):
    """What was read at ``block``.

    kind          ``"v2"``, ``"v3"``, or empty: a pool that is not understood.
    depth         Of the quote coin in the pool, base units.
    total         LP tokens of a V2 pair; value in quote base units of V3. ``parts`` of it, the largest first.
    single_sided  Of ``total``, in positions that hold none of the quote coin; ``out_of_range``: where the price is not.
    supply        Of the token, base units.
    cut           What was left out.
    """

    block: int
    kind: str = ""
    depth: int = 0
    total: int = 0
    parts: tuple[Part, ...] = ()
    single_sided: int = 0
    out_of_range: int = 0
    history: History = History()
    launch: Launch = Launch(block=-1, time=0, deployers=())
    buyers: tuple[Buyer, ...] = ()
    supply: int = 0
    cut: tuple[str, ...] = ()


class LpQuality(RiskProbe[Liquidity]):
    config: LpQualityConfig

    async def probe(self, intent: Entry, io: Io) -> Liquidity:
        chain = await io.chain(intent.chain_id)
        token, pool = split_asset(intent.token)[1], split_asset(intent.pool)[1]
        coins = await _coins(chain, pool)
        if token not in coins:
            return Liquidity(block=chain.block)
        quote = coins.index(token) ^ 1
        now = await price(chain, pool, quote)
        if now is None and not await _is_pair(chain, pool):
            return Liquidity(block=chain.block)
        first = max(0, chain.block - self.config.history_blocks)
        started = await launch(chain, token, pool, (coins[0], coins[1]), first)
        cut = () if started.block >= 0 else (f"the pool's beginning is not in the blocks from {first}",)
        first = max(first, started.block)
        (depth,), (supply,) = await asyncio.gather(
            chain.read(coins[quote], "balanceOf(address)(uint256)", pool), chain.read(token, "totalSupply()(uint256)")
        )
        some: tuple[Buyer, ...] = ()
        if started.block >= 0:
            some = await buyers(chain, token, pool, started, self.config.first_blocks, self.config.funding_blocks)
        read = _Reading(io, chain, intent.chain_id, pool, token, started, first)
        facts = await (read.pair() if now is None else read.ranges(now))
        return Liquidity(
            block=chain.block,
            depth=depth,
            supply=supply,
            launch=started,
            buyers=some,
            **{**facts, "cut": (*cut, *facts["cut"])},
        )

    def judge(self, intent: Entry, view: View, found: Liquidity) -> Findings:
        limits = self.config
        known = found.kind in ("v2", "v3")
        yield must("pool-known", known, note="" if known else "only pools of the kinds V2 and V3 are understood")
        if not known:
            return
        yield at_least("depth", found.depth, limits.min_depth, unit="base units", note=_age(found.launch))
        yield self._locked(found, view.now // SECOND)
        yield self._deployer(found)
        seen = _bps(sum(part.amount for part in found.parts if part.holder != OTHERS), found.total)
        yield Finding(
            rule="holders-seen",
            ok=seen >= limits.min_locked_bps or not found.cut,
            found=seen,
            limit=limits.min_locked_bps,
            unit="bps",
            severity="warn",
            evidence=found.cut,
        )
        yield self._one_sided("single-sided", found.single_sided, found.total, limits.max_single_sided_bps)
        yield self._one_sided("out-of-range", found.out_of_range, found.total, limits.max_out_of_range_bps)
        yield self._removed(found)
        yield self._funded(found)

    def _locked(self, found: Liquidity, now: int) -> Finding:
        limits = self.config
        safe = sum(part.amount for part in found.parts if self._is_safe(part, now + limits.min_lock_s))
        share = _bps(safe, found.total)
        return Finding(
            rule="locked",
            ok=share >= limits.min_locked_bps or limits.unlocked == "allow",
            found=share,
            limit=limits.min_locked_bps,
            unit="bps",
            severity=_severity(limits.unlocked),
            sure="confirmed" if any(part.kind == "locked" for part in found.parts) else "measured",
            evidence=tuple(_line(part, found) for part in found.parts[:MOST_LINES]),
        )

    def _is_safe(self, part: Part, until: int) -> bool:
        return part.kind == "burnt" or (self.config.trust_locks and part.kind == "locked" and part.until >= until)

    def _deployer(self, found: Liquidity) -> Finding:
        """Where nobody knows the deployer, all that somebody can take out may be the deployer's."""
        known = found.launch.deployers
        theirs = [
            part for part in found.parts if part.kind in ("wallet", "contract") and (part.holder in known or not known)
        ]
        share = _bps(sum(part.amount for part in theirs), found.total)
        power = self.config.deployer_holds if known else self.config.deployer_unknown
        return Finding(
            rule="deployer-share",
            ok=share <= self.config.max_deployer_bps or power == "allow",
            found=share,
            limit=self.config.max_deployer_bps,
            unit="bps",
            note="" if known else "who deployed it was not found: all of this may be the deployer's",
            severity=_severity(power),
            sure="measured" if known else "inferred",
            evidence=tuple(_line(part, found) for part in theirs[:MOST_LINES]),
        )

    def _one_sided(self, rule: str, amount: int, total: int, limit: int) -> Finding:
        share = _bps(amount, total)
        return Finding(
            rule=rule,
            ok=share <= limit or self.config.single_sided == "allow",
            found=share,
            limit=limit,
            unit="bps",
            severity=_severity(self.config.single_sided),
        )

    def _removed(self, found: Liquidity) -> Finding:
        past = found.history
        share = _bps(past.removed, past.peak)
        return Finding(
            rule="removed",
            ok=share <= self.config.max_removed_bps,
            found=share,
            limit=self.config.max_removed_bps,
            unit="bps",
            note=f"{past.count} additions and removals",
            evidence=tuple(
                f"block {each.block}: {'added' if each.amount > 0 else 'removed'} "
                f"{_bps(abs(each.amount), past.peak) / 100:.2f}% of the peak, {each.transaction}"
                for each in past.changes[-MOST_LINES:]
            ),
        )

    def _funded(self, found: Liquidity) -> Finding:
        limits = self.config
        tied = [buyer for buyer in found.buyers if buyer.links]
        share = _bps(sum(buyer.bought for buyer in tied), found.supply)
        looked = found.launch.block >= 0 and limits.funding_blocks > 0
        return Finding(
            rule="funded-buyers",
            ok=share <= limits.max_funded_bps or limits.funded_buyers == "allow",
            found=share,
            limit=limits.max_funded_bps,
            unit="bps",
            note=f"{len(tied)} of {len(found.buyers)} first buyers" if looked else "payments were not searched",
            severity=_severity(limits.funded_buyers),
            evidence=tuple(f"{buyer.address}: {link}" for buyer in tied for link in buyer.links[:2])[:MOST_LINES],
        )


class _Reading:
    """One pool, while it is read."""

    def __init__(self, io: Io, chain: Chain, chain_id: int, pool: str, token: str, started: Launch, first: int) -> None:
        self._io, self._chain, self._chain_id = io, chain, chain_id
        self._pool, self._token, self._people, self._first = pool, token, started.deployers, first

    # Any: fields of the evidence.
    async def pair(self) -> dict[str, Any]:
        found = await pair(self._chain, self._pool, (self._token, *self._people), self._first)
        hands = [(who, balance(self._pool, who, amount)) for who, amount in found.holders]
        parts = await self._parts(hands, found.total)
        return {"kind": "v2", "total": found.total, "parts": parts, "history": found.history, "cut": found.cut}

    async def ranges(self, now: Price) -> dict[str, Any]:
        found = await ranges(self._chain, self._pool, now, self._first)
        places = sorted(
            found.positions, key=lambda each: (-each.value, each.holder, each.token, each.lower, each.upper)
        )
        hands = [
            (
                each.holder,
                Held(asset=each.manager or self._pool, amount=each.value, watches=each.watches(), number=each.token),
            )
            for each in places
        ]
        return {
            "kind": "v3",
            "total": found.total,
            "parts": await self._parts(hands, found.total),
            "single_sided": sum(each.value for each in places if not each.quote),
            "out_of_range": sum(each.value for each in places if not each.in_range),
            "history": found.history,
            "cut": found.cut,
        }

    async def _parts(self, hands: list[tuple[str, Held]], total: int) -> tuple[Part, ...]:
        some = await asyncio.gather(
            *(
                custody(self._io, self._chain, self._chain_id, who, held, self._people, self._first)
                for who, held in hands[:MOST_PARTS]
            )
        )
        parts = [part for each in some for part in each]
        left = total - sum(part.amount for part in parts)
        if left > 0:
            parts.append(Part(holder=OTHERS, kind="wallet", amount=left, how="holders that were not looked at"))
        return tuple(sorted(parts, key=lambda part: (-part.amount, part.holder, part.until)))


async def _coins(chain: Chain, pool: str) -> tuple[str, ...]:
    if len(pool) != 42:
        return ()  # a pool that is no contract of its own
    try:
        (first,), (second,) = await asyncio.gather(
            chain.read(pool, "token0()(address)"), chain.read(pool, "token1()(address)")
        )
    except (CallReverted, CodecError):
        return ()
    return str(first).lower(), str(second).lower()


async def _is_pair(chain: Chain, pool: str) -> bool:
    try:
        await chain.read(pool, "getReserves()(uint256,uint256,uint256)")
    except (CallReverted, CodecError):
        return False
    return True


def _severity(power: Power) -> Literal["warn", "deny"]:
    return "deny" if power == "deny" else "warn"


def _bps(part: int, whole: int) -> int:
    """A share, rounded down; 0 of nothing."""
    return max(0, min(BPS, part * BPS // whole)) if whole > 0 else 0


def _age(started: Launch) -> str:
    return f"made in block {started.block}, at {started.time} s UTC" if started.block >= 0 else ""


def _line(part: Part, found: Liquidity) -> str:
    until = f" until {part.until} s UTC" if part.kind == "locked" else ""
    who = " (deployer)" if part.holder in found.launch.deployers else ""
    how = f": {part.how}" if part.how else ""
    return f"{_bps(part.amount, found.total) / 100:.2f}% {part.kind}{until}, {part.holder}{who}{how}"
