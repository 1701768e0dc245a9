"""Entries that were denied and wait for a block or an event: whoever wanted one is told when it is there.

Waiting for a time alone is the strategy's own affair: it hears the time, and sets a timer.
"""

from typing import TYPE_CHECKING, NamedTuple

from sniper.events import EntryDue
from sniper.kernel import facts as f
from sniper.kernel.book import Waiting
from sniper.retry import Retry

if TYPE_CHECKING:
    from sniper.kernel.account import Account


class Due(NamedTuple):
    """A wait that an event ends."""

    account: "Account"
    key: str
    waiting: Waiting


class Waits:
    """Of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    def begin(self, intent: str, instance: str, token: str, retry: Retry) -> None:
        """An intent was denied, and waits."""
        account = self.account
        account.emit(f.EntryWaits(time=account.kernel.now, intent=intent, instance=instance, token=token, retry=retry))
        account.kernel.awaited.add(retry.event_tag)

    def due(self, tag: str, about: tuple[str, ...]) -> list[Due]:
        """What an event with this tag and about these ends. Nothing is told yet: who hears the event may ask again."""
        now = self.account.kernel.now
        return [
            Due(self.account, key, waiting)
            for key, waiting in sorted(self.account.book.waiting.items())
            if waiting.retry.event_tag == tag
            and (not waiting.retry.about or waiting.retry.about in about)
            and waiting.retry.not_before <= now
        ]

    def over(self, due: Due) -> None:
        """What it waited for is there: let the strategy know, unless it has asked again since."""
        account, waiting = self.account, due.waiting
        if account.book.waiting.get(due.key) is not waiting:
            return
        now = account.kernel.now
        account.emit(f.WaitOver(time=now, intent=waiting.intent, instance=waiting.instance, token=waiting.token))
        instance = account.instances.get(waiting.instance)
        if instance is not None:
            event = EntryDue(time=now, token=waiting.token, intent=waiting.intent)
            account.kernel.later.append((instance, event))
