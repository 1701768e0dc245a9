"""Write an exit: a rule that closes a position. One instance guards one position; its fields are its state."""

from collections.abc import Iterator

from sniper.config import Config
from sniper.plugin import Frozen, State
from sniper.strategy import SetTimer, on
from sniper.view import Position, View

__all__ = ["Config", "Exit", "ExitActions", "Position", "Sell", "SetTimer", "View", "on"]


class Sell(Frozen, tag="sell"):
    """Sell ``share_bps`` of what is held. ``urgent``: pay the fee and take the slippage of an emergency."""

    reason: str
    share_bps: int = 10_000
    urgent: bool = False


ExitActions = Iterator[Sell | SetTimer]


class Exit(State):
    """Pure. Declare ``config`` (a `Config`) and any state as fields; state fields need defaults.

    What was sold short is shown to it as if it had been bought: amount and cost of ``position`` are above zero, the
    value is the cost and what was gained since, and to sell is to buy it back. So a rule needs to know of no sides.
    (``view`` has it as it is.)

    Besides these two methods an exit may handle events of its position's pool and token with `on`, as
    ``handler(self, event, position, view) -> ExitActions``; of `TimerFired` it sees its own timers. An exit is asked
    again after a failed sale, so a rule that still holds simply says `Sell` again.
    """

    def opened(self, position: Position, view: View) -> ExitActions:
        """The position exists from now on."""
        yield from ()

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        """``value``: what selling all of it would bring now, after the token's tax and the fee of an exchange: quote
        asset, base units. Of what was sold short: cost and profit so far, below zero where more than the cost is lost.

        Called whenever the pool changes, so keep it short.
        """
        return None
