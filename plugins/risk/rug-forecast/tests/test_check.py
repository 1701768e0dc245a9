from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec import structs
from stories import TOPIC, logs_of, story

from sniper import codec
from sniper.errors import CallReverted
from sniper.evm.log import Log
from sniper.risk import Finding, Retry
from sniper.types import split_asset
from sniper_risk_rug_forecast import sniper_risk_checks
from sniper_risk_rug_forecast.actions import Action
from sniper_risk_rug_forecast.chainlogs import PairLog
from sniper_risk_rug_forecast.check import ENOUGH, RULE, SEEN, PoolForecast, RugForecast, RugForecastConfig
from sniper_risk_rug_forecast.errors import ModelFileError
from sniper_risk_rug_forecast.forecast import Forecast, forecast
from sniper_risk_rug_forecast.training import MALICIOUS
from sniper_sdk.builders import POOL, TOKEN, entry, view

(SPEC,) = sniper_risk_checks()
PROFILES: dict[str, Any] = SPEC.profiles
COIN = "0x" + "00" * 19 + "0e"
BLOCK_S = 12


@dataclass
class Archive:
    """An `Io` whose chain has one pair with these logs, and a block every twelve seconds."""

    logs_there: Sequence[PairLog]
    block: int
    coins: tuple[str, str] = (split_asset(TOKEN)[1], COIN)
    pair: bool = True
    asked: list[tuple[int, int]] = field(default_factory=list)

    async def chain(self, chain_id: int) -> "Archive":
        return self

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        assert address == split_asset(POOL)[1]
        if signature.startswith("getReserves"):
            if not self.pair:
                raise CallReverted("no such function")
            return 1, 1, 0
        return (self.coins[int(signature[5])],)

    async def logs(self, *, address: str, topics: Sequence[Any], first: int, last: int | None = None) -> list[Log]:
        assert last is not None
        self.asked.append((first, last))
        return [
            Log(
                address=address, topics=log.topics, data=log.data, block=log.block, block_hash="", transaction="",
                transaction_index=0, index=0,
            )
            for log in self.logs_there
            if first <= log.block <= last
        ]  # fmt: skip

    async def time(self, block: int | None = None) -> int:
        return (self.block if block is None else block) * BLOCK_S

    async def compute(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)


def archive(actions: Sequence[Action], *, wait: int = 100) -> Archive:
    return Archive(logs_of(actions, token=0), actions[-1].block + wait)


async def foreseen(there: Archive, **section: Any) -> PoolForecast:
    found = await RugForecast(config=RugForecastConfig(**section)).probe(entry(10**17), there)
    assert codec.decode(codec.encode(found), PoolForecast) == found
    return found


def judged(found: PoolForecast, **section: Any) -> dict[str, Finding]:
    check = RugForecast(config=RugForecastConfig(**section))
    return {finding.rule: finding for finding in check.judge(entry(10**17), view(), found)}


def with_probability(bps: int | None, *, drained: bool = False, cut: bool = False, actions: int = 9) -> PoolForecast:
    told = Forecast(
        probability_bps=bps, drained=drained, actions=actions, age_s=60, reasons=("burns = 1 (+1.00 log odds)",),
        about="trained on generated launches", model="ab",
    )  # fmt: skip
    return PoolForecast(block=9, unknown="", first_block=1, cut=cut, forecast=told)


async def test_reads_back_to_the_first_liquidity_and_no_further() -> None:
    actions = list(story())
    there = archive(actions)
    found = await foreseen(there)
    assert found.forecast is not None
    assert found.forecast.actions == len(actions)
    assert not found.cut
    assert found.forecast.age_s == (there.block - actions[0].block) * BLOCK_S
    assert there.asked[0][1] == there.block
    assert all(later[0] == earlier[1] + 1 for later, earlier in zip(there.asked, there.asked[1:], strict=False))
    assert there.asked[-1][0] <= actions[0].block


async def test_the_same_forecast_however_the_blocks_are_asked_for() -> None:
    actions = list(story())
    whole = await foreseen(archive(actions), blocks_per_request=50_000)
    parts = await foreseen(archive(actions), blocks_per_request=500)
    assert whole.forecast == parts.forecast


async def test_says_when_the_pool_is_older_than_what_was_read() -> None:
    actions = list(story())
    by_logs = await foreseen(archive(actions), max_logs=10, blocks_per_request=50_000)
    later = next(each.block for each in actions if each.block > actions[1].block)
    by_blocks = await foreseen(archive(actions), max_blocks=actions[-1].block + 100 - later + 1)
    for found in (by_logs, by_blocks):
        assert found.cut
        seen = judged(found)[SEEN]
        assert (seen.ok, seen.severity, seen.found) == (False, "warn", found.first_block)
    assert by_logs.forecast is not None
    assert by_logs.forecast.actions <= 10
    assert judged(await foreseen(archive(actions)))[SEEN].ok


@pytest.mark.parametrize("unseen", ["warn", "deny"])
async def test_a_pool_of_another_kind_is_no_pass_and_no_denial(unseen: str) -> None:
    there = archive(list(story()))
    there.pair = False
    finding = judged(await foreseen(there), unseen=unseen)[RULE]
    assert (finding.ok, finding.severity, finding.found) == (False, "warn", "unknown")
    assert "Uniswap V2" in finding.note


@pytest.mark.parametrize("change", [{"coins": (COIN, COIN)}, {"logs_there": []}])
async def test_a_pool_of_which_nothing_is_known_is_no_pass(change: dict[str, Any]) -> None:
    there = archive(list(story()))
    for name, value in change.items():
        setattr(there, name, value)
    found = await foreseen(there, max_blocks=5000)
    (finding,) = judged(found).values()
    assert (finding.ok, finding.severity) == (False, "warn")
    (finding,) = judged(found, **PROFILES["cautious"]).values()
    assert (finding.ok, finding.severity) == (False, "deny")


async def test_a_pair_that_logs_its_reserves_otherwise_is_no_pass_and_not_drained() -> None:
    actions = list(story())
    there = archive(actions)
    there.logs_there = [log for log in there.logs_there if log.topics[0] != TOPIC["sync"]]
    finding = judged(await foreseen(there))[RULE]
    assert (finding.ok, finding.severity, finding.found) == (False, "warn", "unknown")


@pytest.mark.parametrize(("profile", "severity"), [("cautious", "deny"), ("balanced", "warn"), ("degen", "warn")])
@pytest.mark.parametrize(
    ("found", "rule"), [(with_probability(0, cut=True), SEEN), (with_probability(0, actions=4), ENOUGH)]
)
def test_what_was_seen_too_little_of_is_denied_by_the_cautious_alone(
    found: PoolForecast, rule: str, profile: str, severity: str
) -> None:
    findings = judged(found, **PROFILES.get(profile, {}))
    assert [name for name, finding in findings.items() if not finding.ok] == [rule]
    assert findings[rule].severity == severity
    assert findings[rule].retry == (Retry.event("pool-changed/1", POOL) if rule == ENOUGH else None)
    assert findings[RULE].retry is None
    assert all(finding.ok for finding in judged(found, unseen="allow").values())
    assert all(finding.ok for finding in judged(with_probability(0, actions=5), **PROFILES.get(profile, {})).values())


async def test_a_drained_pool_is_denied_as_a_fact() -> None:
    actions = list(story())
    last = actions[-1]
    pulled = structs.replace(
        last, kind="burn", quote_in=0, token_in=0, token_out=1, quote_out=last.quote_reserve, quote_reserve=0
    )
    finding = judged(await foreseen(archive([*actions, pulled])))[RULE]
    assert (finding.ok, finding.severity, finding.sure) == (False, "deny", "measured")


@pytest.mark.parametrize(
    ("bps", "ok", "severity", "limit"),
    [(3999, True, "warn", 4000), (4001, False, "warn", 4000), (7000, False, "warn", 4000), (7001, False, "deny", 7000)],
)
def test_warns_above_one_probability_and_denies_above_another(bps: int, ok: bool, severity: str, limit: int) -> None:
    finding = judged(with_probability(bps))[RULE]
    assert (finding.ok, finding.severity, finding.limit, finding.found) == (ok, severity, limit, bps)
    assert finding.sure == "inferred"
    assert "trained on generated launches" in finding.note
    assert any("log odds" in line for line in finding.evidence)
    assert any("sha256" in line for line in finding.evidence)


def test_the_limits_can_be_moved_without_the_network() -> None:
    found = with_probability(5000)
    assert judged(found, warn_above_bps=5000)[RULE].ok
    assert judged(found, deny_above_bps=4999)[RULE].severity == "deny"
    assert judged(found, warn_above_bps=9000, deny_above_bps=4000)[RULE].severity == "deny"


async def test_a_model_of_something_else_is_refused(tmp_path: Any) -> None:
    from sniper_risk_rug_forecast.modelfile import shipped

    path = tmp_path / "labels.json"
    path.write_text(shipped().model_copy(update={"target": MALICIOUS}).sealed().text())
    with pytest.raises(ModelFileError, match="without --labels"):
        await foreseen(archive(list(story())), model=str(path))


def test_pools_that_are_pulled_are_foreseen_more_than_those_that_are_not() -> None:
    """On launches that the model never saw."""
    from sniper_risk_rug_forecast.launches import launches
    from sniper_risk_rug_forecast.modelfile import Model, shipped
    from sniper_risk_rug_forecast.scores import auc
    from sniper_risk_rug_forecast.training import DRAINED, samples

    model, unseen = Model(shipped()), samples(launches(120, 77), DRAINED)
    assert auc([model.probability(each.x) for each in unseen], [each.y for each in unseen]) > 0.8


def test_a_forecast_of_nothing_is_none() -> None:
    assert forecast("", (), (), 0, 5).probability_bps is None
