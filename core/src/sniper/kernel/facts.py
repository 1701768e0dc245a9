"""Facts: everything that the kernel decides. The book of an account is the fold of its facts."""

from sniper.exchange_orders import ContractState, Fill, Funding, NewOrder
from sniper.instrument import Instrument
from sniper.kernel.asks import Ask, Presign
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.part import Part
from sniper.order_types import Plan
from sniper.plugin import Frozen
from sniper.proposal import Proposal
from sniper.retry import Retry
from sniper.risk import Finding
from sniper.types import Entry, FeeBid, Step
from sniper.venue import RouteLeg


class Fact(Frozen):
    """``time``: ns UTC of the event that led to it."""

    time: int


class IntentFormed(Fact, tag="intent-formed/1"):
    """``side``: ``increase``, ``reduce``, ``arbitrage``, whose ``token`` is the quote asset, ``transfer``, whose
    ``token`` is what is sent, or ``provide`` and ``withdraw``, of liquidity. ``cause``: the event that led to it, for
    people."""

    intent: str
    instance: str
    side: str
    token: str
    reason: str
    cause: str
    share_bps: int = 0
    urgent: bool = False


class EntrySized(Fact, tag="entry-sized/1"):
    """Sizer and router have spoken; the checks are next. ``part``: of which plan it is, where it is of one."""

    entry: Entry
    part: Part | None = None


class Proposed(Fact, tag="proposed/1"):
    """Routers have answered for an intent that is being judged. None of it is believed before the order is placed."""

    intent: str
    proposals: tuple[Proposal, ...]


class Judged(Fact, tag="judged/1"):
    """What one check found. ``kernel`` is the check of the kernel's own gates."""

    intent: str
    check: str
    findings: tuple[Finding, ...]


class Verdict(Fact, tag="verdict/1"):
    """Allow, or Deny with the first rule that denied (``check.rule``)."""

    intent: str
    allowed: bool
    rule: str = ""
    retry_at: int | None = None


class EntryWaits(Fact, tag="entry-waits/1"):
    """A denied intent may fare better with a block or after an event (``retry``), and waits until a `WaitOver`, or
    until the same instance wants the same token again."""

    intent: str
    instance: str
    token: str
    retry: Retry


class WaitOver(Fact, tag="wait-over/1"):
    """What it waited for is there: the strategy was told."""

    intent: str
    instance: str
    token: str


class Began(Fact, tag="began/1"):
    """A process took up the account: senders must be read again, and what was being sent is unknown."""


class Asked(Fact, tag="asked/1"):
    ask: Ask


class Closed(Fact, tag="ask-closed/1"):
    """The ask is answered or given up: a later answer is ignored."""

    ask: str


class PlacedRoute(Frozen):
    """How an entry, a sale or an arbitrage goes over several pools in one transaction.

    venue, spender  Who carries it out, and the contract that takes what is paid.
    legs            As the venue was told. ``amounts``: what each sells and buys, base units, when it was placed.
    direct_out      What the order's own pool would have given for all of it, base units. Of an arbitrage: what must
                    come back to make it worth sending, its gas included.
    method, bound   See `sniper.router.Proposal`.
    """

    venue: str
    spender: str
    legs: tuple[RouteLeg, ...]
    amounts: tuple[tuple[int, int], ...]
    direct_out: int
    method: str
    bound: int | None


class PlacedRange(Frozen):
    """Liquidity that an order puts into a range, or takes out of it.

    range     Its id: that of the intent which made it. ``lower``, ``upper``: its ticks.
    spender   The contract that takes what is put in.
    coins     Addresses of the pool's, numbered as in the contract; ``amounts`` of them, base units: what is put in at
              most, or expected back without fees; ``least`` of them: what the transaction insists on.
    liquidity To be expected of it, or to be taken out. ``ends``: whether that is all.
    position  Its number at the venue; 0 of one that is made.
    """

    range: str
    lower: int
    upper: int
    spender: str
    coins: tuple[str, str]
    amounts: tuple[int, int]
    least: tuple[int, int]
    liquidity: int
    position: int = 0
    ends: bool = False


class OrderPlaced(Fact, tag="order-placed/1"):
    """The intent became an order, and what it needs is reserved in the same breath.

    cash, gas      Reserved: quote asset and native coin, base units; ``exit_gas`` is kept for the position's exit.
    expected_out   Before taxes; ``min_out``: what the transaction insists on.
    amm, pool_data The pool's AMM and `venue_data`: the market may forget a pool while an order is on its way.
    exit_data      Of an entry, `venue_data` of the way back: what was bought can be sold though its pool is forgotten.
    deadline       Seconds, chain time: the swap reverts after it; 0: none is known.
    route          Of what goes over several pools; None: ``pool`` alone at ``venue``, which was judged, and in which
                   what an entry buys is held. Of an arbitrage (``side``), the cycle: its ``token`` is its ``quote``,
                   and ``pool`` its first leg.
    once           Of a sale, whether a strategy wanted it for at least ``min_out`` or not at all.
    part           Of which plan it is, where it is of one.
    range          Of liquidity (``side`` ``provide`` or ``withdraw``). ``amount_in`` is then what it pays in of the
                   quote asset at most.
    """

    order: str
    intent: str
    instance: str
    side: str
    chain_id: int
    owner: str
    token: str
    quote: str
    pool: str
    venue: str
    amount_in: int
    expected_out: int
    min_out: int
    cash: int
    gas: int
    exit_gas: int
    steps: tuple[Step, ...]
    urgent: bool = False
    amm: str = ""
    pool_data: int = 0
    deadline: int = 0
    exit_data: int = 0
    route: PlacedRoute | None = None
    once: bool = False
    part: Part | None = None
    range: PlacedRange | None = None

    @property
    def plan(self) -> str:
        """The plan that it is of, its ``leg`` and its ``lots``; empty and 0 where it is of none."""
        return self.part.plan if self.part is not None else ""

    @property
    def leg(self) -> str:
        return self.part.leg if self.part is not None else ""

    @property
    def lots(self) -> int:
        return self.part.size if self.part is not None else 0


class StepsAdded(Fact, tag="steps-added/1"):
    """More transactions for an order, such as the approval of the exit once the amount is known."""

    order: str
    steps: tuple[Step, ...]
    gas: int


class AttemptMade(Fact, tag="attempt-made/1"):
    """``block``: the newest block when it was made. ``replaces``: the attempt with the same nonce that it outbids.
    ``cancel``: it does nothing but take the nonce. ``step`` -1: of no step, see `sniper.kernel.book.NO_STEP`.
    ``data_gas``: what a rollup takes for its data as gas, within its limit beside the step's own."""

    attempt: str
    order: str
    step: int
    nonce: int
    bid: FeeBid
    block: int
    replaces: str = ""
    cancel: bool = False
    data_gas: int = 0


class AttemptMoved(Fact, tag="attempt-moved/1"):
    """See `sniper.kernel.orders.ATTEMPT` for the states."""

    attempt: str
    order: str
    state: str
    note: str = ""
    tx_hash: str = ""
    raw: bytes = b""
    block: int = 0


class RangeChange(Frozen):
    """What a transaction did to liquidity in a range: changes, base units, negative where they are less.

    position    Its number at the venue; 0 where a reorg has taken it back.
    quote, token  What of both was put in and is still there, at what it was then; not what the range now holds.
    cost        What that cost, gas included: quote asset. ``fees_quote``, ``fees_token``: received beside it.
    """

    range: str
    position: int
    liquidity: int
    quote: int
    token: int
    cost: int
    fees_quote: int
    fees_token: int


class Booked(Fact, tag="booked/1"):
    """Money moved: a fill, gas, or (``undo``) a reorg that took either back. All fields are changes, base units.

    amount    Of the token held. ``cash``: of the quote asset, gas apart. ``gas``: native coin paid, never negative
              unless undone. ``cost``: of the position's cost. ``realised``: profit.
    """

    order: str
    attempt: str
    block: int
    amount: int
    cash: int
    gas: int
    cost: int
    realised: int
    undo: bool = False
    range: RangeChange | None = None


class RangeMoved(Fact, tag="range-moved/1"):
    """``failures``: withdrawals that failed in a row; before ``retry_block`` none is tried again. ``wanted_bps``: how
    much is wanted out of it, 0: the fees alone; -1: nothing. ``reason``: of that."""

    range: str
    state: str
    failures: int = 0
    retry_block: int = 0
    wanted_bps: int = -1
    reason: str = ""
    urgent: bool = False


class Allowed(Fact, tag="allowed/1"):
    """``spender`` may now take this much of the token (base units, absolute), after this attempt of an order; or again
    (``undo``), where a reorg took that attempt back."""

    token: str
    spender: str
    amount: int
    order: str
    attempt: str
    undo: bool = False


class Finalised(Fact, tag="finalised/1"):
    """No reorg reaches ``block`` or below it any more: what only such a reorg could need is forgotten."""

    chain_id: int
    block: int


class OrderEnded(Fact, tag="order-ended/1"):
    """``state``: ``done``, ``failed`` or ``cancelled``."""

    order: str
    state: str
    reason: str = ""


class OrderReopened(Fact, tag="order-reopened/1"):
    """A reorg took back the block of one of its transactions; it is working again."""

    order: str
    step: int


class ExchangeOrderPlaced(Fact, tag="exchange-order-placed/1"):
    """An order for an exchange; what it can take at most is reserved in the same breath.

    order     Its id. ``key``: the name under which its strategy knows it.
    reserved  Base units of the quote asset of what buys, of the base asset of what sells; of a contract, the initial
              margin and fee of what it opens, in the quote asset.
    opens     Whether it increases a position, or opens one below zero.
    notional  Of a contract, what it opens is worth at the worst price to expect, base units of the quote asset; of a
              cross, in what it is counted in.
    plan      The plan that placed it, and which ``leg`` of that; empty: the strategy did.
    counted   Asset id of what the desk counts in, where that is not the instrument's quote asset
              (`sniper.kernel.exchange.crosses`).
    deadline  It says as well that its intent was allowed and that the exchange is asked to take it (`Submit`, under the
              id `submission`), and to answer within so many ns; 0: a `Verdict` and an `Asked` of their own say that.
    """

    order: str
    intent: str
    instance: str
    key: str
    instrument: Instrument
    new: NewOrder
    reserved: int
    opens: bool
    notional: int = 0
    plan: str = ""
    leg: str = ""
    counted: str = ""
    deadline: int = 0


def submission(order: str) -> str:
    """The id of the ask that lets an order leave for its exchange."""
    return f"{order}>"


class ExchangeCancelled(Fact, tag="exchange-cancelled/1"):
    """An order is to be cancelled, as soon as the exchange has it."""

    order: str
    venue: str


class ExchangeOrderMoved(Fact, tag="exchange-order-moved/1"):
    """See `sniper.kernel.exchange.states` for the states. ``venue_id``: the exchange's own id, once it is known.
    ``answered``: this is what it answered to the submission, of which no other answer is awaited any more."""

    order: str
    venue: str
    state: str
    venue_id: str = ""
    note: str = ""
    answered: bool = False


class Crossed(Frozen):
    """What a fill in a cross does to the coin in which that is priced; the fact itself says it of the other coin. Both
    in what the desk counts in, of which none moves: what one was bought for, the other one was sold for.

    pool      Id of the instrument in which the position in the base asset is valued and ended; ``other_pool``: of the
              position in the quote asset.
    amount    Base units of the quote asset; ``cost`` and ``realised``: see `sniper.kernel.exchange.holdings.Change`.
    """

    pool: str
    other_pool: str
    amount: int
    cost: int
    realised: int


class ExchangeFilled(Fact, tag="exchange-filled/1"):
    """A part of an order was traded; see `sniper.kernel.exchange.holdings.Change` for what that moves. ``ends``: it was
    the last of it, and the order is ``filled``; where that is not so, an `ExchangeOrderMoved` may still say it."""

    order: str
    fill: Fill
    amount: int
    cash: int
    cost: int
    realised: int
    cross: Crossed | None = None
    ends: bool = False

    @property
    def gained(self) -> int:
        """Profit, of both coins of a cross."""
        return self.realised + (self.cross.realised if self.cross is not None else 0)


class DustLeft(Fact, tag="dust-left/1"):
    """What is left of a position at an exchange is less than one lot, which no order sells: it stays as a balance, and
    what it cost is lost."""

    token: str


class ExchangeForced(Fact, tag="exchange-forced/1"):
    """The exchange closed some of a contract itself; see `sniper.kernel.exchange.holdings.Change`."""

    instrument: Instrument
    fill: Fill
    amount: int
    cash: int
    cost: int
    realised: int


class Funded(Fact, tag="funded/1"):
    """A contract paid funding, or was paid: profit or loss at once."""

    venue: str
    funding: Funding


class ContractRead(Fact, tag="contract-read/1"):
    """The exchange says something new of a contract: its leverage, its tiers, what answers for it."""

    state: ContractState


class ContractAdjusted(Fact, tag="contract-adjusted/1"):
    """The exchange shows another position in a contract than the books. ``amount``: by how much it differs, base units;
    ``cost``: likewise, base units of the quote asset."""

    instrument: Instrument
    amount: int
    cost: int
    reason: str


class PlanStarted(Fact, tag="plan-started/1"):
    """An order of several is carried out from now on. ``plan``: its id, that of the intent. ``memory``: what it
    remembers of its beginning."""

    plan: str
    instance: str
    key: str
    instrument: Instrument
    spec: Plan
    memory: Memory


class PlanMoved(Fact, tag="plan-moved/1"):
    """A plan remembers something else of the market and of the time."""

    plan: str
    memory: Memory


class PlanNarrowed(Fact, tag="plan-narrowed/1"):
    """A plan only reduces from now on."""

    plan: str
    reason: str


class PlanWaits(Fact, tag="plan-waits/1"):
    """A leg was refused, for the ``tries``-th time in a row, and places nothing until then, ns UTC."""

    plan: str
    leg: str
    tries: int
    until: int
    note: str


class PlanEnding(Fact, tag="plan-ending/1"):
    """A plan withdraws what it has on its way, and then ends in this state."""

    plan: str
    state: str
    note: str = ""


class PlanEnded(Fact, tag="plan-ended/1"):
    """Nothing of a plan is on its way any more. ``state``: ``done``, ``cancelled``, ``expired``, ``denied`` or
    ``failed``."""

    plan: str
    state: str
    note: str = ""


class DeskRead(Fact, tag="desk-read/1"):
    """A sub-account was read: what differs stands before this. ``cursor``: where its next fills begin."""

    venue: str
    cursor: str


class DeskUnread(Fact, tag="desk-unread/1"):
    """The stream of a sub-account broke, or a process took over: nothing is traded there before it is read again.
    ``lost``: the stream is not there yet."""

    venue: str
    lost: bool = False


class Presigned(Fact, tag="presigned/1"):
    """A sale was signed beforehand, and takes the place of the one before it. ``block``: the newest block then."""

    sale: Presign
    block: int
    raw: bytes
    tx_hash: str


class PositionMoved(Fact, tag="position-moved/1"):
    """``failures``: sales that failed in a row."""

    token: str
    state: str
    failures: int = 0


class Unguarded(Fact, tag="unguarded/1"):
    """Nothing tells what a position is worth, so no exit judges its price, and it is sold only by what a simulation
    brings. ``reason``: why; empty: it is guarded again."""

    token: str
    reason: str


class Measured(Fact, tag="measured/1"):
    """A token's taxes as simulated, bps."""

    token: str
    buy_tax_bps: int | None
    sell_tax_bps: int | None


class Synced(Fact, tag="synced/1"):
    """The wallet was read: the sender's next nonce. ``block``: the newest block that the kernel had seen."""

    chain_id: int
    owner: str
    nonce: int
    block: int = 0


class Unsynced(Fact, tag="unsynced/1"):
    """A reorg may have given back nonces: no new one is taken until the wallet is read again."""

    chain_id: int
    owner: str


class Adjusted(Fact, tag="adjusted/1"):
    """The chain shows more or less than the books: a deposit, an airdrop, a rebase, a loss. ``delta``: base units.
    ``wallet``: in which of the account's, where it has several."""

    asset: str
    delta: int
    reason: str
    wallet: str = ""


class WalletsSet(Fact, tag="wallets-set/1"):
    """From now on the account trades from these wallets. ``first``: whose everything was that it had before, where it
    had one alone."""

    wallets: tuple[str, ...]
    first: str = ""


class KillSet(Fact, tag="kill-set/1"):
    level: str
    reason: str


class Tripped(Fact, tag="tripped/1"):
    """A check that watches pulled the kill switch of the account."""

    check: str
    level: str
    reason: str


class InstanceMoved(Fact, tag="instance-moved/1"):
    """A strategy instance's life: ``active``, ``paused``, ``draining``, ``removed`` or ``stopped`` (it raised)."""

    instance: str
    state: str
    parameters: str = ""
    reason: str = ""


class Outranked(Fact, tag="outranked/1"):
    """What others would open in an asset is withdrawn for an instance of a higher priority, and until then, ns UTC,
    none of those opens anything in it again."""

    instance: str
    token: str
    until: int


class StageMoved(Fact, tag="stage-moved/1"):
    """A strategy instance stands at a stage from now on; see `sniper.kernel.promotion`.

    share_bps  How much of what it wants is traded; 0: it enters nothing. ``back``: it was taken back.
    evidence   What was measured, and led to it.
    """

    instance: str
    stage: str
    share_bps: int
    reason: str
    evidence: tuple[Finding, ...] = ()
    back: bool = False


class StageProposed(Fact, tag="stage-proposed/1"):
    """An instance has passed all gates of the next stage, and waits for a person's word; ``stage`` empty: it passes
    them no more."""

    instance: str
    stage: str
    evidence: tuple[Finding, ...]


class Halted(Fact, tag="halted/1"):
    """The account places no order any more until an operator has looked."""

    reason: str


class Replied(Fact, tag="replied/1"):
    """A command from outside was carried out under this key, and answered; see `sniper.events.Commanded`."""

    key: str
    asked: str
    answer: str


class Resumed(Fact, tag="resumed/1"):
    """An operator has looked: the account trades again."""

    reason: str


class WorkerAnswered(Fact, tag="worker-answered/1"):
    """A plugin that runs in a worker was asked, and this came back: recorded, so that whoever runs the journal again
    takes it from here and asks nobody. See docs/isolation.md.

    who          Kind and name, as in ``"strategy.ema-cross"``; of an AMM, its account is the market.
    answers      What it gave, each as its own bytes, in its order.
    begin, end   Its state is the one before the call, in which ``kept`` takes the place of these bytes.
    raised       What its code raised; ``kind``: of which kind that is, where the contract knows it.
    lost         Why there is no answer, or only a part of one; empty: there is.
    """

    who: str
    answers: tuple[bytes, ...] = ()
    begin: int = 0
    end: int = 0
    kept: bytes = b""
    raised: str = ""
    kind: str = ""
    lost: str = ""
