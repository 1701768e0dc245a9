"""What a fee estimator must hold."""

from collections.abc import Iterable
from itertools import pairwise
from typing import ClassVar, NamedTuple, TypeAlias

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.config import Config
from sniper.events import Block, PoolTips
from sniper.fee import FeeEstimator, Stake
from sniper.types import FeeBid
from sniper_sdk import strategies
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.conformance.playing import Case, Player, written
from sniper_sdk.conformance.stateful import Stateful

_WAITS = (0, 1, 2, 5, 50)
_GAS = 300_000
_VALUES = (0, 1, 10**15, 10**18)
_ACCOUNTS = ("main", "other")


class Outcome(NamedTuple):
    """A bid of an account is over."""

    stake: Stake
    bid: FeeBid
    won: bool


Happened: TypeAlias = Block | PoolTips | Outcome


class FeePlayer(Player):
    """Pieces of a history are heads, what is pending, and outcomes; after each it asks for bids, urgent or not, fresh
    or long in waiting, with and without something at stake."""

    def step(self, given: Happened) -> list[bytes]:
        self.learn(given)
        return [written(bid, "bid") for urgent in (False, True) for bid in self.bids(urgent)] + [
            written(bid, "bid_for") for account in _ACCOUNTS for bid in self.valued(account)
        ]

    def learn(self, given: Happened) -> None:
        """Hand over one piece."""
        estimator = self.instance
        assert isinstance(estimator, FeeEstimator)
        if isinstance(given, Block):
            estimator.block(given)
        elif isinstance(given, PoolTips):
            estimator.pending(given)
        else:
            estimator.outcome(given.stake, given.bid, won=given.won)

    def bids(self, urgent: bool) -> list[FeeBid]:
        """For an order that waits ever longer."""
        assert isinstance(self.instance, FeeEstimator)
        return [self.instance.bid(urgent=urgent, blocks_waited=waited) for waited in _WAITS]

    def valued(self, account: str) -> list[FeeBid]:
        """For ever more at stake."""
        assert isinstance(self.instance, FeeEstimator)
        stakes = [Stake(account=account, value=value, gas=_GAS) for value in _VALUES]
        return [self.instance.bid_for(stake, urgent=False, blocks_waited=0) for stake in stakes]


class FeeConformance(Stateful):
    """Bids are whole and never above their own maximum, do not fall while an order waits, when it becomes urgent nor
    when more is at stake; asking for one teaches nothing, and what one account learns is not another one's affair; and
    what every plugin that keeps state must hold.

        class TestPercentile(FeeConformance):
            estimator = Percentile
            config = PercentileConfig()
    """

    kind: ClassVar[str] = "fee"
    estimator: ClassVar[type[FeeEstimator]]
    config: ClassVar[Config]

    def heads(self) -> SearchStrategy[list[Block]]:
        """Blocks in the order of their numbers, sometimes with a number again, as after a reorg."""
        steps = st.lists(st.tuples(st.sampled_from((1, 1, 1, 0, -2)), strategies.events(Block)), max_size=15)
        return steps.map(_numbered)

    def histories(self) -> SearchStrategy[list[Happened]]:
        """Heads, sometimes followed by what is pending for the next block or by outcomes."""
        extras = st.lists(st.lists(st.one_of(_pools, _outcomes(_ACCOUNTS)), max_size=2), min_size=15, max_size=15)
        return st.tuples(self.heads(), extras).map(_mixed)

    def cases(self) -> SearchStrategy[Case]:
        return self.histories().map(lambda history: Case(self._start, list(history)))

    def sources(self) -> Iterable[type]:
        return (self.estimator, type(self.config))

    def _start(self) -> FeePlayer:
        return FeePlayer(self.estimator(config=self.config))  # type: ignore[call-arg]  # every estimator declares it

    def test_a_bid_is_whole_and_its_tip_within_its_maximum(self) -> None:
        def check(history: list[Happened]) -> None:
            player = self._start()
            player.play(history)
            for bid in [*player.bids(False), *player.bids(True), *player.valued("main")]:
                for name, fee in (("max_priority_fee", bid.max_priority_fee), ("max_fee", bid.max_fee)):
                    assert type(fee) is int, f"{name} is {fee!r}; fees are integers, wei per gas"
                    assert fee >= 0, f"{name} is {fee}, less than nothing"
                assert bid.max_priority_fee <= bid.max_fee, f"{bid!r}: nodes refuse a tip above the maximum"

        for_all(check, shrinks=False, examples=self.examples, history=self.histories())

    def test_a_bid_does_not_fall_while_an_order_waits_or_becomes_urgent(self) -> None:
        def check(history: list[Happened]) -> None:
            player = self._start()
            player.play(history)
            for urgent in (False, True):
                _never_falls(player.bids(urgent), "waiting")
            for calm, urgent_bid in zip(player.bids(False), player.bids(True), strict=True):
                assert urgent_bid.max_fee >= calm.max_fee, f"urgent orders bid less: {urgent_bid!r} below {calm!r}"

        for_all(check, shrinks=False, examples=self.examples, history=self.histories())

    def test_a_bid_does_not_fall_when_more_is_at_stake(self) -> None:
        def check(history: list[Happened]) -> None:
            player = self._start()
            player.play(history)
            _never_falls(player.valued("main"), "a higher value")

        for_all(check, shrinks=False, examples=self.examples, history=self.histories())

    def test_asking_for_a_bid_changes_nothing(self) -> None:
        def check(history: list[Happened]) -> None:
            player = self._start()
            for piece in history:
                player.learn(piece)
                before = player.saved()
                assert _all(player) == _all(player), "asked twice, it bids differently"
                assert player.saved() == before, "one instance serves all accounts: asking for a bid must not change it"

        for_all(check, shrinks=False, examples=self.examples, history=self.histories())

    def test_what_one_account_learns_changes_no_bid_of_another(self) -> None:
        def check(history: list[Happened], lessons: list[Outcome]) -> None:
            player = self._start()
            player.play(history)
            before = [*player.bids(False), *player.valued("main")]
            for lesson in lessons:
                player.learn(lesson)
            assert [*player.bids(False), *player.valued("main")] == before, (
                "an outcome of account other changed what account main bids: keep what is learned by account"
            )

        lessons = st.lists(_outcomes(("other",)), min_size=1, max_size=10)
        for_all(check, shrinks=False, examples=self.examples, history=self.histories(), lessons=lessons)


def _all(player: FeePlayer) -> list[FeeBid]:
    return [*player.bids(False), *player.bids(True), *player.valued("main"), *player.valued("other")]


def _never_falls(bids: list[FeeBid], what: str) -> None:
    for earlier, later in pairwise(bids):
        assert later.max_fee >= earlier.max_fee, f"{what} lowers the bid from {earlier!r} to {later!r}"
        assert later.max_priority_fee >= earlier.max_priority_fee, (
            f"{what} lowers the tip from {earlier!r} to {later!r}"
        )


def _numbered(steps: list[tuple[int, Block]]) -> list[Block]:
    number = 100
    heads: list[Block] = []
    for step, block in steps:
        number += step
        time = strategies.NOW + len(heads)
        heads.append(msgspec.structs.replace(block, number=number, time=time))  # type: ignore[type-var]
    return heads


def _mixed(drawn: tuple[list[Block], list[list[PoolTips | Outcome]]]) -> list[Happened]:
    found: list[Happened] = []
    for head, extras in zip(*drawn, strict=False):
        found.append(head)
        for extra in extras:
            at = {"block": head.number, "time": head.time}
            found.append(msgspec.structs.replace(extra, **at) if isinstance(extra, PoolTips) else extra)  # type: ignore[type-var]
    return found


def _outcomes(accounts: tuple[str, ...]) -> SearchStrategy[Outcome]:
    stakes = st.builds(
        Stake, account=st.sampled_from(accounts), value=st.integers(0, 10**19), gas=st.integers(0, 10**6)
    )
    fees = st.tuples(st.integers(0, 10**13), st.integers(0, 10**13)).map(
        lambda drawn: FeeBid(max_priority_fee=drawn[0], max_fee=sum(drawn))
    )
    return st.builds(Outcome, stakes, fees, st.booleans())


_pools: SearchStrategy[PoolTips] = st.lists(
    st.tuples(st.integers(0, 10**12), st.integers(21_000, 10**7)), max_size=12
).map(lambda offers: PoolTips(time=0, chain_id=strategies.CHAIN, block=0, offers=tuple(sorted(offers, reverse=True))))
