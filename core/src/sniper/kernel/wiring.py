"""What the runtime resolves before the kernel starts: plain objects, no catalogue, no config file.

Everything here is part of the epoch's manifest: another wiring may decide otherwise.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from sniper.amm import Amm
from sniper.evm.rollup_fee import Rollup
from sniper.exit import Exit
from sniper.fee import FeeEstimator
from sniper.risk import RiskCheck, RiskProbe, RiskWatch
from sniper.sizer import Sizer
from sniper.strategy import Strategy
from sniper.types import NATIVE, SECOND
from sniper.venue import OnChainVenue


@dataclass(frozen=True)
class AmmWiring:
    """An AMM and the factories whose pools it prices. ``name``: its section; ``plugin``: what venues know it by.
    Any: the config model that the class declares."""

    name: str
    plugin: str
    amm: type[Amm]
    config: Any
    factories: tuple[str, ...]


@dataclass(frozen=True)
class ChainWiring:
    """``finality``: blocks after which nothing is undone. ``quotes``: addresses that count as money in a pool.
    ``pools``: (section, `Found.pool`) of pools that are read at start, older than what is watched. ``rollup``: whose
    contracts say what it takes for data; None: it takes nothing. ``legacy``: whether its transactions are
    of type 0, because it has no base fee. ``atomic``: what its executor's class says of itself."""

    chain_id: int
    wrapped_native: str
    fee: FeeEstimator
    quotes: tuple[str, ...] = ()
    finality: int = 64
    max_pools: int = 50_000
    amms: tuple[AmmWiring, ...] = ()
    pools: tuple[tuple[str, str], ...] = ()
    rollup: Rollup | None = None
    legacy: bool = False
    atomic: bool = False


@dataclass(frozen=True)
class ExecutionWiring:
    """How orders of an account are carried out.

    slippage_bps         Of entries, below the exact quote after taxes.
    exit_slippage_bps    Of the first try of an exit; doubled with each failure up to ``max_exit_slippage_bps``.
    deadline_s           Chain time that a transaction may wait.
    replace_after_blocks Blocks without inclusion after which an attempt is outbid; ``max_attempts`` bounds that.
    read_wallet_blocks   Blocks between two readings of a wallet while nothing is on its way.
    max_pending          Transactions that a wallet may have on their way with one more entry or arbitrage; 0: any.
                         Sales and transfers wait for none.
    loss_floor_bps       An exit that would bring less than this share of the cost is refused; 0: never refused.
    routes               Whether entries may go over several pools, as routers propose; ``route_through``: addresses of
                         the coins that may stand in between, besides those that count as money on the chain.
    together             Whether all steps of a plan are signed and sent one behind another, or each once the one before
                         it is in a block.
    presigned            Whether open positions have a sale signed beforehand; see `sniper.kernel.presigning`.
    presigned_floor_bps  Most that such a sale may lose against the quote with which it was signed;
                         ``presigned_drift_bps``: how far the quote may move before it is signed anew.
    trigger_blocks       Blocks in a row at whose end a price must have been in a pool to reach a plan's trigger.
    stuck_after          Failed sales in a row after which a position counts as stuck and is tried ever less often.
    …_deadline           ns after which an effect counts as failed.
    """

    slippage_bps: int = 300
    exit_slippage_bps: int = 500
    max_exit_slippage_bps: int = 5_000
    deadline_s: int = 120
    replace_after_blocks: int = 3
    max_attempts: int = 5
    read_wallet_blocks: int = 50
    max_pending: int = 0
    loss_floor_bps: int = 0
    routes: bool = False
    route_through: tuple[str, ...] = ()
    together: bool = True
    presigned: bool = False
    presigned_floor_bps: int = 1_500
    presigned_drift_bps: int = 300
    trigger_blocks: int = 1
    stuck_after: int = 5
    probe_deadline: int = 3 * SECOND
    route_deadline: int = SECOND // 2
    simulate_deadline: int = 3 * SECOND
    sign_deadline: int = 5 * SECOND
    send_deadline: int = 5 * SECOND
    settle_deadline: int = 5 * SECOND
    read_deadline: int = 5 * SECOND


@dataclass(frozen=True)
class ExitWiring:
    """Any: the config model that the class declares."""

    name: str
    exit: type[Exit]
    config: Any
    simulates_sales: bool = False


@dataclass(frozen=True)
class PromotionWiring:
    """The ladder of an instance.

    stages     (name, share of what it wants that is traded, bps), lowest first; at the first one, nothing is.
    automatic  Whether it rises without a person's word.
    capital    What it trades with in full, base units of the quote asset: losses are shares of its stage's part of it.
    max_errors  Most of its newest orders that may end with an error.
    """

    stages: tuple[tuple[str, int], ...]
    automatic: bool
    capital: int
    max_drawdown_bps: int
    max_errors: int


@dataclass(frozen=True)
class StrategyWiring:
    """One instance. ``sizer`` None: the strategy opens nothing. ``venue``: name of the venue of its orders, empty for
    the first that serves a pool. ``promotion`` None: it trades in full. Any: the strategy's config model."""

    name: str
    strategy: type[Strategy]
    config: Any
    sizer: Sizer | None
    venue: str
    exits: tuple[ExitWiring, ...] = ()
    promotion: PromotionWiring | None = None


@dataclass(frozen=True)
class CheckWiring:
    """Any: the evidence type of a probe is its own affair."""

    name: str
    check: RiskCheck | RiskProbe[Any]
    policy: bool = False


@dataclass(frozen=True)
class WatchWiring:
    """Made anew in each kernel, for it remembers. Any: the config model that the class declares."""

    name: str
    watch: type[RiskWatch]
    config: Any
    policy: bool = False


@dataclass(frozen=True)
class GasWiring:
    """Own wallets, lower-case hex, that are given gas: one that has less than ``floor`` gets what it lacks of
    ``ceiling``, and no more than ``per_day`` within 24 hours. All in wei."""

    to: tuple[str, ...]
    floor: int
    ceiling: int
    per_day: int


@dataclass(frozen=True)
class TreasuryWiring:
    """Where an account's money may go: own wallets, lower-case hex. ``sweep_above``: free base units of what it pays
    with from which on all but ``keep`` goes to the first of them; 0: never."""

    to: tuple[str, ...]
    sweep_above: int = 0
    keep: int = 0
    gas: GasWiring | None = None


@dataclass(frozen=True)
class DeskWiring:
    """An account at one exchange. ``quote``: asset id of what it counts in there. ``slippage_bps``: beyond the best
    price, for what is bought at the market. ``deadline``: ns after which an effect counts as failed. ``read_every``: ns
    between two readings of the sub-account, beside what its stream tells; 0: only where the stream broke.
    ``native_stops``: which stops and targets that only reduce the exchange holds, where it can: ``all``, those of which
    that was ``asked``, or ``never``: it is played."""

    venue: str
    quote: str
    slippage_bps: int = 100
    deadline: int = 5 * SECOND
    read_every: int = 0
    native_stops: Literal["all", "asked", "never"] = "asked"


@dataclass(frozen=True)
class AccountWiring:
    """One account, and what it runs: its wallets on one chain (``further`` beside ``address``), or none (chain 0), and
    any number of desks. ``quote``: the address of what it pays with on the chain. ``claims``: (id of a token, asset or
    instrument, the instance that alone may buy it). ``priorities``: (instance, the higher the sooner), 0 of all
    others; ``strategies`` are in that order."""

    name: str
    chain_id: int
    address: str
    quote: str = NATIVE
    strategies: tuple[StrategyWiring, ...] = ()
    checks: tuple[CheckWiring, ...] = ()
    execution: ExecutionWiring = field(default_factory=ExecutionWiring)
    watches: tuple[WatchWiring, ...] = ()
    desks: tuple[DeskWiring, ...] = ()
    treasury: TreasuryWiring | None = None
    further: tuple[str, ...] = ()
    claims: tuple[tuple[str, str], ...] = ()
    priorities: tuple[tuple[str, int], ...] = ()

    @property
    def wallets(self) -> tuple[str, ...]:
        """The addresses of all; none of an account that trades at exchanges alone."""
        return (self.address, *self.further) if self.address else ()

    def share(self, wallet: str, amount: int) -> int:
        """What a wallet has of an amount that all of them have in equal parts; what is left over is the first one's."""
        part, rest = divmod(amount, len(self.wallets))
        return part + rest if wallet == self.address else part


@dataclass(frozen=True)
class SignalRule:
    """When what sources say is a signal.

    sources    So many of them must say it within ``window`` ns, and its score must be ``min_score`` bps.
    lives      ns after which it means nothing any more, where its source does not say. ``max_age``: ns between saying
               and hearing after which it is too old.
    counts_as  The kind as which it is compared with what others say; empty: its own.
    """

    sources: int = 1
    window: int = 300 * SECOND
    min_score: int = 1
    lives: int = 300 * SECOND
    max_age: int = 600 * SECOND
    counts_as: str = ""


@dataclass(frozen=True)
class SignalWiring:
    """``kinds``: rules of single kinds. ``weights``: bps, by source or by feed; ``weight``: of all others. ``symbols``:
    in capitals, with the ids that they stand for. ``most``: ids, and groups, that are remembered."""

    rule: SignalRule = SignalRule()
    kinds: tuple[tuple[str, SignalRule], ...] = ()
    weights: tuple[tuple[str, int], ...] = ()
    weight: int = 10_000
    symbols: tuple[tuple[str, tuple[str, ...]], ...] = ()
    most: int = 10_000

    @property
    def remembered(self) -> int:
        """ns for which the id of what was heard is known: until it would be too old."""
        return max(2 * rule.max_age for rule in (self.rule, *(rule for _, rule in self.kinds)))


@dataclass(frozen=True)
class Wiring:
    """``signs``: whether the mode's executor needs signed bytes."""

    chains: tuple[ChainWiring, ...]
    venues: dict[str, OnChainVenue]
    accounts: tuple[AccountWiring, ...]
    signs: bool = True
    signals: SignalWiring = field(default_factory=SignalWiring)
