"""The state of a position: what is held of it and what is on its way decide, and how often its sale has failed."""

from typing import TYPE_CHECKING

from sniper.kernel import facts as f
from sniper.kernel.book import Position

if TYPE_CHECKING:
    from sniper.kernel.account import Account


def move(account: "Account", position: Position, state: str, failures: int) -> None:
    """Put it on record. ``failures``: sales that failed in a row."""
    account.emit(f.PositionMoved(time=account.kernel.now, token=position.token, state=state, failures=failures))


def restate(account: "Account", position: Position, failures: int) -> None:
    """Let a position's state follow from what is held and what is on its way. ``failures``: as for `move`."""
    if not position.amount:
        state = "opening"
    elif account.book.selling(position.token):
        state = "closing"
    else:
        state = "stuck" if failures >= account.wiring.execution.stuck_after else "open"
    if state != position.state or failures != position.failures:
        move(account, position, state, failures)
