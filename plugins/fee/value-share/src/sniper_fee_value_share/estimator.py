"""A share of what a bundle brings, learned from wins and losses.

Who else goes for the same profit offers the builder a share of it, so to win is to offer more; to offer much more is to
work for the builder. Which share wins is not known, only learned. From wins and losses at each share, which fade, and
from the rule that a higher share never wins less often, follows how likely each one wins, and that one is bid at which
the profit that is kept, times that likelihood, is largest. Now and then a neighbour is tried: without that, too high a
share would never be found out.

Counts are integers; each account learns for itself. Where nothing is at stake, it bids by what recent blocks took.
"""

from typing import Final, Self

from pydantic import Field, model_validator

from sniper.amounts import PositiveAmount
from sniper.fee import (
    Block,
    Config,
    FeeBid,
    FeeEstimator,
    Stake,
    clearing_tip,
    highest_base_fee,
    next_base_fee,
    raised,
    upper_quantile,
)
from sniper.plugin import Frozen
from sniper.types import BPS

STEPS: Final = 40
"""Shares are multiples of a fortieth."""
ONE: Final = 1_000
"""An outcome when it is new; counts are in parts of it."""
TRIED: Final = (-1, 1, -2, 2)
"""Steps from the best share of those that are tried, in turn."""
COVERED: Final = 3
"""Blocks whose rise of the base fee a plain bid covers: it may be replaced only after so many."""
ROOM: Final = 500_000
"""A block with so much gas left had room: any tip was enough."""
MOST_ACCOUNTS: Final = 256
"""Whoever had no outcome for longest is forgotten beyond that."""


class ValueShareConfig(Config):
    """Fees are wei per gas, or text such as ``"2 gwei"``."""

    least_bps: int = Field(1_000, ge=0, le=BPS, description="lowest share of the profit that is bid, bps")
    most_bps: int = Field(9_500, ge=0, le=BPS, description="highest share of the profit that is bid, bps")
    memory: int = Field(150, ge=5, le=10_000, description="outcomes after which one counts for about a third")
    doubt: int = Field(2, ge=1, le=100, description="outcomes for which the guess at the beginning counts")
    try_every: int = Field(4, ge=2, le=1_000, description="one of so many bids tries a share beside the best one")
    probability_bps: int = Field(9_000, ge=5_000, le=9_950, description="of a plain bid: to be in the next block, bps")
    blocks: int = Field(100, ge=10, le=1000, description="of a plain bid: how many recent blocks count")
    min_tip: PositiveAmount = Field(100_000_000, description="lowest tip")
    max_tip: PositiveAmount = Field(50_000_000_000, description="highest tip of a plain bid")
    max_share_tip: PositiveAmount = Field(10_000_000_000_000, description="highest tip for a share, wei per gas")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min_tip <= self.max_tip <= self.max_share_tip:
            raise ValueError(
                f"min_tip {self.min_tip}, max_tip {self.max_tip} and max_share_tip {self.max_share_tip} must not fall"
            )
        if self.least_bps > self.most_bps:
            raise ValueError(f"least_bps {self.least_bps} is above most_bps {self.most_bps}: no share is left")
        return self


class Learned(Frozen):
    """Of one account. wins, losses: by share, in steps, in thousandths of an outcome. outcomes: how many in all."""

    account: str
    wins: tuple[int, ...] = (0,) * (STEPS + 1)
    losses: tuple[int, ...] = (0,) * (STEPS + 1)
    outcomes: int = 0


class ValueShare(FeeEstimator):
    """base_fee: of the next block, wei per gas. took: (number, tip that was enough) of recent blocks, oldest first.
    learned: by account, the newest outcome last."""

    config: ValueShareConfig
    base_fee: int = 0
    took: tuple[tuple[int, int], ...] = ()
    learned: tuple[Learned, ...] = ()

    def block(self, block: Block) -> None:
        config, number = self.config, block.number
        # After a reorg numbers come again: the new block replaces what stood there and above.
        took = tuple(each for each in self.took if number - config.blocks < each[0] < number)
        tip = clearing_tip(block, ROOM, config.min_tip)
        self.took = took if tip is None else (*took, (number, tip))
        self.base_fee = next_base_fee(block)

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        config = self.config
        tips = [tip for _, tip in self.took]
        # Urgent: missed half as often.
        enough = upper_quantile(tips, (BPS + config.probability_bps) // 2 if urgent else config.probability_bps)
        tip = max(config.min_tip, raised(max(tips, default=0), 1) if enough is None else enough)
        tip = min(raised(tip, blocks_waited), config.max_tip)
        base = raised(highest_base_fee(self.base_fee, COVERED), blocks_waited)
        return FeeBid(max_priority_fee=tip, max_fee=base + tip)

    def bid_for(self, stake: Stake, *, urgent: bool, blocks_waited: int) -> FeeBid:
        """The share of what remains when the base fee is paid. It is meant for the next block, whose base fee is known;
        the maximum covers one more."""
        config = self.config
        profit = stake.value - stake.gas * self.base_fee
        share = self.share_bps(stake.account)
        tip = profit * share // (BPS * stake.gas) if stake.gas and profit > 0 else 0
        tip = min(raised(max(tip, config.min_tip), blocks_waited), config.max_share_tip)
        return FeeBid(max_priority_fee=tip, max_fee=raised(highest_base_fee(self.base_fee, 1), blocks_waited) + tip)

    def outcome(self, stake: Stake, bid: FeeBid, *, won: bool) -> None:
        profit = stake.value - stake.gas * max(0, bid.max_fee - bid.max_priority_fee)
        if profit <= 0 or not stake.gas:
            return  # it was no share that won or lost
        known = self._known(stake.account)
        # The base fee was at most an eighth below the maximum: the share is that much too high at worst.
        step = min(STEPS, max(0, bid.max_priority_fee * stake.gas * STEPS // profit))
        counts = [tuple(each - each // self.config.memory for each in side) for side in (known.wins, known.losses)]
        side = 0 if won else 1
        counts[side] = (*counts[side][:step], counts[side][step] + ONE, *counts[side][step + 1 :])
        newest = Learned(account=known.account, wins=counts[0], losses=counts[1], outcomes=known.outcomes + 1)
        others = tuple(each for each in self.learned if each.account != known.account)
        self.learned = (*others, newest)[-MOST_ACCOUNTS:]

    def share_bps(self, account: str) -> int:
        """Which share of the profit an account bids next."""
        config, known = self.config, self._known(account)
        likely = self._likely(known)
        best = max(range(STEPS + 1), key=lambda step: (STEPS - step) * likely[step])
        tries, rest = divmod(known.outcomes + 1, config.try_every)
        if rest == 0:
            best += TRIED[tries % len(TRIED)]
        return min(config.most_bps, max(config.least_bps, best * BPS // STEPS))

    def _known(self, account: str) -> Learned:
        return next((each for each in self.learned if each.account == account), Learned(account=account))

    def _likely(self, known: Learned) -> list[int]:
        """How likely each share wins, in millionths: the likelihoods that never fall with the share and fit the counts
        best (isotonic regression by pooling adjacent violators; Ayer et al., "An Empirical Distribution Function for
        Sampling with Incomplete Information", 1955). Before anything is known a share is as likely to win as it is
        high, and that guess counts for ``doubt`` outcomes, spread over all shares."""
        doubt = max(1, self.config.doubt * ONE // (STEPS + 1))
        pools: list[tuple[int, int, int]] = []  # won, of how many, how many steps
        for step, (wins, losses) in enumerate(zip(known.wins, known.losses, strict=True)):
            won, of, steps = wins + doubt * step // STEPS, wins + losses + doubt, 1
            while pools and pools[-1][0] * of >= won * pools[-1][1]:
                before = pools.pop()
                won, of, steps = won + before[0], of + before[1], steps + before[2]
            pools.append((won, of, steps))
        return [won * 10**6 // of for won, of, steps in pools for _ in range(steps)]
