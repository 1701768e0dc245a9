"""Who has the token? Reads its holders, those who bought first, and what its deployer made before."""

import asyncio
from typing import Final, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.errors import CallReverted, CodecError
from sniper.io import Chain
from sniper.risk import Config, Entry, Evidence, Finding, Findings, Io, RiskProbe, View, must
from sniper.types import BPS, split_asset
from sniper_risk_holders.books import Holder, books
from sniper_risk_holders.past import earlier_tokens
from sniper_risk_lp_quality.launch import LARGEST, Buyer, Launch, buyers, launch

MOST_LINES: Final = 10
"""Pieces of evidence in one finding."""
FRESH_NONCE: Final = 1
"""A wallet that has sent at most so many transactions is fresh: one that only bought has sent one."""
LEFT_OUT: Final = ("pool", "burnt", "locked")
"""What no holder can sell."""

Power = Literal["allow", "warn", "deny"]


class HoldersConfig(Config):
    max_top_bps: int = Field(2000, ge=0, le=BPS, description="most of the supply that one may hold, bps")
    max_top_ten_bps: int = Field(5000, ge=0, le=BPS, description="most of the supply that ten may hold, bps")
    concentrated: Power = Field("deny", description="what it means that one or ten hold more")
    max_herfindahl: int = Field(
        500, ge=0, le=BPS, description="largest sum of the squares of the holders' shares, times 10,000; it warns"
    )
    max_fresh_bps: int = Field(
        2000, ge=0, le=BPS, description="most of the supply that wallets without a history may hold, bps"
    )
    fresh: Power = Field("warn", description="what it means that they hold more")
    max_bundled_bps: int = Field(
        2000,
        ge=0,
        le=BPS,
        description="most of the supply that may have been bought in the pool's first block, or with tied money, bps",
    )
    bundled: Power = Field("warn", description="what it means that more was")
    max_earlier_tokens: NonNegativeInt = Field(5, description="most tokens that the deployer may have made before")
    earlier: Power = Field("warn", description="what it means that there are more")
    min_seen_bps: int = Field(
        9000, ge=0, le=BPS, description="least share of the supply whose holders must have been found, bps"
    )
    unseen: Power = Field(
        "warn", description="what it means that fewer were found, or neither the deployer nor the pool's beginning"
    )
    first_blocks: PositiveInt = Field(3, le=50, description="blocks from the launch on whose buyers are the first")
    funding_blocks: NonNegativeInt = Field(
        20, le=500, description="blocks before the launch that are searched for payments; 0: none are"
    )
    history_blocks: PositiveInt = Field(50_000, description="blocks back in which logs are looked for")


class Holding(Evidence):
    """What was read at ``block``.

    supply   Token base units. ``seen``: of them, in the hands of somebody who was found.
    holders  The largest, those that no holder can sell included.
    squares  Sum of the squares of all holders' shares of what is not burnt, times 10,000.
    top_ten  Base units of the ten largest whose holdings can be sold.
    earlier  Tokens that the deployers created before.
    cut      What was left out.
    """

    block: int
    supply: int = 0
    seen: int = 0
    burnt: int = 0
    holders: tuple[Holder, ...] = ()
    top: int = 0
    top_ten: int = 0
    squares: int = 0
    launch: Launch = Launch(block=-1, time=0, deployers=())
    buyers: tuple[Buyer, ...] = ()
    earlier: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()


class Holders(RiskProbe[Holding]):
    config: HoldersConfig

    async def probe(self, intent: Entry, io: Io) -> Holding:
        limits = self.config
        chain = await io.chain(intent.chain_id)
        token, pool = split_asset(intent.token)[1], split_asset(intent.pool)[1]
        first = max(0, chain.block - limits.history_blocks)
        coins = await _coins(chain, pool)
        started, some, cut = Launch(block=-1, time=0, deployers=()), tuple[Buyer, ...](), list[str]()
        if coins:
            started = await launch(chain, token, pool, coins, first)
        if started.block >= 0:
            some = await buyers(chain, token, pool, started, limits.first_blocks, limits.funding_blocks)
        else:
            cut.append(f"the pool's beginning was not found in the blocks from {first}")
        found, (earlier, left_out) = await asyncio.gather(
            books(io, chain, intent.chain_id, token, pool if coins else token, started.deployers, first),
            earlier_tokens(chain, started.creators, token),
        )
        burnt = sum(each.balance for each in found.holders if each.kind == "burnt")
        whole = found.supply - burnt
        sellable = [each.balance for each in found.holders if each.kind not in LEFT_OUT]
        return Holding(
            block=chain.block,
            supply=found.supply,
            seen=min(found.supply, sum(each.balance for each in found.holders)),
            burnt=min(burnt, LARGEST),
            holders=found.holders[:40],
            top=sellable[0] if sellable else 0,
            top_ten=min(sum(sellable[:10]), LARGEST),
            squares=min(BPS, sum(each * each for each in sellable) * BPS // (whole * whole)) if whole > 0 else 0,
            launch=started,
            buyers=some,
            earlier=earlier,
            cut=(*cut, *found.cut, *left_out),
        )

    def judge(self, intent: Entry, view: View, found: Holding) -> Findings:
        limits = self.config
        whole = found.supply - found.burnt
        yield must("has-supply", whole > 0, note="" if whole > 0 else "nothing of it is left that could be held")
        seen = _bps(found.seen, found.supply)
        yield _judged("holders-seen", seen, limits.min_seen_bps, limits.unseen, found.cut, least=True)
        hands = [each for each in found.holders if each.kind not in LEFT_OUT]
        lines = tuple(_line(each, found) for each in hands[:MOST_LINES])
        yield _judged("top-holder", _bps(found.top, whole), limits.max_top_bps, limits.concentrated, lines[:1])
        yield _judged("top-ten", _bps(found.top_ten, whole), limits.max_top_ten_bps, limits.concentrated, lines)
        squares = max(0, min(BPS, found.squares))
        yield _judged("herfindahl", squares, limits.max_herfindahl, "warn", (), unit="of 10,000")
        fresh = [each for each in hands if 0 <= each.nonce <= FRESH_NONCE]
        yield _judged(
            "fresh-wallets",
            _bps(sum(each.balance for each in fresh), whole),
            limits.max_fresh_bps,
            limits.fresh,
            tuple(_line(each, found) for each in fresh[:MOST_LINES]),
        )
        yield self._bundled(found)
        began = found.launch.block >= 0
        yield self._seen("beginning-seen", began, "" if began else found.cut[0] if found.cut else "nothing tells it")
        maker = bool(found.launch.creators)
        yield self._seen("deployer-seen", maker, "" if maker else "who deployed it was not found")
        yield _judged(
            "earlier-tokens",
            len(found.earlier),
            limits.max_earlier_tokens,
            limits.earlier,
            found.earlier[:MOST_LINES],
            unit="tokens",
        )

    def _seen(self, rule: str, seen: bool, note: str) -> Finding:
        """What is judged by it says nothing where it was not seen."""
        unseen = self.config.unseen
        return Finding(
            rule=rule,
            ok=seen or unseen == "allow",
            found=seen,
            note=note,
            severity="deny" if unseen == "deny" else "warn",
        )

    def _bundled(self, found: Holding) -> Finding:
        limits = self.config
        together = [each for each in found.buyers if each.block == found.launch.block or each.links]
        lines = (
            f"{each.address} bought {_bps(each.bought, found.supply) / 100:.2f}% in block {each.block}"
            + (f": {each.links[0]}" if each.links else "")
            for each in together[:MOST_LINES]
        )
        return _judged(
            "bundled-buys",
            _bps(sum(each.bought for each in together), found.supply),
            limits.max_bundled_bps,
            limits.bundled,
            tuple(lines),
            note=f"{len(together)} of {len(found.buyers)} first buyers",
        )


def _judged(
    rule: str,
    found: int,
    limit: int,
    power: Power,
    evidence: tuple[str, ...],
    *,
    unit: str = "bps",
    note: str = "",
    least: bool = False,
) -> Finding:
    """A finding that holds where ``found`` is at most ``limit``, or at ``least`` it."""
    within = found >= limit if least else found <= limit
    return Finding(
        rule=rule,
        ok=within or power == "allow",
        found=found,
        limit=limit,
        unit=unit,
        note=note,
        severity="deny" if power == "deny" else "warn",
        evidence=evidence,
    )


async def _coins(chain: Chain, pool: str) -> tuple[str, str] | None:
    """None: it is no pool with a contract of its own."""
    if len(pool) != 42:
        return None
    try:
        (first,), (second,) = await asyncio.gather(
            chain.read(pool, "token0()(address)"), chain.read(pool, "token1()(address)")
        )
    except (CallReverted, CodecError):
        return None
    return str(first).lower(), str(second).lower()


def _bps(part: int, whole: int) -> int:
    """A share, rounded down; 0 of nothing."""
    return max(0, min(BPS, part * BPS // whole)) if whole > 0 else 0


def _line(each: Holder, found: Holding) -> str:
    who = ", the deployer" if each.address in found.launch.deployers else ""
    sent = f", has sent {each.nonce} transactions" if each.nonce >= 0 else ""
    return f"{_bps(each.balance, found.supply - found.burnt) / 100:.2f}% {each.address}, {each.kind}{who}{sent}"
