"""What a fee estimator must hold."""

from collections.abc import Iterable
from itertools import pairwise
from typing import ClassVar

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.config import Config
from sniper.events import Block
from sniper.fee import FeeEstimator
from sniper.types import FeeBid
from sniper_sdk import strategies
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.conformance.playing import Case, Player, written
from sniper_sdk.conformance.stateful import Stateful

_WAITS = (0, 1, 2, 5, 50)


class FeePlayer(Player):
    """Pieces of a history are heads; after each it asks for bids, urgent or not, fresh or long in waiting."""

    def step(self, given: Block) -> list[bytes]:
        estimator = self.instance
        assert isinstance(estimator, FeeEstimator)
        estimator.block(given)
        bids = [estimator.bid(urgent=urgent, blocks_waited=waited) for urgent in (False, True) for waited in _WAITS]
        return [written(bid, "bid") for bid in bids]


class FeeConformance(Stateful):
    """Bids are whole and never above their own maximum, do not fall while an order waits nor when it becomes urgent,
    and asking for one teaches nothing; and what every plugin that keeps state must hold.

        class TestPercentile(FeeConformance):
            estimator = Percentile
            config = PercentileConfig()
    """

    estimator: ClassVar[type[FeeEstimator]]
    config: ClassVar[Config]

    def heads(self) -> SearchStrategy[list[Block]]:
        """Blocks in the order of their numbers, sometimes with a number again, as after a reorg."""
        steps = st.lists(st.tuples(st.sampled_from((1, 1, 1, 0, -2)), strategies.events(Block)), max_size=15)
        return steps.map(_numbered)

    def cases(self) -> SearchStrategy[Case]:
        return self.heads().map(lambda heads: Case(self._start, list(heads)))

    def sources(self) -> Iterable[type]:
        return (self.estimator, type(self.config))

    def _start(self) -> FeePlayer:
        return FeePlayer(self.estimator(config=self.config))  # type: ignore[call-arg]  # every estimator declares it

    def test_a_bid_is_whole_and_its_tip_within_its_maximum(self) -> None:
        def check(heads: list[Block]) -> None:
            player = self._start()
            player.play(heads)
            for bid in self._bids(player):
                for name, fee in (("max_priority_fee", bid.max_priority_fee), ("max_fee", bid.max_fee)):
                    assert type(fee) is int, f"{name} is {fee!r}; fees are integers, wei per gas"
                    assert fee >= 0, f"{name} is {fee}, less than nothing"
                assert bid.max_priority_fee <= bid.max_fee, f"{bid!r}: nodes refuse a tip above the maximum"

        for_all(check, shrinks=False, examples=self.examples, heads=self.heads())

    def test_a_bid_does_not_fall_while_an_order_waits_or_becomes_urgent(self) -> None:
        def check(heads: list[Block]) -> None:
            player = self._start()
            player.play(heads)
            for urgent in (False, True):
                bids = self._bids(player, urgent)
                for earlier, later in pairwise(bids):
                    assert later.max_fee >= earlier.max_fee, f"waiting lowers the bid from {earlier!r} to {later!r}"
                    assert later.max_priority_fee >= earlier.max_priority_fee, (
                        f"waiting lowers the tip from {earlier!r} to {later!r}"
                    )
            for calm, urgent_bid in zip(self._bids(player, False), self._bids(player, True), strict=True):
                assert urgent_bid.max_fee >= calm.max_fee, f"urgent orders bid less: {urgent_bid!r} below {calm!r}"

        for_all(check, shrinks=False, examples=self.examples, heads=self.heads())

    def test_asking_for_a_bid_changes_nothing(self) -> None:
        def check(heads: list[Block]) -> None:
            player = self._start()
            for head in heads:
                assert isinstance(player.instance, FeeEstimator)
                player.instance.block(head)
                before = player.saved()
                assert self._bids(player) == self._bids(player), "asked twice, it bids differently"
                assert player.saved() == before, "one instance serves all accounts: asking for a bid must not change it"

        for_all(check, shrinks=False, examples=self.examples, heads=self.heads())

    def _bids(self, player: FeePlayer, urgent: bool = False) -> list[FeeBid]:
        assert isinstance(player.instance, FeeEstimator)
        return [player.instance.bid(urgent=urgent, blocks_waited=waited) for waited in _WAITS]


def _numbered(steps: list[tuple[int, Block]]) -> list[Block]:
    number = 100
    heads: list[Block] = []
    for step, block in steps:
        number += step
        time = strategies.NOW + len(heads)
        heads.append(msgspec.structs.replace(block, number=number, time=time))  # type: ignore[type-var]
    return heads
