"""Plugins that break one rule each, and the test of the suite that must say so. The sound ones pass all of them."""

import asyncio
import contextlib
import inspect
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from sniper.amm import Amm, Chain, Change, Found, Fraction, NoLiquidity, Self
from sniper.bus import Bus
from sniper.config import Config
from sniper.events import Block, Event, EventClass, LiquidityAdded
from sniper.exit import Exit, ExitActions, Position, Sell
from sniper.fee import FeeBid, FeeEstimator, Stake
from sniper.io import Io
from sniper.risk import (
    Entry,
    Evidence,
    Finding,
    Findings,
    KillLevel,
    RiskCheck,
    RiskProbe,
    RiskWatch,
    Trip,
    Trips,
    at_most,
    must,
)
from sniper.sizer import Sizer
from sniper.strategy import Actions, Open, Strategy, View, on
from sniper_sdk import (
    AmmConformance,
    BusConformance,
    ExitConformance,
    FeeConformance,
    RiskConformance,
    RiskWatchConformance,
    SizerConformance,
    StrategyConformance,
)
from sniper_sdk.strategies import amounts


class Nothing(Config):
    pass


CONFIG = Nothing()
REMEMBERED: dict[str, int] = {}


def wish(token: str, why: str = "a test") -> Open:
    return Open(token=token, reason=why)


# ---- strategies ----


class Sound(Strategy):
    config: Nothing
    seen: dict[str, int] = {}

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        self.seen[event.token] = self.seen.get(event.token, 0) + 1
        if self.seen[event.token] % 2:
            yield wish(event.token, f"seen {self.seen[event.token]} times")


class Global(Strategy):
    config: Nothing

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        REMEMBERED[event.token] = REMEMBERED.get(event.token, 0) + 1
        yield wish(event.token, f"seen {REMEMBERED[event.token]} times")


class ClassAttribute(Strategy):
    config: Nothing
    seen: dict[str, int] = {}

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        cls: Any = type(self)
        cls.total = getattr(cls, "total", 0) + 1
        yield wish(event.token, f"number {cls.total}")


class OrderOfFilling(Strategy):
    """Decides by the order in which a dict was filled."""

    config: Nothing
    seen: dict[str, int] = {}

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        self.seen |= {"1:9": 1, "1:1": 1}  # in falling order, whatever is drawn
        yield wish(next(iter(self.seen)))


class OrderOfHashes(Strategy):
    config: Nothing
    seen: tuple[str, ...] = ()

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        self.seen = (*self.seen, event.token)
        yield wish(next(iter(set(self.seen))))


class WithDict(Strategy, dict=True):  # type: ignore[call-arg]
    config: Nothing

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        yield wish(event.token)


class Clocked(Strategy):
    config: Nothing

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        if time.time() > 0:
            yield wish(event.token)


class Reading(Strategy):
    config: Nothing

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        yield wish(event.token, f"{len(Path(__file__).read_bytes())}")


class Random(Strategy):
    config: Nothing

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        yield wish(event.token, f"{random.random()}")


class Slow(Strategy):
    config: Nothing

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        for n in range(100_000):
            str(n)
        yield from ()


class Floating(Strategy):
    config: Nothing

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        yield Open(token=event.token, reason="half of it", max_spend=event.quote_reserve / 2)  # type: ignore[arg-type]


class Unwritable(Strategy):
    config: Nothing
    seen: set[str] = set()

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        yield from ()


class Unreasonable(Strategy):
    config: Nothing

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        yield wish(event.token, "")


class Deaf(Strategy):
    config: Nothing


# ---- exits ----


class SoundExit(Exit):
    config: Nothing
    highest: int = 0

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        self.highest = max(self.highest, value)
        return Sell(reason="half is gone") if value < self.highest // 2 else None


class Divides(Exit):
    config: Nothing

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        return Sell(reason="a loss") if value * 100 // position.cost < 50 else None


class SellsTooMuch(Exit):
    config: Nothing

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        return Sell(reason="all and more", share_bps=10_001)


class SellsNothing(Exit):
    config: Nothing

    def opened(self, position: Position, view: View) -> ExitActions:
        yield Sell(reason="nothing", share_bps=0)


class Talks(Exit):
    config: Nothing

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        return "sell"  # type: ignore[return-value]


# ---- checks ----


class SoundCheck(RiskCheck):
    config: Nothing

    def judge(self, intent: Entry, view: View) -> Findings:
        yield at_most("amount", intent.amount, 10**18)


class Silent(RiskCheck):
    config: Nothing

    def judge(self, intent: Entry, view: View) -> Findings:
        if intent.amount > 10**18:
            yield must("small", False)


class Repeats(RiskCheck):
    config: Nothing

    def judge(self, intent: Entry, view: View) -> Findings:
        yield must("small", True)
        yield must("small", intent.amount < 10**18)


class Raises(RiskCheck):
    config: Nothing

    def judge(self, intent: Entry, view: View) -> Findings:
        yield must("known", view.pools_of(intent.token)[0].id == intent.pool)


class FindsFloats(RiskCheck):
    config: Nothing

    def judge(self, intent: Entry, view: View) -> Findings:
        yield Finding(rule="share", ok=True, found=intent.amount / 3)  # type: ignore[arg-type]


class SoundWatch(RiskWatch):
    config: Nothing
    seen: int = 0

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Trips:
        self.seen += 1
        if not self.seen % 3:
            yield Trip(level=KillLevel.NO_ENTRIES, reason=f"{self.seen} seen")

    def judge(self, intent: Entry, view: View) -> Findings:
        yield at_most("seen", self.seen, 5)


class CountsWhatItJudges(SoundWatch):
    def judge(self, intent: Entry, view: View) -> Findings:
        self.seen += 1
        yield at_most("seen", self.seen, 5)


class TripsWithoutAWord(SoundWatch):
    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Trips:
        yield Trip(level=KillLevel.NO_ENTRIES, reason="")


class Lowers(SoundWatch):
    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Trips:
        yield Trip(level=KillLevel.OFF, reason="all is well")


class WatchesNothing(RiskWatch):
    config: Nothing

    def judge(self, intent: Entry, view: View) -> Findings:
        yield must("fine", True)


class Looked(Evidence):
    fine: bool


class SoundProbe(RiskProbe[Looked]):
    config: Nothing

    async def probe(self, intent: Entry, io: Io) -> Looked:
        await io.chain(intent.chain_id)
        return Looked(fine=True)

    def judge(self, intent: Entry, view: View, found: Looked) -> Findings:
        yield must("fine", found.fine)


class Optimist(SoundProbe):
    async def probe(self, intent: Entry, io: Io) -> Looked:
        with contextlib.suppress(ConnectionError):
            await io.chain(intent.chain_id)
        return Looked(fine=True)


# ---- sizers ----


class SoundSizer(Sizer):
    config: Nothing

    def size(self, intent: Open, quote: str, view: View) -> int:
        amount = view.cash(quote) // 10
        return amount if intent.max_spend is None else min(amount, intent.max_spend)


class Half(SoundSizer):
    def size(self, intent: Open, quote: str, view: View) -> int:
        return super().size(intent, quote, view) / 2  # type: ignore[return-value]


class Spender(SoundSizer):
    def size(self, intent: Open, quote: str, view: View) -> int:
        return 10**20 if intent.max_spend is None else min(10**20, intent.max_spend)


class Unbounded(SoundSizer):
    def size(self, intent: Open, quote: str, view: View) -> int:
        return view.cash(quote)


# ---- fees ----


class SoundFee(FeeEstimator):
    config: Nothing
    base: int = 0

    def block(self, block: Block) -> None:
        self.base = block.base_fee

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        tip = (2 if urgent else 1) * (blocks_waited + 1)
        return FeeBid(max_priority_fee=tip, max_fee=2 * self.base + tip)


class TipAboveMaximum(SoundFee):
    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        return FeeBid(max_priority_fee=10**9, max_fee=self.base)


class GivesUp(SoundFee):
    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        return FeeBid(max_priority_fee=1, max_fee=1 + self.base + max(0, 10 - blocks_waited))


class Stingy(SoundFee):
    """Bids less the more is at stake."""

    def bid_for(self, stake: Stake, *, urgent: bool, blocks_waited: int) -> FeeBid:
        return FeeBid(max_priority_fee=0, max_fee=2 * 10**18 - min(stake.value, 10**18))


class Gossips(SoundFee):
    """What one account loses, all bid more for."""

    lost: int = 0

    def outcome(self, stake: Stake, bid: FeeBid, *, won: bool) -> None:
        self.lost += not won

    def bid_for(self, stake: Stake, *, urgent: bool, blocks_waited: int) -> FeeBid:
        return FeeBid(max_priority_fee=self.lost, max_fee=self.base + self.lost)


class Counts(SoundFee):
    asked: int = 0

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        self.asked += 1
        return super().bid(urgent=urgent, blocks_waited=blocks_waited)


# ---- AMMs ----


class SoundAmm(Amm):
    """x·y = k without a fee."""

    config: Nothing
    reserves: tuple[int, ...]

    @classmethod
    async def load(cls, address: str, chain: Chain, config: Any) -> Found[Self]:
        raise NotImplementedError

    def sync(self, x: int, y: int) -> Change:
        self.reserves = (x, y)
        return None

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        x, y = self.reserves[i], self.reserves[j]
        if amount_in <= 0 or not x or not y:
            raise NoLiquidity("empty")
        return amount_in * y // (x + amount_in)

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        x, y = self.reserves[i], self.reserves[j]
        if not 0 < amount_out < y or not x:
            raise NoLiquidity("empty")
        return x * amount_out // (y - amount_out) + 1

    def price(self, i: int, j: int) -> Fraction:
        x, y = self.reserves[i], self.reserves[j]
        if not x or not y:
            raise NoLiquidity("empty")
        return Fraction(y, x)

    def reserve(self, i: int) -> int:
        return self.reserves[i]


class RoundsUp(SoundAmm):
    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        return super().amount_out(i, j, amount_in) + 1


class Gives(SoundAmm):
    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        super().amount_out(i, j, amount_in)
        return min(amount_in * 2, self.reserves[j])


class Wavers(SoundAmm):
    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        return super().amount_out(i, j, amount_in) // (1 + amount_in % 2)


class Nonsense(SoundAmm):
    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        return 0 if amount_in <= 0 else super().amount_out(i, j, amount_in)


class Asks(SoundAmm):
    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        return super().amount_in(i, j, amount_out) - 2


class Overcharges(SoundAmm):
    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        return super().amount_in(i, j, amount_out) * 2 + 10


class Learns(SoundAmm):
    def price(self, i: int, j: int) -> Fraction:
        self.reserves = (self.reserves[0] + 1, self.reserves[1])
        return super().price(i, j)


class InPlace(SoundAmm):
    reserves: list[int]  # type: ignore[assignment]

    def sync(self, x: int, y: int) -> Change:
        self.reserves[:] = [x, y]  # type: ignore[index]
        return None


class DividesByNothing(SoundAmm):
    def price(self, i: int, j: int) -> Fraction:
        return Fraction(self.reserves[j], self.reserves[i])


# ---- buses ----


class SoundBus(Bus):
    def __init__(self, deltas: int) -> None:
        self.most = deltas
        self.facts: list[list[Event]] = []
        self.absolute: dict[type, list[Event]] = {}
        self.deltas: dict[str, list[list[Event]]] = {}
        self.lost: set[str] = set()
        self.filled = asyncio.Event()

    async def publish(self, events: Any, *, source: str) -> None:
        if any(event.event_class is EventClass.DELTA or isinstance(event, Block) for event in events):
            self.delta(source, [*events])
        elif events[0].event_class is EventClass.FACT:
            self.facts.append([*events])
        else:
            self.absolute[type(events[0])] = [events[-1]]
        self.filled.set()

    def delta(self, source: str, batch: list[Event]) -> None:
        queue = self.deltas.setdefault(source, [])
        if len(queue) < self.most:
            queue.append(batch)
        else:
            queue.clear()
            self.lost.add(source)

    async def take(self, most: int) -> list[Event]:
        await self.filled.wait()
        rest = self.line()
        taken: list[Event] = []
        while rest and len(taken) < most:
            taken += rest.pop(0)
        self.facts = [batch for batch in self.facts if batch in rest]
        self.absolute = {kind: batch for kind, batch in self.absolute.items() if batch in rest}
        self.deltas = {name: [batch for batch in queue if batch in rest] for name, queue in self.deltas.items()}
        if not rest:
            self.filled.clear()
        return taken

    def line(self) -> list[list[Event]]:
        return [*self.facts, *self.absolute.values(), *(batch for queue in self.deltas.values() for batch in queue)]

    def overflowed(self) -> frozenset[str]:
        lost, self.lost = frozenset(self.lost), set()
        return lost


class FactsLast(SoundBus):
    def line(self) -> list[list[Event]]:
        return [*(batch for queue in self.deltas.values() for batch in queue), *self.absolute.values(), *self.facts]


class LosesInSilence(SoundBus):
    def overflowed(self) -> frozenset[str]:
        return frozenset()


class SaysItForever(SoundBus):
    def overflowed(self) -> frozenset[str]:
        return frozenset(self.lost)


class PartsBlocks(SoundBus):
    async def publish(self, events: Any, *, source: str) -> None:
        for event in events:
            await super().publish([event], source=source)


class Reverses(SoundBus):
    def line(self) -> list[list[Event]]:
        return [*self.facts, *self.absolute.values(), *(e for queue in self.deltas.values() for e in reversed(queue))]


def suite(plugin: Any) -> Any:
    """The suite of a plugin's kind. Any: its class is made here."""
    kinds: list[tuple[type, type, dict[str, Any]]] = [
        (Strategy, StrategyConformance, {"strategy": plugin}),
        (Exit, ExitConformance, {"exit": plugin}),
        (Sizer, SizerConformance, {"sizer": plugin}),
        (FeeEstimator, FeeConformance, {"estimator": plugin}),
        (Bus, BusConformance, {"make": lambda self, *, deltas=1000: plugin(deltas)}),
    ]
    if issubclass(plugin, Amm):
        container = list if plugin is InPlace else tuple
        reserves = st.tuples(amounts(), amounts()).map(container)
        synced = st.tuples(st.just("sync"), st.tuples(amounts(), amounts()))
        attributes = {
            "amm": plugin,
            "pools": st.builds(plugin, config=st.just(CONFIG), reserves=reserves),
            "logs": lambda self, pool: synced,
        }
        return type("Made", (AmmConformance,), attributes)()
    if issubclass(plugin, RiskWatch):
        return type("Made", (RiskWatchConformance,), {"watch": plugin, "config": CONFIG})()
    if issubclass(plugin, RiskCheck | RiskProbe):
        return type("Made", (RiskConformance,), {"check": plugin, "config": CONFIG})()
    base, attributes = next((base, attributes) for kind, base, attributes in kinds if issubclass(plugin, kind))
    return type("Made", (base,), {**attributes, "config": CONFIG})()


def run(test: Callable[[], Any]) -> None:
    outcome = test()
    if inspect.iscoroutine(outcome):
        asyncio.run(outcome)


@pytest.mark.parametrize(
    ("plugin", "test", "words"),
    [
        (Global, "the_same_history_gives_the_same_answers_twice", "other answers"),
        (Global, "two_instances_side_by_side_do_not_influence_each_other", "beside another one"),
        (ClassAttribute, "two_instances_side_by_side_do_not_influence_each_other", "beside another one"),
        (OrderOfFilling, "state_survives_a_snapshot_at_any_point", "order in which a dict was filled"),
        (OrderOfHashes, "another_process_with_another_hash_seed_goes_on_alike", "PYTHONHASHSEED"),
        (WithDict, "no_attribute_but_the_declared_fields_can_be_set", "declared fields"),
        (Clocked, "it_does_no_io_and_asks_for_neither_time_nor_randomness", "time.time"),
        (Reading, "it_does_no_io_and_asks_for_neither_time_nor_randomness", "audit event open"),
        (Random, "it_does_no_io_and_asks_for_neither_time_nor_randomness", "random"),
        (Random, "the_same_history_gives_the_same_answers_twice", "other answers"),
        (Slow, "each_call_stays_within_its_steps", "more than 20000 lines"),
        (Floating, "the_same_history_gives_the_same_answers_twice", "amounts are integers"),
        (Unwritable, "state_survives_a_snapshot_at_any_point", "must have an encoding"),
        (Unreasonable, "the_same_history_gives_the_same_answers_twice", "no reason"),
        (Deaf, "it_subscribes_to_something", "handles no event"),
        (SellsTooMuch, "what_it_sells_is_between_1_and_10000_bps_of_any_position", "10001 bps"),
        (SellsNothing, "what_it_sells_is_between_1_and_10000_bps_of_any_position", "sells 0 bps"),
        (Talks, "what_it_sells_is_between_1_and_10000_bps_of_any_position", "'sell'"),
        (Silent, "there_is_a_finding_always_and_one_for_each_rule", "no finding at all"),
        (Repeats, "there_is_a_finding_always_and_one_for_each_rule", "several findings"),
        (FindsFloats, "findings_are_plain_data", "cannot be journaled"),
        (Optimist, "a_probe_that_cannot_look_lets_nothing_pass", "let the error out"),
        (CountsWhatItJudges, "the_same_history_gives_the_same_answers_twice", "judging changed a field"),
        (TripsWithoutAWord, "the_same_history_gives_the_same_answers_twice", "gives no reason"),
        (Lowers, "the_same_history_gives_the_same_answers_twice", "cannot lower"),
        (WatchesNothing, "it_subscribes_to_something", "handles no event"),
        (Half, "the_amount_is_whole_and_within_its_bounds", "integers"),
        (Spender, "the_amount_is_whole_and_within_its_bounds", "free cash"),
        (Unbounded, "the_amount_is_whole_and_within_its_bounds", "max_spend"),
        (TipAboveMaximum, "a_bid_is_whole_and_its_tip_within_its_maximum", "tip above the maximum"),
        (GivesUp, "a_bid_does_not_fall_while_an_order_waits_or_becomes_urgent", "waiting lowers"),
        (Counts, "asking_for_a_bid_changes_nothing", "must not change it"),
        (Stingy, "a_bid_does_not_fall_when_more_is_at_stake", "a higher value lowers"),
        (Gossips, "what_one_account_learns_changes_no_bid_of_another", "by account"),
        (RoundsUp, "no_amount_trades_better_than_the_marginal_price", "marginal price"),
        (Gives, "a_round_trip_gains_nothing", "free money"),
        (Wavers, "more_in_is_never_less_out", "but"),
        (Nonsense, "nothing_and_less_than_nothing_are_refused", "raise NoLiquidity"),
        (Asks, "the_amount_in_buys_what_was_wanted_and_hardly_less_would", "is asked for|costs"),
        (Overcharges, "the_amount_in_buys_what_was_wanted_and_hardly_less_would", "buys"),
        (Learns, "quoting_changes_nothing", "quotes differently|changed the pool"),
        (InPlace, "a_checkpoint_and_its_pool_do_not_change_each_other", "checkpoint"),
        (FactsLast, "facts_do_not_wait_behind_market_data", "waits behind market data"),
        (LosesInSilence, "lost_deltas_are_said_once_and_cost_no_fact", "no source is said"),
        (SaysItForever, "lost_deltas_are_said_once_and_cost_no_fact", "said once"),
        (Reverses, "each_source_keeps_its_order", "came as"),
        (PartsBlocks, "a_block_is_taken_with_all_its_logs_however_little_was_asked_for", "a block was split"),
    ],
)
def test_a_fault_is_found_and_named(plugin: Any, test: str, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        run(getattr(suite(plugin), f"test_{test}"))


@pytest.mark.parametrize(
    ("plugin", "test", "error"),
    [
        (Divides, "what_it_sells_is_between_1_and_10000_bps_of_any_position", ZeroDivisionError),
        (Raises, "there_is_a_finding_always_and_one_for_each_rule", IndexError),
        (DividesByNothing, "no_amount_trades_better_than_the_marginal_price", ZeroDivisionError),
    ],
)
def test_what_a_plugin_raises_is_let_out(plugin: Any, test: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run(getattr(suite(plugin), f"test_{test}"))


@pytest.mark.long
@pytest.mark.parametrize(
    "plugin",
    [Sound, SoundExit, SoundCheck, SoundProbe, SoundWatch, SoundSizer, SoundFee, SoundAmm, SoundBus],
    ids=lambda plugin: plugin.__name__,
)
def test_a_sound_plugin_passes_all(plugin: Any) -> None:
    made = suite(plugin)
    for name in sorted(dir(made)):
        if name.startswith("test_") and name != "test_it_is_exact_against_the_real_contract":
            run(getattr(made, name))
