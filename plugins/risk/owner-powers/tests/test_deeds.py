"""Powers carried out on a token that is a few lines of Python; on real ones: tests/evaluation/test_confirmed.py."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from sniper.evm.surface import Callable
from sniper.scenario import Advance, Branches, Buy, Call, Called, Code, Scenario, Sell, Storage, Trade
from sniper_risk_owner_powers.deeds import (
    BALANCE_OF,
    MOST_TRIES,
    TOTAL_SUPPLY,
    TRANSFER,
    Case,
    Claim,
    Outcome,
    carry_out,
)

OWNER, TOKEN, PAIR, QUOTE = ("0x" + each * 20 for each in ("0a", "0b", "0c", "0d"))
MINT = Callable(selector=b"mint", types=("address", "uint256"))
HELD = 10**6


@dataclass
class Token:
    """The owner mints. ``open``: whether it can be bought; ``calls``: what was called, by whom."""

    open: bool = True
    supply: int = 10**9
    held: dict[str, int] = field(default_factory=lambda: {PAIR: 10**9})
    calls: list[tuple[str, bytes]] = field(default_factory=list)

    def call(self, step: Call) -> Called:
        who, number = "0x" + step.data[16:36].hex(), int.from_bytes(step.data[-32:], "big")
        if step.to != TOKEN:
            return Called(data=b"", gas_used=1, reverted="nobody is there")
        match step.data[:4]:
            case BALANCE_OF.selector:
                return gave(self.held.get(who, 0))
            case TOTAL_SUPPLY.selector:
                return gave(self.supply)
            case TRANSFER.selector if self.held.get(step.sender, 0) >= number:
                self.held[step.sender] -= number
                self.held[who] = self.held.get(who, 0) + number
                return gave(1)
            case MINT.selector:
                self.calls.append((step.sender, step.data))
                if step.sender == OWNER and number < 2**200:
                    self.supply += number
                    self.held[who] = self.held.get(who, 0) + number
                    return gave(1)
        return Called(data=b"", gas_used=1, reverted="no")

    def trade(self, step: Buy | Sell) -> Trade:
        who = step.trader.address
        if isinstance(step, Sell) or not self.open:
            return Trade(paid=0, received=0, expected=0, gas_used=1, reverted="closed")
        self.held[who] = self.held.get(who, 0) + HELD
        return Trade(paid=step.amount, received=HELD, expected=HELD, gas_used=1)


def gave(number: int) -> Called:
    return Called(data=number.to_bytes(32, "big"), gas_used=1)


def played(scenario: Scenario[Any], token: Token) -> Any:  # Any: what the scenario returns
    answer: Any = None
    while True:
        try:
            step = scenario.send(answer)
        except StopIteration as end:
            return end.value
        match step:
            case Branches():
                answer = []
                for each in step.scenarios:
                    apart = deepcopy(token)
                    answer.append(played(each, apart))
                    token.calls = apart.calls
            case Call():
                answer = token.call(step)
            case Buy() | Sell():
                answer = token.trade(step)
            case Code():
                answer = b""
            case Storage():
                answer = 0
            case Advance():
                answer = None


def tried(token: Token, *claims: Claim) -> tuple[Outcome, ...]:
    case = Case(pool=f"1:{PAIR}", token=TOKEN, pair=PAIR, quote=QUOTE, amount=1, seed=bytes(32), claims=claims)
    found: tuple[Outcome, ...] = played(carry_out(case), token)
    return found


def claim(*callers: str, guarded: bool = True, functions: tuple[Callable, ...] = (MINT,)) -> Claim:
    return Claim(number=7, power="mint", to=TOKEN, callers=callers, guarded=guarded, functions=functions)


def test_what_was_seen_is_told_with_who_called_what() -> None:
    (found,) = tried(Token(), claim(OWNER))
    assert (found.number, found.caller, found.to, found.data[:4]) == (7, OWNER, TOKEN, MINT.selector)
    assert found.effect == f"the total supply goes from {10**9} to {10**9 + HELD}"


def test_a_call_that_is_refused_shows_nothing() -> None:
    (found,) = tried(Token(), claim("0x" + "ee" * 20))
    assert (found.effect, found.caller) == ("", "")
    assert found.tried > 0


def test_a_token_that_cannot_be_bought_yet_is_tried_with_what_the_pool_sends() -> None:
    (found,) = tried(Token(open=False), claim(OWNER))
    assert found.effect == f"the total supply goes from {10**9} to {10**9 + 10**6}"


def test_what_anybody_may_call_is_tried_as_a_stranger_too() -> None:
    token = Token()
    tried(token, claim(OWNER, guarded=False))
    callers = {caller for caller, _ in token.calls}
    assert OWNER in callers
    assert len(callers) == 2


def test_the_pool_is_nobody_who_rules() -> None:
    token = Token()
    (found,) = tried(token, claim(PAIR))
    assert (found.tried, token.calls) == (0, [])


def test_calls_are_bounded_and_those_without_room_counted() -> None:
    token = Token()
    people = tuple(f"0x{n:040x}" for n in range(1, 9))
    (found,) = tried(token, claim(*people))
    assert found.tried == MOST_TRIES == len(token.calls)
    assert found.left_out > 0
