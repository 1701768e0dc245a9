"""Write a scenario: what would happen, played on a throw-away copy of a chain's state.

A scenario is a generator function at the top level of a module. It yields steps, is told what each one did, and returns
what it found. It does not know where it is played: by a local EVM in a worker process, or by the node.

    def round_trip(pool: str, amount: int, who: Trader) -> Scenario[Trade]:
        bought = yield from buy(pool, amount, who)
        yield from advance(blocks=1, seconds=12)
        return (yield from sell(pool, bought.received, who))

    sold = await io.simulate(chain_id, round_trip, pool, amount, who)

Arguments and what it returns are messages (`sniper.plugin.Frozen`) or plain data: they travel between processes.
"""

from collections.abc import Generator
from typing import Any, TypeVar

from sniper.io import Trade
from sniper.plugin import Frozen

__all__ = [
    "Advance",
    "Branches",
    "Buy",
    "Call",
    "Called",
    "Code",
    "Fund",
    "Mark",
    "Rewind",
    "Scenario",
    "Sell",
    "Step",
    "Storage",
    "Trade",
    "Trader",
    "advance",
    "branches",
    "buy",
    "call",
    "code",
    "fund",
    "mark",
    "rewind",
    "sell",
    "storage",
]

T = TypeVar("T")


class Trader(Frozen):
    """Who trades.

    address  Who pays and receives, and whom the contracts see as ``msg.sender``.
    origin   Where it is set, ``address`` is a contract that does what ``origin`` (``tx.origin``) tells it to.
    """

    address: str
    origin: str = ""


class Call(Frozen):
    """One transaction, or a read. What a call that reverts changed is undone, and its sender is charged no fee.

    sender  Whom the called contract sees. It may be a contract of the chain; it is ``tx.origin`` then, too.
    value   Native coin sent along, wei; the sender must have it (`Fund`).
    gas     Most that it may use.
    origin  As in `Trader`: ``sender`` is a contract that does what ``origin`` tells it to.
    """

    sender: str
    to: str
    data: bytes = b""
    value: int = 0
    gas: int = 5_000_000
    origin: str = ""


class Called(Frozen):
    """What a `Call` did. ``data``: what it returned, also when it reverted; ``reverted``: why, else empty."""

    data: bytes
    gas_used: int
    reverted: str = ""


class Buy(Frozen):
    """Buy the pool's token for ``amount`` of the account's quote asset, which ``trader`` is given for the purpose."""

    pool: str
    amount: int
    trader: Trader


class Sell(Frozen):
    """Approve and sell ``amount`` of the pool's token that ``trader`` has."""

    pool: str
    amount: int
    trader: Trader


class Fund(Frozen):
    """Set the native balance of an address, wei."""

    address: str
    balance: int


class Advance(Frozen):
    """End the block: what follows happens ``blocks`` later, in a block whose time is ``seconds`` after this one's."""

    blocks: int
    seconds: int


class Mark(Frozen):
    """Remember the state as it is now; answered by a number for `Rewind`."""


class Rewind(Frozen):
    """Back to the state at ``mark``, block and time included."""

    mark: int


class Branches(Frozen):
    """Play scenarios that all begin with the state as it is now, and leave it so: what they change is undone. Answered
    by what they return. Where a node plays them, they are played at the same time.

    Any: each returns what it returns.
    """

    scenarios: tuple[Generator[Any, Any, Any], ...]


class Code(Frozen):
    """The code at an address."""

    address: str


class Storage(Frozen):
    """The word in a storage slot."""

    address: str
    slot: int


Step = Call | Buy | Sell | Fund | Advance | Mark | Rewind | Branches | Code | Storage
Scenario = Generator[Step, Any, T]
"""Any: what a step is answered by depends on the step; the functions below say it."""


def call(sender: str | Trader, to: str, data: bytes = b"", *, value: int = 0, gas: int = 5_000_000) -> Scenario[Called]:
    """See `Call`."""
    who = Trader(address=sender) if isinstance(sender, str) else sender
    done: Called = yield Call(sender=who.address, to=to, data=data, value=value, gas=gas, origin=who.origin)
    return done


def buy(pool: str, amount: int, trader: Trader) -> Scenario[Trade]:
    """See `Buy`."""
    done: Trade = yield Buy(pool=pool, amount=amount, trader=trader)
    return done


def sell(pool: str, amount: int, trader: Trader) -> Scenario[Trade]:
    """See `Sell`."""
    done: Trade = yield Sell(pool=pool, amount=amount, trader=trader)
    return done


def fund(address: str, balance: int) -> Scenario[None]:
    """See `Fund`."""
    yield Fund(address=address, balance=balance)


def advance(*, blocks: int, seconds: int) -> Scenario[None]:
    """See `Advance`."""
    yield Advance(blocks=blocks, seconds=seconds)


def mark() -> Scenario[int]:
    """See `Mark`."""
    number: int = yield Mark()
    return number


def rewind(to: int) -> Scenario[None]:
    """See `Rewind`."""
    yield Rewind(mark=to)


def branches(*scenarios: Scenario[T]) -> Scenario[list[T]]:
    """See `Branches`."""
    found: list[T] = yield Branches(scenarios=scenarios)
    return found


def code(address: str) -> Scenario[bytes]:
    """See `Code`: empty where there is none."""
    found: bytes = yield Code(address=address)
    return found


def storage(address: str, slot: int) -> Scenario[int]:
    """See `Storage`: 0 to 2**256 - 1."""
    found: int = yield Storage(address=address, slot=slot)
    return found
