"""Effects: what leaves the kernel. The answer comes back as an event that names the ask's id."""

from typing import Final

from sniper.exchange_orders import NewOrder
from sniper.executor import Submission
from sniper.instrument import Instrument
from sniper.plugin import Frozen
from sniper.proposal import RouteAsk
from sniper.types import Entry, FeeBid, Step, asset_id


class Probe(Frozen, tag="probe"):
    """Gather the evidence of a risk probe. Answer: `ProbeAnswered`."""

    check: str
    entry: Entry


class ProposeRoute(Frozen, tag="propose-route"):
    """Ask the routers how a trade could be split. Answer: `RouteProposed`; without one its pool alone is used.

    intent  Of an entry. Empty for a sale, which becomes an intent with the answer: it sells ``route.token_in``.
    others  The same trade under other constraints, where several venues carry out different routes.
    """

    intent: str
    route: RouteAsk
    others: tuple[RouteAsk, ...] = ()

    @property
    def asks(self) -> tuple[RouteAsk, ...]:
        """All of them."""
        return self.route, *self.others


class Sign(Frozen, tag="sign"):
    """Sign a transaction. Answer: `Signed`."""

    attempt: str
    purpose: str
    chain_id: int
    sender: str
    nonce: int
    bid: FeeBid
    gas: int
    to: str
    value: int
    data: bytes
    legacy: bool = False


class Presign(Frozen, tag="presign"):
    """Sign a sale that nobody wants yet, to have it where it must not wait, or the signer is gone. Answer: `Signed`.

    sign      What is signed; its ``attempt`` is empty.
    amount_in What it sells, base units. ``quoted``: what the pool gave for that; ``min_out``: what it insists on.
    deadline  Seconds, chain time. ``pool_data``: `venue_data` of its pool.
    """

    sign: Sign
    token: str
    amount_in: int
    quoted: int
    min_out: int
    deadline: int
    pool_data: int

    @property
    def step(self) -> Step:
        """The transaction."""
        sign = self.sign
        return Step(purpose=sign.purpose, to=sign.to, data=sign.data, value=sign.value, gas=sign.gas)


class Send(Frozen, tag="send"):
    """Broadcast. A command: it leaves once its record is durable. Answer: `Sent`."""

    submission: Submission


class Settle(Frozen, tag="settle"):
    """What did this transaction do? Answer: `Settled`."""

    submission: Submission


class SimulateSell(Frozen, tag="simulate-sell"):
    """What would selling a whole position bring at the newest block? Answer: `SellSimulated`. ``wallet``: which holds
    it, of an account with several."""

    chain_id: int
    token: str
    pool: str
    amount: int
    wallet: str = ""


class ReadBalances(Frozen, tag="read-balances"):
    """Read a wallet. ``tokens``: addresses. Answer: `BalancesRead`."""

    chain_id: int
    owner: str
    tokens: tuple[str, ...]


class DescribeToken(Frozen, tag="describe-token"):
    """Ask a token its name and decimals, and who sent ``tx_hash``. Answer: `TokenDescribed`; none is no harm."""

    chain_id: int
    token: str
    tx_hash: str


class ReadPool(Frozen, tag="read-pool"):
    """Read the state of a pool after ``block``. ``amm``: its section. Answer: `PoolRead`; without one it is read later.

    listed  For the market; else for those accounts that need it.
    """

    chain_id: int
    pool: str
    amm: str
    block: int
    listed: bool


class ReadGas(Frozen, tag="read-gas"):
    """What do these wallets have of the chain's coin after ``block``? Answer: `GasRead`."""

    chain_id: int
    wallets: tuple[str, ...]
    block: int


class ReadRollup(Frozen, tag="read-rollup"):
    """Read what a rollup takes for data after ``block``. Answer: `RollupRead`; without it the next block asks again."""

    chain_id: int
    block: int


class Submit(Frozen, tag="submit"):
    """Place an order at an exchange. A command: it leaves once its record is durable. Answer: `Submitted`."""

    order: str
    instrument: Instrument
    new: NewOrder


class Cancel(Frozen, tag="cancel"):
    """Cancel an order at an exchange. A command. Answer: `CancelAsked`."""

    order: str
    instrument: Instrument
    new: NewOrder
    venue_id: str


class FindOrder(Frozen, tag="find-order"):
    """What does the exchange know of this order? Answer: `OrderFound`."""

    order: str
    instrument: Instrument
    new: NewOrder


class ReadDesk(Frozen, tag="read-desk"):
    """Read a sub-account, and its fills after ``cursor``. Answer: `DeskAnswered`."""

    venue: str
    cursor: str


AskBody = (
    Probe
    | ProposeRoute
    | Sign
    | Presign
    | Send
    | Settle
    | SimulateSell
    | ReadBalances
    | DescribeToken
    | ReadPool
    | ReadRollup
    | ReadGas
    | Submit
    | Cancel
    | FindOrder
    | ReadDesk
)
_COMMANDS: Final = (Send, Submit, Cancel)


class Ask(Frozen):
    """One effect. ``deadline``: ns from when it leaves."""

    id: str
    account: str
    deadline: int
    body: AskBody

    @property
    def is_command(self) -> bool:
        """Commands leave only after their record is durable, and become unknown, never new, after a crash."""
        return type(self.body) in _COMMANDS

    @property
    def about(self) -> str:
        """What it is about: an attempt or an intent (id), the token that is to be sold (asset id), or a wallet; empty
        of what goes to an exchange, whose ids tell."""
        body = self.body
        if isinstance(body, (Send, Settle)):
            return body.submission.attempt
        if isinstance(body, Sign):
            return body.attempt
        if isinstance(body, Presign):
            return body.token
        if isinstance(body, Probe):
            return body.entry.intent
        if isinstance(body, ProposeRoute):
            return body.intent or asset_id(body.route.chain_id, body.route.token_in)
        if isinstance(body, SimulateSell):
            return body.token
        return body.owner if isinstance(body, ReadBalances) else ""
