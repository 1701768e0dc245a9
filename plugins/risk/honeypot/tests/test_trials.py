"""What the trials do, played on a token that is a few lines of Python."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from sniper.scenario import Advance, Branches, Buy, Call, Called, Fund, Scenario, Sell, Trade
from sniper_risk_honeypot.functions import Callable
from sniper_risk_honeypot.trials import ALLOWANCE, APPROVE, BALANCE_OF, TRANSFER, TRANSFER_FROM, Case, Trials, play

OWNER, TOKEN, PAIR = "0x" + "0a" * 20, "0x" + "0b" * 20, "0x" + "0c" * 20
RAISE = bytes.fromhex("11223344")
AMOUNT = 10**6


@dataclass
class Token:
    """Sold one to one. ``obeys``: who may raise its tax; empty: anybody. ``silent``: whether others get no error."""

    obeys: str = OWNER
    silent: bool = True
    tax_bps: int = 0
    held: dict[str, int] = field(default_factory=dict)
    allowed: dict[tuple[str, str], int] = field(default_factory=dict)

    def trade(self, step: Buy | Sell) -> Trade:
        who, amount = step.trader.address, step.amount
        if isinstance(step, Buy):
            self.held[who] = self.held.get(who, 0) + amount
            return Trade(paid=amount, received=amount, expected=amount, gas_used=1)
        if self.held.get(who, 0) < amount:
            return Trade(paid=0, received=0, expected=amount, gas_used=1, reverted="balance")
        self.held[who] -= amount
        left = amount * (10_000 - self.tax_bps) // 10_000
        return Trade(paid=amount, received=left, expected=amount, gas_used=1)

    def call(self, step: Call) -> Called:
        who, data = step.sender, step.data
        words = ["0x" + data[at + 12 : at + 32].hex() for at in range(4, len(data), 32)]
        number = int.from_bytes(data[-32:], "big")
        match data[:4]:
            case BALANCE_OF.selector:
                return _gave(self.held.get(words[0], 0))
            case ALLOWANCE.selector:
                return _gave(self.allowed.get((words[0], words[1]), 0))
            case APPROVE.selector:
                self.allowed[who, words[0]] = number
            case TRANSFER.selector:
                self.held[who] -= number
                self.held[words[0]] = self.held.get(words[0], 0) + number
            case TRANSFER_FROM.selector:
                return Called(data=b"", gas_used=1, reverted="allowance")
            case selector if selector == RAISE:
                if self.obeys in ("", who):
                    self.tax_bps = 9_900
                elif not self.silent:
                    return Called(data=b"", gas_used=1, reverted="not the owner")
        return _gave(1)


def _gave(number: int) -> Called:
    return Called(data=number.to_bytes(32, "big"), gas_used=1)


def played(scenario: Scenario[Any], token: Token) -> Any:  # Any: what the scenario returns
    """Carry out a scenario's steps on the token."""
    answer: Any = None
    while True:
        try:
            step = scenario.send(answer)
        except StopIteration as end:
            return end.value
        match step:
            case Branches():
                answer = [played(each, deepcopy(token)) for each in step.scenarios]
            case Call():
                answer = token.call(step)
            case Buy() | Sell():
                answer = token.trade(step)
            case Advance() | Fund():
                answer = None


def tried(token: Token) -> Trials:
    case = Case(
        pool=f"1:{PAIR}",
        token=TOKEN,
        pair=PAIR,
        amount=AMOUNT,
        small=AMOUNT // 100,
        large=AMOUNT * 3,
        seed=bytes(32),
        functions=(Callable(selector=RAISE, types=()),),
        owners=(OWNER,),
    )
    found: Trials = played(play(case), token)
    return found


def test_a_power_is_seen_also_where_its_guard_lets_others_through_in_silence() -> None:
    for silent in (True, False):
        (deed,) = tried(Token(silent=silent)).deeds
        assert (deed.caller, deed.data, deed.tax_bps) == (OWNER, RAISE, 9_900)


def test_what_anybody_may_do_is_no_power_of_an_owner() -> None:
    assert tried(Token(obeys="")).deeds == ()
