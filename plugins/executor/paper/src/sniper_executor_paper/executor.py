"""Transactions are played: a swap fills at what the pools give when its block comes, and pays gas like a real one."""

from collections import OrderedDict
from typing import ClassVar

from pydantic import Field

from sniper.amm import NoLiquidity
from sniper.executor import (
    Config,
    Executor,
    ExecutorContext,
    LiquidityMoved,
    Mode,
    Outcome,
    Provision,
    Removal,
    Settlement,
    Submission,
    Swap,
)
from sniper.types import BPS, NATIVE

KEPT = 10_000
"""Attempts that are remembered, so that asking again gives the same answer."""


class PaperConfig(Config):
    latency_blocks: int = Field(1, ge=1, description="Blocks from sending to inclusion, if the fee suffices.")
    gas_used_bps: int = Field(7_000, ge=1, le=BPS, description="Share of the gas limit that is used, bps.")
    slippage_bps: int = Field(
        0, ge=0, le=BPS, description="Taken from every swap's output, for what others do first, bps."
    )


class Paper(Executor):
    """Remembers when an attempt was sent and what it did. One that it does not know (after a restart) counts as
    sent when it is first asked for."""

    config: PaperConfig
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.PAPER, Mode.BACKTEST})
    signs: ClassVar[bool] = False

    def __init__(self, config: PaperConfig, context: ExecutorContext) -> None:
        super().__init__(config, context)
        self._sent: OrderedDict[str, int] = OrderedDict()
        self._settled: OrderedDict[str, Settlement] = OrderedDict()
        self._nonces: OrderedDict[tuple[int, str, int], str] = OrderedDict()

    async def send(self, submission: Submission) -> Outcome:
        """``accepted``; ``known`` when sent before; ``nonce-too-low`` when another attempt took its nonce."""
        if self._taken(submission):
            return Outcome(outcome="nonce-too-low", message="another attempt with this nonce is included")
        if submission.attempt in self._sent:
            return Outcome(outcome="known")
        self._remember_sent(submission)
        return Outcome(outcome="accepted")

    async def settle(self, submission: Submission) -> Settlement | None:
        """None before its block, while the base fee is above its ``max_fee``, and once its nonce is taken."""
        if (settled := self._settled.get(submission.attempt)) is not None:
            return settled
        if submission.attempt not in self._sent:
            self._remember_sent(submission)
        block = self.context.block(submission.chain_id)
        base_fee = self.context.base_fee(submission.chain_id)
        if block < self._sent[submission.attempt] + self.config.latency_blocks or self._taken(submission):
            return None
        if base_fee > submission.max_fee:
            return None
        settlement = self._played(submission, block, min(submission.max_fee, base_fee + submission.max_priority_fee))
        self._settled[submission.attempt] = settlement
        self._nonces[_place(submission)] = submission.attempt
        for memory in (self._settled, self._nonces):
            while len(memory) > KEPT:
                memory.popitem(last=False)
        return settlement

    def _played(self, submission: Submission, block: int, gas_price: int) -> Settlement:
        gas_used = submission.gas * self.config.gas_used_bps // BPS
        native = -gas_used * gas_price - submission.data_fee
        balances = dict(submission.held)
        quote_delta = None
        reason = ""
        moved = None
        swap = submission.swap
        if submission.liquidity is not None:
            changes, moved, reason = self._liquidity(submission, submission.liquidity, balances)
            for token, amount in changes:
                if token == NATIVE:
                    native += amount
                else:
                    balances[token] = balances.get(token, 0) + amount
                    if token == submission.liquidity.quote:
                        quote_delta = amount
        elif swap is not None:
            received, reason = self._swapped(swap, balances)
            if not reason:
                moves = ((swap.token_in, -swap.amount_in), (swap.token_out, received))
                native += sum(amount for token, amount in moves if token == NATIVE)
                for token, amount in moves:
                    if token != NATIVE:
                        balances[token] = balances.get(token, 0) + amount
                    if token == swap.quote != NATIVE:
                        quote_delta = (quote_delta or 0) + amount  # a cycle pays and receives it
        return Settlement(
            ok=not reason,
            block=block,
            block_hash="",
            gas_used=gas_used,
            gas_price=gas_price,
            native_delta=native,
            balances=tuple(sorted(balances.items())),
            revert_reason=reason,
            quote_delta=quote_delta,
            data_fee=submission.data_fee,
            moved=moved,
        )

    def _liquidity(
        self, submission: Submission, deed: Provision | Removal, balances: dict[str, int]
    ) -> tuple[list[tuple[str, int]], LiquidityMoved | None, str]:
        """What the owner gets of each token (negative: pays), what became of the liquidity, or why it reverts."""
        try:
            if isinstance(deed, Provision):
                moved, fees = self.context.provided(deed), (0, 0)
                moved = LiquidityMoved(position=submission.nonce + 1, liquidity=moved.liquidity, amounts=moved.amounts)
            else:
                moved, fees = self.context.removed(deed)
        except NoLiquidity as error:
            return [], None, str(error)
        sign = -1 if isinstance(deed, Provision) else 1
        # of a pool's two coins one is the quote asset, or its wrapped form
        tokens = [coin if coin in balances and coin != deed.quote else deed.quote for coin in deed.coins]
        changes = [sign * amount + fee for amount, fee in zip(moved.amounts, fees, strict=True)]
        for token, change in zip(tokens, changes, strict=True):
            if token != NATIVE and balances.get(token, 0) + change < 0:
                return [], None, f"holds {balances.get(token, 0)} of {token}, {-change} are to be put in"
        return list(zip(tokens, changes, strict=True)), moved, ""

    def _swapped(self, swap: Swap, balances: dict[str, int]) -> tuple[int, str]:
        """What the swap gives, base units, or why it reverts."""
        if swap.token_in != NATIVE and balances.get(swap.token_in, 0) < swap.amount_in:
            return 0, f"holds {balances.get(swap.token_in, 0)} of {swap.token_in}, {swap.amount_in} are to be sold"
        try:
            quoted = self.context.quote(swap)
        except NoLiquidity as error:
            return 0, f"no liquidity: {error}"
        received = quoted * (BPS - self.config.slippage_bps) // BPS
        if received < swap.min_out:
            return 0, f"too little received: {received} of at least {swap.min_out}"
        return received, ""

    def _taken(self, submission: Submission) -> bool:
        return self._nonces.get(_place(submission), submission.attempt) != submission.attempt

    def _remember_sent(self, submission: Submission) -> None:
        self._sent[submission.attempt] = self.context.block(submission.chain_id)
        while len(self._sent) > KEPT:
            self._sent.popitem(last=False)


def _place(submission: Submission) -> tuple[int, str, int]:
    """What only one transaction can have: a sender's nonce on a chain."""
    return submission.chain_id, submission.owner, submission.nonce
