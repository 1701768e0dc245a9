"""A plugin that raises, or hands over something else than it should: reported, no entry, and every exit goes on.

What is handed over ends on record, so nothing may be decided that the codec cannot write: `on_record` encodes it all.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from world import (
    ACCOUNT,
    CHAIN,
    ETHER,
    BrokenExit,
    Script,
    Setup,
    Target,
    TargetConfig,
    Venue,
    World,
    pool_of,
    target,
    token_of,
)

from sniper.codec import encode
from sniper.errors import told
from sniper.events import Block, PoolTips
from sniper.exit import Exit, ExitActions, Sell, SetTimer
from sniper.fee import FeeEstimator
from sniper.kernel import facts as f
from sniper.kernel.asks import Probe
from sniper.kernel.wiring import CheckWiring, ExitWiring
from sniper.risk import Finding, Findings, RiskCheck
from sniper.sizer import Sizer
from sniper.strategy import Open
from sniper.types import BPS, Entry, FeeBid, Step
from sniper.venue import Swap
from sniper.view import Position, View
from sniper_amm_constant_product.pool import ConstantProduct

FIRST, SECOND = token_of(1), token_of(2)


def bang(*_: Any, **__: Any) -> Any:  # Any: it stands for any method of a plugin
    raise RuntimeError("bang")


def on_record(world: World) -> None:
    for fact in world.all_facts():
        encode(fact)
    world.check_replay()


def denied(world: World, rule: str) -> None:
    """No entry, for this reason, and said."""
    before = len(world.reports)
    world.open(2)
    world.answer_all(Probe)
    assert world.of(f.Verdict)[-1].rule == rule
    assert len(world.reports) > before
    assert SECOND not in world.book.positions
    assert not world.book.halted


def sells(world: World, token: int = 1) -> None:
    world.close(token)
    world.settle(20)
    assert token_of(token) not in world.book.positions
    assert not world.book.halted


# ---- fees ----


class Fee(FeeEstimator):
    """``makes``: what it bids; raises where that is None."""

    config: TargetConfig
    makes: Any = None

    def block(self, block: Block) -> None:
        bang()

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        return self.makes or bang()


@pytest.mark.parametrize("makes", [None, "much", FeeBid(max_priority_fee=1, max_fee=2.5)])  # type: ignore[arg-type]
def test_a_fee_estimator_that_fails_denies_entries_and_sales_pay_a_plain_bid(makes: object) -> None:
    world = World()
    world.bought()
    chain = world.kernel.market.chains[CHAIN]
    chain.fee = Fee(config=TargetConfig(), makes=makes)
    world.mine()
    assert "the fee estimator of chain 1 failed on block" in world.reports[0]
    assert chain.number == world.chain.head.number
    denied(world, "kernel.fee-bid")
    sells(world)
    sale = world.of(f.AttemptMade)[-1].bid
    assert sale == FeeBid(max_priority_fee=10**9, max_fee=2 * world.chain.base_fee + 10**9)
    for fact in world.all_facts():
        encode(fact)


class Unmoved(Fee):
    """Fails on what is pending alone."""

    def block(self, block: Block) -> None:
        pass

    def pending(self, pool: PoolTips) -> None:
        bang()


def test_an_estimator_that_fails_on_what_is_pending_is_reported_and_goes_on() -> None:
    world = World(Setup(fee=Unmoved(config=TargetConfig(), makes=FeeBid(max_priority_fee=1, max_fee=3 * 10**9))))
    world.kernel.handle(PoolTips(time=world.kernel.now, chain_id=CHAIN, block=1, offers=()))
    assert "failed on what is pending" in world.reports[0]
    world.bought()


# ---- prices ----


@pytest.mark.parametrize("makes", [bang, lambda *_: 1.5, lambda *_: 2**300, lambda *_: -1, lambda *_: None])
def test_an_amm_that_cannot_price_denies_entries_and_sales_go_on_with_the_next_block(
    monkeypatch: pytest.MonkeyPatch, makes: Callable[..., Any]
) -> None:
    world = World(Setup(strategies=(("script", (target(take=11_000),)),)))
    world.bought()
    with monkeypatch.context() as patch:
        patch.setattr(ConstantProduct, "amount_out", makes)
        world.mine(trades=((pool_of(1), ETHER),))
        denied(world, "kernel.route")
        world.close()
        assert world.of(f.Verdict)[-1].rule == "kernel.liquid"
    world.settle()
    world.mine()
    world.settle()
    assert FIRST not in world.book.positions
    for fact in world.all_facts():
        encode(fact)


@pytest.mark.parametrize("makes", [bang, *(lambda *_, it=it: it for it in (None, True, 1.5, "x", 2**255))])
def test_an_amm_that_has_no_data_for_its_venue_denies_entries_and_sales_are_tried_again(
    monkeypatch: pytest.MonkeyPatch, makes: Callable[..., Any]
) -> None:
    world = World()
    world.bought()
    with monkeypatch.context() as patch:
        patch.setattr(ConstantProduct, "venue_data", makes)
        denied(world, "kernel.planned")
        world.close()
        assert world.of(f.Verdict)[-1].rule == "kernel.planned"
    world.mine()
    world.settle()
    assert FIRST not in world.book.positions


@pytest.mark.parametrize("method", ["reserve", "checkpoint"])
def test_an_amm_that_fails_on_a_log_loses_that_pool_alone(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    world = World()
    world.bought()
    with monkeypatch.context() as patch:
        patch.setattr(ConstantProduct, method, bang)
        world.chain.burn(pool_of(2), 5_000)
        world.deliver()
    assert world.reports
    assert world.kernel.market.pool(f"{CHAIN}:{pool_of(2)}") is None
    sells(world)


# ---- venues ----


class Odd(Venue):
    """Plans what it was made with."""

    makes: Any = None
    silent: bool = False

    def serves(self, chain_id: int, amm: str) -> bool:
        return bang() if self.silent else super().serves(chain_id, amm)

    def plan(self, swap: Swap) -> tuple[Step, ...]:
        found: tuple[Step, ...] = self.makes
        return found


APPROVAL = Step(purpose="approve", to="0x", data=b"short", value=0, gas=1)


@pytest.mark.parametrize(
    "makes",
    [
        None,
        [APPROVAL],
        ("step",),
        (APPROVAL,),
        (Step(purpose="gamble", to="0x", data=b"", value=0, gas=1),),
        (Step(purpose="exit", to="0x", data=b"", value=0, gas=1.5),),  # type: ignore[arg-type]
    ],
)
def test_a_venue_that_plans_nonsense_denies_entries_and_sales_are_tried_again(makes: object) -> None:
    world = World()
    world.bought()
    venue = world.kernel.wiring.venues["router"]
    world.kernel.wiring.venues["router"] = Odd(makes=makes)
    denied(world, "kernel.planned")
    world.close()
    assert world.of(f.Verdict)[-1].rule == "kernel.planned"
    world.kernel.wiring.venues["router"] = venue
    world.mine()
    world.settle()
    assert FIRST not in world.book.positions
    for fact in world.all_facts():
        encode(fact)


def test_a_venue_that_does_not_say_what_it_serves_serves_nothing() -> None:
    world = World(Setup(venue=Odd(silent=True)))
    denied(world, "kernel.route")
    on_record(world)


# ---- sizers and checks ----


class Much(Sizer):
    makes: Any = None

    def size(self, intent: Open, quote: str, view: View) -> int:
        found: int = self.makes
        return found


@pytest.mark.parametrize("makes", [2**300, 1.5, None, True])
def test_a_size_that_no_token_has_denies(makes: object) -> None:
    world = World(Setup(sizer=Much(makes=makes)))
    denied(world, "kernel.sized")
    on_record(world)


class Judges(RiskCheck):
    makes: Any = None

    def judge(self, intent: Entry, view: View) -> Findings:
        yield self.makes


@pytest.mark.parametrize("makes", ["fine", None, Finding(rule="x", ok=True, found=1.5)])  # type: ignore[arg-type]
def test_a_check_that_finds_nonsense_denies_entries_and_only_warns_of_sales(makes: object) -> None:
    checks = (CheckWiring("odd", Judges(makes=makes), policy=True),)
    world = World()
    world.bought()
    kept = world.kernel.accounts[ACCOUNT]
    other = World(Setup(checks=checks))
    kept.entries.pure = other.account.entries.pure
    kept.sales.reductions.policies = other.account.sales.reductions.policies
    denied(world, "odd.works")
    sells(world)
    for fact in world.all_facts():
        encode(fact)


# ---- exits ----


class NotMade(Exit):
    config: TargetConfig

    def __post_init__(self) -> None:
        bang()


class Says(Exit):
    """Wants what is none of what an exit may want."""

    config: TargetConfig

    def opened(self, position: Position, view: View) -> ExitActions:
        yield "sell!"  # type: ignore[misc]
        yield SetTimer(key="k", at="soon")  # type: ignore[arg-type]
        yield Sell(reason="x", share_bps=0.5)  # type: ignore[arg-type]

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        return "sell!"  # type: ignore[return-value]


def exits(*kinds: type[Exit]) -> Iterator[ExitWiring]:
    for number, kind in enumerate(kinds):
        yield ExitWiring(name=f"exit-{number}", exit=kind, config=TargetConfig(take=11_000))


@pytest.mark.parametrize("kind", [NotMade, Says, BrokenExit])
def test_an_exit_that_fails_leaves_the_position_to_the_others(kind: type[Exit]) -> None:
    world = World(Setup(strategies=(("script", tuple(exits(kind, Target))),)))
    world.bought()
    assert world.reports
    world.mine(trades=((pool_of(1), 20 * ETHER),))
    world.settle()
    assert FIRST not in world.book.positions
    assert "exit-1: take" in {fact.reason for fact in world.of(f.IntentFormed)}
    on_record(world)


# ---- strategies ----


@pytest.mark.parametrize("wanted", [{"amount": 1.5}, {"amount": 2**300}])
def test_a_strategy_that_wants_what_cannot_be_is_stopped_and_its_exits_go_on(wanted: dict[str, Any]) -> None:
    world = World()
    world.bought()
    world.cue("open", 2, **wanted)
    assert world.account.instances["script"].state == "stopped"
    sells(world)
    for fact in world.all_facts():
        encode(fact)


def test_a_share_that_is_no_number_stops_the_strategy_and_not_the_account() -> None:
    world = World()
    world.bought()
    world.cue("close", 1, share_bps="half")
    assert world.account.instances["script"].state == "stopped"
    world.close(share_bps=BPS)
    world.settle()
    assert not world.book.halted
    assert FIRST not in world.book.positions


class Mute(RuntimeError):
    """Raises when it is asked what it says."""

    def __str__(self) -> str:
        raise RuntimeError("nothing")


def test_what_an_error_says_can_be_put_on_record_whatever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Any:
        raise RuntimeError("half a character: \ud800")

    world = World()
    world.bought()
    monkeypatch.setattr(ConstantProduct, "reserve", fails)
    world.chain.burn(pool_of(1), 5_000)
    world.deliver()
    assert world.book.positions[FIRST].unguarded
    monkeypatch.setattr(Script, "cue", fails)
    world.open(2)
    assert world.of(f.InstanceMoved)[-1].state == "stopped"
    for fact in world.all_facts():
        encode(fact)


def test_an_error_that_does_not_say_what_it_is_about_is_told_all_the_same() -> None:
    assert told(Mute()) == "Mute: which does not say why (RuntimeError)"
