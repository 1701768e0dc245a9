"""A scenario's steps, broken down to what every stage can do: a node's own simulation, or a local EVM.

`staged` yields requests and is sent their answers; who carries them out is none of its business.
"""

from collections.abc import Generator
from typing import Any, Final, TypeVar

from sniper.errors import ComputeError
from sniper.evm.abi import function
from sniper.evm.keccak import keccak256
from sniper.io import Trade
from sniper.plugin import Frozen
from sniper.scenario import (
    Advance,
    Branches,
    Buy,
    Call,
    Called,
    Code,
    Fund,
    Mark,
    Rewind,
    Scenario,
    Sell,
    Step,
    Storage,
    Trader,
)
from sniper.types import NATIVE
from sniper.types import Step as Sent

ALLOWANCE = function("allowance(address,address)(uint256)")
BALANCE_OF = function("balanceOf(address)(uint256)")
TRANSFER = function("transfer(address,uint256)")
PLENTY: Final = 10**33
"""What a simulation has of a token to hand out, base units: more than anybody trades, and too little to overflow."""
NOTHING: Final = "there is nothing to trade"
NO_MONEY: Final = "insufficient funds for value"
READ_GAS: Final = 1_000_000
MOST_STEPS: Final = 10_000
"""A scenario that takes more does not end."""

T = TypeVar("T")


class Head(Frozen):
    """The block on which a scenario is played, and what the ones after it are taken to be like.

    time, interval  Seconds: of this block, and from one block to the next.
    base_fee        Wei per gas.
    randao          What PREVRANDAO gives in this block.
    """

    chain_id: int
    number: int
    hash: str
    time: int
    interval: int
    base_fee: int
    gas_limit: int
    coinbase: str
    randao: bytes

    @property
    def gas_price(self) -> int:
        """What transactions bid: somewhat above the base fee, as real ones do."""
        return self.base_fee + min(10**9, max(self.base_fee, 1))

    def randao_at(self, number: int) -> bytes:
        """What PREVRANDAO gives in a simulated block: another word in each, or a token that kept the one of the
        purchase would know by it at the sale that this is no chain."""
        return keccak256(self.randao + number.to_bytes(8, "big"))


class Emitted(Frozen):
    """A log of a simulation, as far as a pool's formula wants it."""

    address: str
    topics: tuple[str, ...]
    data: bytes


class Planned(Frozen):
    """A trade as a venue would carry it out.

    pay, get  Addresses; `sniper.types.NATIVE` for the chain's own coin.
    spender   Who must be allowed to take ``pay``.
    expected  What the pool's own formula promises, base units; 0 where it gives nothing.
    """

    pay: str
    get: str
    spender: str
    steps: tuple[Sent, ...]
    expected: int


class Source(Frozen):
    """Who hands out a token. ``slot``: the storage word to be set to `PLENTY`, so that it has some; None: it has."""

    holder: str
    slot: int | None = None


class Endow(Frozen):
    """Give an address ``amount`` of an asset (an address, `NATIVE`) on top of what it has."""

    asset: str
    address: str
    amount: int


class Holding(Frozen):
    """What an address has of an asset, as the asset says; 0 where it says nothing."""

    asset: str
    address: str


class Together(Frozen):
    """Deeds one after the other in the same block, up to the first call that reverts, that one included. Answered by
    a list: `Called`, None for `Endow`, an integer for `Holding`."""

    deeds: tuple[Call | Endow | Holding, ...]


class Plan(Frozen):
    """How a venue would carry out a trade. Answered by `Planned`."""

    pool: str
    owner: str
    amount: int
    opens: bool
    allowance: int


class Apart(Frozen):
    """Play each on a stage of its own, as this one is now; this one stays as it is. Answered by what they return.

    Any: `Requests`, which are no messages, so this never travels.
    """

    each: tuple[Generator[Any, Any, Any], ...]


Request = Together | Plan | Fund | Advance | Mark | Rewind | Apart | Code | Storage
Requests = Generator[Request, Any, T]
"""Any: what a request is answered by depends on it."""


def staged(scenario: Scenario[T], *, apart: bool = False) -> Requests[T]:
    """Play a scenario. Raises whatever it raises, and `ComputeError` where it does not end.

    apart  For a stage that is far away: branches are asked for as `Apart`, else they are played in turn, each between
           a mark and a rewind; and what the next trade may want to know is asked for along with this one.
    """
    trades = _Trades(ahead=apart)
    answer: object = None
    for _ in range(MOST_STEPS):
        try:
            step = scenario.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        if isinstance(step, Branches):
            answer = yield from _branches(step, apart=apart)
        else:
            answer = yield from trades.step(step)
    raise ComputeError(f"a scenario took more than {MOST_STEPS} steps; split it, or see why it does not end")


def _branches(step: Branches, *, apart: bool) -> Requests[list[Any]]:
    each = tuple(staged(scenario, apart=apart) for scenario in step.scenarios)
    found: list[Any] = []
    if apart:
        found = yield Apart(each=each)
        return found
    here = yield Mark()
    for requests in each:
        found.append((yield from requests))
        yield Rewind(mark=here)
    return found


class _Trades:
    """Purchases and sales as calls. Remembers what venues may take, for as long as nothing can have changed it."""

    def __init__(self, *, ahead: bool) -> None:
        """``ahead``: whether they are asked for before they are wanted."""
        self._ahead = ahead
        self._allowed: dict[tuple[str, str, str], int] = {}

    def step(self, step: Step) -> Requests[Any]:
        if isinstance(step, Buy | Sell):
            return (yield from self._trade(step.pool, step.amount, step.trader, opens=isinstance(step, Buy)))
        if isinstance(step, Call):
            self._allowed.clear()
            (called,) = yield Together(deeds=(step,))
            return called
        if not isinstance(step, Fund | Advance | Mark | Rewind | Code | Storage):
            raise TypeError(f"a scenario yielded {step!r:.80}, which is no step")
        if isinstance(step, Rewind):
            self._allowed.clear()
        return (yield step)

    def _trade(self, pool: str, amount: int, trader: Trader, *, opens: bool) -> Requests[Trade]:
        who = trader.address
        if amount <= 0:
            return Trade(paid=0, received=0, expected=0, gas_used=0, reverted=NOTHING)
        planned = yield Plan(pool=pool, owner=who, amount=amount, opens=opens, allowance=0)
        pay, get, spender = planned.pay, planned.get, planned.spender
        if pay != NATIVE:
            allowed = self._allowed.get((pay, who, spender))
            if allowed is None:
                (called,) = yield Together(deeds=(_allowance(pay, who, spender),))
                allowed = _amount(called)
            if allowed:
                planned = yield Plan(pool=pool, owner=who, amount=amount, opens=opens, allowance=allowed)
        endowed = (Endow(asset=pay, address=who, amount=amount),) if opens else ()
        around = (Holding(asset=pay, address=who), Holding(asset=get, address=who))
        steps = tuple(
            Call(sender=who, to=step.to, data=step.data, value=step.value, gas=step.gas, origin=trader.origin)
            for step in planned.steps
        )
        wanted = () if not self._ahead else (get, pay) if opens else (pay,)
        asked = tuple((asset, who, spender) for asset in wanted if asset != NATIVE)
        asks = tuple(_allowance(*each) for each in asked)
        found = yield Together(deeds=(*endowed, *around, *steps, *around, *asks))
        first = len(endowed) + 2
        done = found[first : first + len(steps)]
        gas = sum(called.gas_used for called in done)
        reverted = next((called.reverted for called in done if called.reverted), "")
        self._allowed.clear()
        if reverted:
            return Trade(paid=0, received=0, expected=planned.expected, gas_used=gas, reverted=reverted)
        before, after = found[first - 2 : first], found[first + len(steps) : first + len(steps) + 2]
        answers = found[first + len(steps) + 2 :]
        self._allowed.update({key: _amount(called) for key, called in zip(asked, answers, strict=False)})
        return Trade(
            paid=max(0, before[0] - after[0]),
            received=max(0, after[1] - before[1]),
            expected=planned.expected,
            gas_used=gas,
        )


def _allowance(token: str, owner: str, spender: str) -> Call:
    return Call(sender=owner, to=token, data=ALLOWANCE.encode(owner, spender), gas=READ_GAS)


def _amount(called: Called) -> int:
    """A number that a token gave; one that gives none, or garbage, has none."""
    return int.from_bytes(called.data, "big") if not called.reverted and len(called.data) == 32 else 0
