"""Checks that remember, and breakers: what they see, what they deny, and that nothing but a person undoes a trip."""

from dataclasses import replace

import pytest
from world import CHAIN, ETHER, Setup, World, target

from sniper.config import Config
from sniper.events import Block, PositionClosed, PositionOpened, Retracted
from sniper.kernel import facts as f
from sniper.kernel.wiring import WatchWiring
from sniper.risk import Entry, Findings, KillLevel, RiskWatch, Trip, Trips, View, at_most, must, on
from sniper_risk_limits.check import Limits, LimitsConfig

TENTH = ETHER // 10


class FuseConfig(Config):
    most: int = 10**9
    level: KillLevel = KillLevel.NO_ENTRIES
    breaks_at: int = 0


class Fuse(RiskWatch):
    """Counts blocks; trips at one, denies from one on, raises at one."""

    config: FuseConfig
    blocks: int = 0
    told: list[str] = []

    @on(Block)
    def block(self, event: Block, view: View) -> Trips:
        self.blocks += 1
        if self.blocks == self.config.breaks_at:
            raise RuntimeError("it broke")
        if self.blocks == self.config.most:
            yield Trip(level=self.config.level, reason=f"{self.blocks} blocks")

    @on(PositionOpened)
    def opened(self, event: PositionOpened, view: View) -> Trips:
        self.told.append("opened")
        yield from ()

    @on(PositionClosed)
    def closed(self, event: PositionClosed, view: View) -> Trips:
        self.told.append("closed")
        yield from ()

    @on(Retracted)
    def retracted(self, event: Retracted, view: View) -> Trips:
        self.told.append(f"retracted {event.ancestor}")
        yield from ()

    def judge(self, intent: Entry, view: View) -> Findings:
        yield at_most("blocks", self.blocks, self.config.most)


def world(**config: object) -> World:
    wiring = WatchWiring(name="fuse", watch=Fuse, config=FuseConfig.model_validate(config))
    return World(Setup(watches=(wiring,), strategies=(("script", (target(),)),)))


def fuse(at: World) -> Fuse:
    (watch,) = at.account.watches
    assert isinstance(watch.watch, Fuse)
    return watch.watch


def mine_to(at: World, blocks: int) -> None:
    while fuse(at).blocks < blocks:
        at.mine()


def denied(at: World, token: int = 1) -> list[str]:
    at.open(token, TENTH)
    return [fact.rule for fact in at.of(f.Verdict) if not fact.allowed]


def test_what_it_saw_decides_and_survives_a_snapshot_and_a_crash() -> None:
    here = world()
    mine_to(here, 3)
    here.restart()
    assert fuse(here).blocks == 3
    here.crash()
    assert fuse(here).blocks >= 3
    here.answer_all()
    here.bought(1)
    here.check_replay()


def test_it_is_told_what_strategies_of_its_account_are_told_and_of_reorgs() -> None:
    here = world()
    here.bought(1)
    here.close(1)
    here.settle()
    assert fuse(here).told == ["opened", "closed"]
    here.mine()
    here.mine()
    before = here.kernel.market.chains[CHAIN].number
    here.chain.reorg(1)
    here.deliver()
    assert fuse(here).told[2:] == [f"retracted {before - 1}"]


def test_a_trip_is_one_fact_that_stops_entries_with_its_reason_and_lets_exits_through() -> None:
    here = world(most=20)
    here.bought(1)
    mine_to(here, 20)
    (trip,) = here.of(f.Tripped)
    assert (trip.check, trip.level, trip.reason) == ("fuse", "no-entries", "20 blocks")
    assert here.kernel.tripped == [("main", KillLevel.NO_ENTRIES, "fuse: 20 blocks")]
    assert (here.book.kill, here.book.tripped) == ("no-entries", "fuse: 20 blocks")
    assert denied(here, 2) == ["kernel.kill-switch-off"]
    gate = next(x for fact in here.of(f.Judged) for x in fact.findings if x.rule == "kill-switch-off" and not x.ok)
    assert gate.note == "no-entries: fuse: 20 blocks"
    here.close(1)
    here.settle()
    assert not here.book.positions
    here.check_replay()


def test_a_trip_to_flatten_sells_everything() -> None:
    here = world(most=20, level=KillLevel.FLATTEN)
    here.bought(1)
    mine_to(here, 20)
    here.settle()
    assert (here.book.kill, dict(here.book.positions)) == ("flatten", {})


def test_it_outlives_a_crash_and_a_snapshot_until_a_person_lowers_it() -> None:
    here = world(most=20)
    mine_to(here, 20)
    here.restart()
    here.crash()
    here.answer_all()
    assert (here.book.kill, here.book.tripped) == ("no-entries", "fuse: 20 blocks")
    here.kill("flatten")
    assert here.book.tripped == "fuse: 20 blocks"
    here.kill("off")
    assert (here.book.kill, here.book.tripped) == ("off", "")


@pytest.mark.parametrize("stands", ["no-entries", "flatten", "freeze"])
def test_a_breaker_never_lowers_what_a_person_has_set_and_is_told_of_all_the_same(stands: str) -> None:
    here = world(most=20)
    here.kill(stands)
    mine_to(here, 20)
    assert (here.of(f.Tripped), here.book.kill) == ([], stands)
    assert here.kernel.tripped == [("main", KillLevel.NO_ENTRIES, "fuse: 20 blocks")]


def test_one_that_raises_denies_until_a_process_starts_and_begins_anew() -> None:
    here = world(breaks_at=4)
    mine_to(here, 3)
    here.mine()
    assert any("risk fuse of main raised in block" in report for report in here.reports)
    here.mine()
    assert denied(here) == ["fuse.works"]
    here.restart()
    assert denied(here) == ["fuse.works"] * 2
    here.check_replay()
    here.crash()
    here.answer_all()
    here.bought(1)


def test_as_a_policy_it_comes_before_the_checks() -> None:
    limits = WatchWiring("a-limits", Limits, LimitsConfig(max_spend_per_trade=1, max_spend_per_day=1))
    wiring = WatchWiring(name="z-fuse", watch=Fuse, config=FuseConfig(most=0), policy=True)
    here = World(Setup(watches=(wiring, limits)))
    here.mine()
    assert denied(here) == ["z-fuse.blocks"]


def test_what_a_kernel_without_it_cannot_restore_is_said() -> None:
    from sniper.kernel.snapshot import dump, restore

    here = world()
    other = replace(here.setup, watches=()).kernel(lambda what, error: None)
    assert restore(other, dump(here.kernel)) == ("risk fuse of main is not configured any more",)


class Law(Fuse):
    """An operator's policy that remembers: it has nothing against a sale."""

    def judge(self, intent: Entry, view: View) -> Findings:
        yield must("lawful", intent.side == "reduce" or self.blocks < self.config.most)


def test_a_policy_that_broke_denies_entries_and_traps_nobody() -> None:
    law = WatchWiring(name="law", watch=Law, config=FuseConfig(breaks_at=6), policy=True)
    here = World(Setup(watches=(law,), strategies=(("script", (target(),)),)))
    here.bought(1)
    while not here.account.watches[0].broken:
        here.mine()
    here.open(2)
    (denied,) = [fact for fact in here.of(f.Verdict) if not fact.allowed]
    assert denied.rule == "law.works"
    here.close(1)
    here.settle()
    assert not here.book.positions
    warned = [each for fact in here.of(f.Judged) if fact.check == "law" for each in fact.findings if not each.ok]
    assert [each.severity for each in warned] == ["deny", "warn"]
