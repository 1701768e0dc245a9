"""What happens to a buyer of a specimen, told in lines: ``buy``, ``sell fails``, ``wait 50 blocks``.

| line | what it says |
| --- | --- |
| ``buy``, ``buy fails``, ``buy takes 60%`` | a purchase brings what the pool promised; reverts; brings that much less |
| ``sell``, ``sell 10%``, ``sell fails``, ``sell takes 50%`` | the same of a sale: of all, or of a share |
| ``sell burns 2000000 gas`` | a sale uses at least so much |
| ``deed``, ``deed fails`` | the owner does all their deeds; tries, and each fails |
| ``wait 50 blocks``, ``wait 3600 seconds`` | chain time passes |
| ``others buy 2``, ``others sell 3`` | that many others buy; buy and sell |
| ``owner sells`` | the owner sells all that they hold |
| ``holding shrinks`` | the buyer has less than half of what was bought |
| ``supply grows``, ``owner grows`` | the total supply has doubled; the owner has more than all that there was |
| ``pool drained`` | less than a tenth of the pool's ether is left |
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from sniper.errors import SniperError


class UnknownLine(SniperError, ValueError):
    """A line of a story that has no meaning."""

    code = "zoo-story"


class Act(StrEnum):
    """What a line is about."""

    BUY = "buy"
    SELL = "sell"
    DEED = "deed"
    WAIT_BLOCKS = "wait blocks"
    WAIT_SECONDS = "wait seconds"
    OTHERS_BUY = "others buy"
    OTHERS_SELL = "others sell"
    OWNER_SELLS = "owner sells"
    HOLDING_SHRINKS = "holding shrinks"
    SUPPLY_GROWS = "supply grows"
    OWNER_GROWS = "owner grows"
    POOL_DRAINED = "pool drained"


class Ending(StrEnum):
    """How what is tried in a line ends."""

    AS_PROMISED = "as promised"
    FAILS = "fails"
    TAKES = "takes"
    BURNS = "burns"


@dataclass(frozen=True)
class Line:
    """One line of a story."""

    act: Act
    ending: Ending = Ending.AS_PROMISED
    share: int = 100
    """Of a sale: percent of the buyer's balance."""
    amount: int = 0
    """Blocks, seconds or people; of an ending: percent taken at least, or gas burned at least."""

    @property
    def harms(self) -> bool:
        """Whether a buyer is hurt in this line. A deed that fails hurts only the owner."""
        if self.act in _HARMS:
            return True
        return self.act in (Act.BUY, Act.SELL) and self.ending is not Ending.AS_PROMISED


_HARMS = {Act.HOLDING_SHRINKS, Act.SUPPLY_GROWS, Act.OWNER_GROWS, Act.POOL_DRAINED}
_PLAIN = _HARMS | {Act.OWNER_SELLS}
_TRADE = re.compile(
    r"(?P<act>buy|sell|deed)( (?P<share>\d+)%)?( (?P<fails>fails)| takes (?P<takes>\d+)%| burns (?P<burns>\d+) gas)?"
)
_COUNTED = re.compile(r"(?P<act>wait|others buy|others sell) (?P<amount>\d+)(?P<unit> blocks| seconds)?")


def read_line(text: str) -> Line:
    """The line that a text says; raises `UnknownLine`."""
    if trade := _TRADE.fullmatch(text):
        act, share = Act(trade["act"]), int(trade["share"] or 100)
        if trade["fails"]:
            return Line(act, Ending.FAILS, share)
        if trade["takes"]:
            return Line(act, Ending.TAKES, share, int(trade["takes"]))
        if trade["burns"]:
            return Line(act, Ending.BURNS, share, int(trade["burns"]))
        return Line(act, share=share)
    if counted := _COUNTED.fullmatch(text):
        found = counted["act"] + (counted["unit"] or "")
        if found in set(Act):
            return Line(Act(found), amount=int(counted["amount"]))
    elif text in _PLAIN:
        return Line(Act(text))
    raise UnknownLine(f"no story has a line {text!r}; see the table in sniper_sdk.zoo.story")
