"""The cheapest bid that is in a block within some blocks with some probability, dearer as they pass.

What a bid needs is two things at once: a maximum that covers a coming block's base fee, and a tip that is enough there.
Both are read from what recent blocks would have taken. A stretch of recent blocks, as long as there is time, is one
trial: which base fee, relative to that of its first block, would have been enough, with a given tip? The tip and the
maximum that would have been enough in the wanted share of the trials, and cost least on average, are the bid. With time
left it waits for a dip of the base fee; for the last block, whose base fee is known, only the tip is uncertain.

Tips count relative to what blocks paid right before the trial, so that what was learned in a calm holds in a rush; and
trials that began as it is now (after a full block or not, at a high base fee or a low one) stand for all, where there
are enough of them.

Integers throughout. Trials overlap, so the probability is what was measured (docs/fees.md), not what is proved.
"""

from statistics import median_low
from typing import ClassVar, Final, NamedTuple, Self

from pydantic import Field, model_validator

from sniper.amounts import PositiveAmount
from sniper.fee import (
    Block,
    Config,
    FeeBid,
    FeeEstimator,
    clearing_tip,
    highest_base_fee,
    next_base_fee,
    raised,
    upper_quantile,
)
from sniper.plugin import Frozen

PARTS: Final = 10**6
"""Relative base fees and tips are in parts of this."""
NEVER: Final = 2**400
"""More than any base fee: a trial in which none would have been enough."""
TIPS_BPS: Final = (5_000, 7_500, 9_000, 9_500, 9_800)
"""Quantiles of the tips that are tried, beside that of the wanted probability and the largest."""
RECENT: Final = 8
"""Blocks whose median tip is what is paid now. Three of them at absurd prices do not move it."""
AROUND: Final = 16
"""Blocks whose median base fee divides high from low."""
EARLIER_BPS: Final = (2_500, 5_000, 7_500)
"""Shares of the trials of which a bid that another one follows may be content, beside the wanted probability."""
SPIKE: Final = 16
"""So many times what blocks pay is no price that anybody else has to meet: such a block cannot be had."""
LATELY: Final = 50
"""Blocks above whose dearest no tip rises by more than an eighth: what a rush took at its beginning, when little was
paid, must not be multiplied by what is paid in its midst."""
ENOUGH: Final = 20
"""So many trials that began as it is now stand for all."""


class DeadlineConfig(Config):
    """Fees are wei per gas, or text such as ``"2 gwei"``."""

    within: int = Field(3, ge=1, le=20, description="blocks in which an order should be included")
    urgent_within: int = Field(1, ge=1, le=20, description="the same for urgent orders")
    probability_bps: int = Field(9_000, ge=5_000, le=9_950, description="with which probability, bps")
    held: int = Field(
        3, ge=1, le=20, description="blocks that a bid stays before it is replaced, as the account has it"
    )
    blocks: int = Field(200, ge=10, le=1000, description="how many recent blocks count")
    room_gas: int = Field(500_000, ge=21_000, description="a block with so much gas left had room: any tip was enough")
    min_tip: PositiveAmount = Field(100_000_000, description="lowest tip; the tip while nothing is known")
    max_tip: PositiveAmount = Field(50_000_000_000, description="highest tip, urgent or not")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_tip > self.max_tip:
            raise ValueError(f"min_tip {self.min_tip} is above max_tip {self.max_tip}: raise max_tip or lower min_tip")
        if self.urgent_within > self.within:
            raise ValueError(
                f"urgent_within {self.urgent_within} is above within {self.within}: urgent orders would wait longer"
            )
        return self


class Past(Frozen):
    """A block. enough: the tip that was; paid: its median tip; before, began: what blocks paid, and how things stood,
    right before it; see `Deadline.standing`."""

    number: int
    base_fee: int
    enough: int
    paid: int
    before: int
    began: int


class Plan(NamedTuple):
    """``base_fee``: paid at most, in parts of the next block's; ``tip``: in parts of what blocks pay now."""

    base_fee: int
    tip: int


class Trial(NamedTuple):
    """A stretch of blocks, relative to what was known before it. fees, tips: the base fees while one bid is held, and
    the tips that were enough. after: the base fee of the block after."""

    fees: list[int]
    tips: list[int]
    after: int

    def open_to(self, tip: int) -> list[int]:
        """The base fees at which that tip would have been enough, in the order of the blocks."""
        return [fee for fee, enough in zip(self.fees, self.tips, strict=True) if enough <= tip]


class Deadline(FeeEstimator):
    """history: recent blocks, oldest first. base_fee: of the next block, wei per gas."""

    derived: ClassVar[tuple[str, ...]] = ("plans",)

    config: DeadlineConfig
    history: tuple[Past, ...] = ()
    base_fee: int = 0
    plans: dict[int, Plan] | None = None

    def block(self, block: Block) -> None:
        config = self.config
        # After a reorg numbers come again: the new block replaces what stood there and above.
        oldest = block.number - config.blocks
        self.history = tuple(past for past in self.history if oldest < past.number < block.number)
        before, began = self.standing(block.base_fee)
        enough = clearing_tip(block, config.room_gas, config.min_tip)
        if enough is None:  # it was full and tells nothing: no cheaper than the dearest that is known
            enough = max((past.enough for past in self.history), default=0)
        newest = Past(
            number=block.number,
            base_fee=block.base_fee,
            enough=enough,
            paid=block.tips[1] if len(block.tips) > 1 else before,
            before=before,
            began=began,
        )
        self.history = (*self.history, newest)
        self.base_fee, self.plans = next_base_fee(block), None

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        config = self.config
        within = config.urgent_within if urgent else config.within
        left = max(1, within - blocks_waited)
        # All that it would have bid before, too, so that no bid falls while it waits.
        plans = [self._plan(blocks) for blocks in range(config.within, left - 1, -1)]
        base = -(-self.base_fee * max(plan.base_fee for plan in plans) // PARTS)
        tip = -(-self.standing(self.base_fee)[0] * max(plan.tip for plan in plans) // PARTS)
        tip = max(config.min_tip, min(tip, self._most()))
        late = max(0, blocks_waited - within + 1)
        tip = min(raised(tip, late), config.max_tip)
        return FeeBid(max_priority_fee=tip, max_fee=raised(base, late) + tip)

    def standing(self, base_fee: int) -> tuple[int, int]:
        """How things stand before a block of that base fee: what blocks pay, wei per gas, and how a trial begins now: 2
        after a full block, and 1 at a base fee above the median of recent ones."""
        recent = self.history[-AROUND:]
        if not recent:
            return self.config.min_tip, 0
        pays = max(self.config.min_tip, median_low(past.paid for past in recent[-RECENT:]))
        high = base_fee > median_low(past.base_fee for past in recent)
        return pays, 2 * (recent[-1].enough > 0) + high

    def _most(self) -> int:
        """What no fresh bid exceeds, wei per gas."""
        enough = (past.enough for past in self.history[-LATELY:] if past.enough <= SPIKE * past.before)
        return raised(max(enough, default=0), 1)

    def _plan(self, left: int) -> Plan:
        if self.plans is None:
            self.plans = {}
        known = self.plans.get(left)
        if known is None:
            known = self.plans[left] = self._planned(left)
        return known

    def _planned(self, left: int) -> Plan:
        """The cheapest plan for so many blocks; where there are too few trials, above all that was seen.

        Where another bid can follow, the wanted probability is that one's to reach, and what this one costs on average
        decides, what follows a miss included. The last bid must reach it.
        """
        config = self.config
        last = left <= config.held
        shares = (config.probability_bps,) if last else (*EARLIER_BPS, config.probability_bps)
        pays, _ = self.standing(self.base_fee)
        trials = self._trials(left if last else config.held + 1)
        tips = [tip for trial in trials for tip in trial.tips if tip <= SPIKE * PARTS]
        dearest = raised(max(tips, default=0), 1)
        # A bid that pays at once has the rises of the next blocks covered, too: it costs nothing to have.
        highest = highest_base_fee(PARTS, max(left - 1, config.held))
        wanted = upper_quantile(tips, config.probability_bps)
        late = dearest if wanted is None else wanted
        best: tuple[int, Plan] | None = None
        tried = {upper_quantile(tips, share) for share in TIPS_BPS} | {wanted, dearest}
        for tip in sorted(tip for tip in tried if tip is not None):
            chances = [trial.open_to(tip) for trial in trials]
            needs = [min(fees, default=NEVER) for fees in chances]
            for base_fee in {upper_quantile(needs, share) for share in shares}:
                if base_fee is None or base_fee == NEVER:
                    continue
                plan = Plan(highest if base_fee >= PARTS else base_fee, tip)
                # What it would have paid, wei per gas in parts; where it missed, in the block after.
                cost = sum(
                    next(
                        (self.base_fee * fee + pays * tip for fee in fees if fee <= plan.base_fee),
                        self.base_fee * trial.after + pays * max(late, tip),
                    )
                    for trial, fees in zip(trials, chances, strict=True)
                )
                if best is None or (cost, plan) < best:
                    best = cost, plan
        return best[1] if best is not None else Plan(highest, dearest)

    def _trials(self, blocks: int) -> list[Trial]:
        """Stretches of so many blocks: those that began as it is now, where there are enough of them, else all."""
        held = self.config.held
        _, began = self.standing(self.base_fee)
        every: list[Trial] = []
        alike: list[Trial] = []
        history = self.history
        for first in range(len(history) - blocks + 1):
            stretch, start = history[first : first + blocks], history[first]
            if stretch[-1].number - start.number == blocks - 1:  # no block is missing
                base = max(1, start.base_fee)
                fees = [past.base_fee * PARTS // base for past in stretch]
                after = fees[held] if blocks > held else fees[-1] * 9 // 8
                tips = [-(-past.enough * PARTS // start.before) for past in stretch[:held]]
                trial = Trial(fees[:held], tips, after)
                every.append(trial)
                if start.began == began:
                    alike.append(trial)
        return alike if len(alike) >= ENOUGH else every
