"""Write an executor: how a signed transaction reaches a chain, and how its outcome is learnt."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

from sniper.config import Config
from sniper.evm.log import Log
from sniper.plugin import Frozen
from sniper.types import LiquidityMoved, Mode
from sniper.venue import Provision, Removal, Swap

__all__ = [
    "Config",
    "Executor",
    "ExecutorContext",
    "LiquidityMoved",
    "Mode",
    "Outcome",
    "Provision",
    "Removal",
    "Settlement",
    "Submission",
    "Swap",
]


class Submission(Frozen):
    """A transaction to broadcast. ``raw`` is empty in modes that do not sign.

    What it is meant to do stands beside the bytes, for executors that play it instead of sending it.

    swap    What is traded; None for approvals and cancellations.
    held    (token address, base units that the books say the owner holds now) of the tokens that the swap moves.
    data_fee  What a rollup may take for it beside its gas, wei, by the newest reading.
    urgent  Whether it belongs to a sale that must not wait: no executor may hold it back for a better price or for
            privacy, unless its config says so.
    before  Only for an `Executor` that is ``atomic``: transactions of the same plan with lower nonces, the lowest
            first. All of them and this one go into a block together, or none does. They were sent with nothing else.
    liquidity  What is put into a range or taken out of it; None for all else.
    """

    account: str
    attempt: str
    chain_id: int
    owner: str
    purpose: str
    nonce: int
    gas: int
    max_fee: int
    max_priority_fee: int
    tx_hash: str
    raw: bytes
    swap: Swap | None
    held: tuple[tuple[str, int], ...]
    urgent: bool = False
    data_fee: int = 0
    before: tuple["Submission", ...] = ()
    liquidity: Provision | Removal | None = None

    @property
    def quote(self) -> str | None:
        """Address of the asset that the account pays with, of what trades or moves liquidity."""
        deed = self.swap or self.liquidity
        return None if deed is None else deed.quote


class Outcome(Frozen):
    """See `sniper.events.Sent`."""

    outcome: str
    message: str = ""


class Settlement(Frozen):
    """See `sniper.events.Settled`."""

    ok: bool
    block: int
    block_hash: str
    gas_used: int
    gas_price: int
    native_delta: int
    balances: tuple[tuple[str, int], ...]
    revert_reason: str = ""
    quote_delta: int | None = None
    data_fee: int = 0
    moved: LiquidityMoved | None = None


class ExecutorContext(Protocol):
    """What the runtime hands to an executor."""

    def endpoints(self, chain_id: int) -> Any:
        """The chain's `sniper.evm.rpc.Endpoints`. Any: executors that play transactions need none."""
        ...

    def block(self, chain_id: int) -> int:
        """Number of the newest block that the kernel has seen."""
        ...

    def base_fee(self, chain_id: int) -> int:
        """Base fee of that block, wei per gas."""
        ...

    def quote(self, swap: Swap) -> int:
        """Exact output of the swap on the kernel's present state, after the token's measured taxes, base units.

        Raises `sniper.amm.NoLiquidity`.
        """
        ...

    def moved(self, submission: Submission, logs: tuple[Log, ...]) -> LiquidityMoved | None:
        """What a transaction with these logs, all of its own, did to a position of liquidity, as the venues say."""
        ...

    def provided(self, provision: Provision) -> LiquidityMoved:
        """What putting liquidity into a range would do on the kernel's present state; ``position`` is 0.

        Raises `sniper.amm.NoLiquidity`, also where less than ``least`` would be taken.
        """
        ...

    def removed(self, removal: Removal) -> tuple[LiquidityMoved, tuple[int, int]]:
        """The same of taking it out, and the fees of both coins beside that. Raises `sniper.amm.NoLiquidity`."""
        ...

    def withheld(self, submission: Submission) -> str:
        """Why it must not leave now (the kill switch); empty where it may. Asked before each `Executor.send`; executors
        that send the same bytes again by themselves ask it before they do."""
        ...


class Executor(ABC):
    """Lives in the shell; only transmits: nonces, fees and replacements are decided by the kernel.

    modes   In which it is used. ``signs``: whether it needs signed bytes.
    atomic  Whether it can bring several transactions of one sender into a block together or not at all. The steps of a
            plan then come as one submission (``before``), and its outcome is that of all of them.
    """

    modes: ClassVar[frozenset[Mode]]
    signs: ClassVar[bool] = True
    atomic: ClassVar[bool] = False

    def __init__(self, config: Any, context: ExecutorContext) -> None:
        self.config = config
        self.context = context

    @abstractmethod
    async def send(self, submission: Submission) -> Outcome:
        """Broadcast once; the same bytes may come again after a crash."""

    @abstractmethod
    async def settle(self, submission: Submission) -> Settlement | None:
        """What the transaction did; None while it is in no block. Asked with each block."""

    async def close(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of connections. Called once, when the run ends."""
