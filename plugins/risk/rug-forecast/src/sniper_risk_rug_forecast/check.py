"""Is this pool about to be drained? Reads what happened to it so far, and lets a model judge that."""

import asyncio
from typing import Final, Literal

from pydantic import Field, PositiveInt

from sniper.errors import CallReverted
from sniper.events import PoolChanged, tag_of
from sniper.io import Chain
from sniper.risk import Config, Entry, Evidence, Finding, Findings, Io, Retry, RiskProbe, Sure, View
from sniper.types import BPS, split_asset
from sniper_risk_rug_forecast.chainlogs import TOPICS, BlockTime, PairLog, from_the_start
from sniper_risk_rug_forecast.forecast import Forecast, forecast

RULE: Final = "drained-within-24h"
SEEN: Final = "seen-since-creation"
ENOUGH: Final = "seen-actions"
HEADERS: Final = 12
"""Blocks whose times are asked for; those between them are taken as evenly spaced."""

Power = Literal["allow", "warn", "deny"]


class RugForecastConfig(Config):
    warn_above_bps: int = Field(4_000, ge=0, le=BPS, description="probability above which there is a warning, bps")
    deny_above_bps: int = Field(7_000, ge=0, le=BPS, description="probability above which nothing is bought, bps")
    min_actions: PositiveInt = Field(5, description="fewest actions in the pool from which a forecast says something")
    unseen: Power = Field(
        "warn", description="what it means that there were fewer, or that the pair or its first part could not be read"
    )
    model: str = Field("", description="path of a model file; empty for the one that comes with the package")
    max_blocks: PositiveInt = Field(50_000, description="blocks back from the newest in which the pool's logs are read")
    blocks_per_request: PositiveInt = Field(2_000, description="most blocks that the node is asked for at once")
    max_logs: PositiveInt = Field(5_000, description="logs after which older ones are not read")


class PoolForecast(Evidence):
    """What was foreseen at ``block``.

    unknown      Why nothing can be foreseen; empty where it was.
    first_block  The oldest block that was read; ``cut``: the pool is older than that.
    forecast     None where nothing can be foreseen.
    foreign      It is no pair, so no model here is about it.
    """

    block: int
    unknown: str
    first_block: int
    cut: bool
    forecast: Forecast | None
    foreign: bool = False


class RugForecast(RiskProbe[PoolForecast]):
    config: RugForecastConfig

    async def probe(self, intent: Entry, io: Io) -> PoolForecast:
        chain = await io.chain(intent.chain_id)
        pool, traded = split_asset(intent.pool)[1].lower(), split_asset(intent.token)[1].lower()
        try:
            read = await asyncio.gather(
                chain.read(pool, "token0()(address)"),
                chain.read(pool, "token1()(address)"),
                chain.read(pool, "getReserves()(uint112,uint112,uint32)"),
            )
        except CallReverted:
            why = "it is no pair of the Uniswap V2 kind, and the model knows no other"
            return _unknown(chain, why, foreign=True)
        coins = read[0][0].lower(), read[1][0].lower()
        if traded not in coins:
            return _unknown(chain, "it does not hold the token")
        logs, first = await self._logs(chain, pool)
        if not logs:
            return _unknown(chain, f"it logged nothing that a pair logs since block {first}", first)
        times = await _times(chain, logs)
        found = await io.compute(forecast, self.config.model, tuple(logs), times, coins.index(traded), times[-1].time)
        return PoolForecast(
            block=chain.block, unknown="", first_block=first, cut=not from_the_start(logs), forecast=found
        )

    async def _logs(self, chain: Chain, pool: str) -> tuple[list[PairLog], int]:
        """The pair's logs back to its first liquidity, or to what the config bounds; and the oldest block read."""
        logs: list[PairLog] = []
        last, oldest = chain.block, max(0, chain.block - self.config.max_blocks + 1)
        first = last + 1
        while last >= oldest and len(logs) < self.config.max_logs and not from_the_start(logs):
            first = max(oldest, last - self.config.blocks_per_request + 1)
            older = await chain.logs(address=pool, topics=[list(TOPICS)], first=first, last=last)
            logs = [PairLog(block=log.block, topics=log.topics, data=log.data) for log in older] + logs
            last = first - 1
        if len(logs) > self.config.max_logs:
            logs = logs[-self.config.max_logs :]
            first = logs[0].block
        return logs, first

    def judge(self, intent: Entry, view: View, found: PoolForecast) -> Findings:
        limits, told = self.config, found.forecast
        if told is None or told.probability_bps is None:
            why = found.unknown or "it never logged its reserves as a pair does"
            note = f"cannot tell of this pool: {why}"
            # A pool of another kind is for other checks: no setting here could make it known.
            power = "warn" if found.foreign else limits.unseen
            yield _seen(power, RULE, False, "unknown", note=note, sure="inferred")
            return
        denies = told.drained or told.probability_bps > limits.deny_above_bps
        warned = min(limits.warn_above_bps, limits.deny_above_bps)
        yield Finding(
            rule=RULE,
            ok=not told.drained and told.probability_bps <= warned,
            found=BPS if told.drained else told.probability_bps,
            limit=limits.deny_above_bps if denies else warned,
            unit="bps",
            note="it is drained already" if told.drained else f"by a model that was {told.about}",
            severity="deny" if denies else "warn",
            sure="measured" if told.drained else "inferred",
            evidence=(
                f"{told.actions} actions in {told.age_s} s, from block {found.first_block} to {found.block}",
                *told.reasons,
                f"model sha256 {told.model}",
            ),
        )
        cut = "older actions were not read: the forecast knows this pool's later life alone" if found.cut else ""
        yield _seen(limits.unseen, SEEN, not found.cut, found.first_block, unit="block", note=cut)
        least = limits.min_actions
        more = Retry.event(tag_of(PoolChanged), intent.pool)
        yield _seen(limits.unseen, ENOUGH, told.actions >= least, told.actions, limit=least, unit="actions", retry=more)


def _seen(
    power: Power,
    rule: str,
    ok: bool,
    found: int | str,
    *,
    limit: int | None = None,
    unit: str = "",
    note: str = "",
    sure: Sure = "measured",
    retry: Retry | None = None,
) -> Finding:
    """Whether enough was seen of a pool."""
    ok = ok or power == "allow"
    return Finding(
        rule=rule,
        ok=ok,
        found=found,
        limit=limit,
        unit=unit,
        note=note,
        severity="deny" if power == "deny" else "warn",
        sure=sure,
        retry=None if ok else retry,
    )


def _unknown(chain: Chain, why: str, first: int | None = None, *, foreign: bool = False) -> PoolForecast:
    return PoolForecast(
        block=chain.block,
        unknown=why,
        first_block=chain.block if first is None else first,
        cut=False,
        forecast=None,
        foreign=foreign,
    )


async def _times(chain: Chain, logs: list[PairLog]) -> tuple[BlockTime, ...]:
    """Of the newest block and some of those with logs, the first and the last among them."""
    blocks = sorted({log.block for log in logs})
    step = max(1, -(-len(blocks) // HEADERS))
    asked = sorted({*blocks[::step], blocks[-1], chain.block})
    times = await asyncio.gather(*(chain.time(block) for block in asked))
    return tuple(BlockTime(block=block, time=time) for block, time in zip(asked, times, strict=True))
