"""Entries that were denied and wait for a block or an event: whoever wanted one is told when it is there.

Waiting for a time alone is the strategy's own affair: it hears the time, and sets a timer.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

from sniper.events import EntryDue
from sniper.kernel import facts as f
from sniper.kernel.book import Waiting, waiting_id
from sniper.retry import Retry

if TYPE_CHECKING:
    from sniper.kernel.account import Account

LEAST: Final = 1_000
"""Of what does not wait any more, how many are left where they are."""


class Due(NamedTuple):
    """A wait that an event ends."""

    account: "Account"
    key: str
    waiting: Waiting


class Waits:
    """Of one account. Many wait for what never comes, so an event asks only after those that wait for such a one."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self._waiting_for: dict[tuple[str, str], set[str]] = {}
        """By tag and what it must be about: keys of what waits for it, and of some that does not any more."""
        self._noted = 0
        """How many were put there."""

    def begin(self, intent: str, instance: str, token: str, retry: Retry) -> None:
        """An intent was denied, and waits."""
        account = self.account
        account.emit(f.EntryWaits(time=account.kernel.now, intent=intent, instance=instance, token=token, retry=retry))
        account.kernel.awaited.add(retry.event_tag)
        self._note(waiting_id(instance, token), retry)
        if self._noted > 2 * len(account.book.waiting) + LEAST:
            self.recall()

    def recall(self) -> None:
        """What waits is in the book, which may have come from elsewhere."""
        self._waiting_for, self._noted = {}, 0
        for key, waiting in self.account.book.waiting.items():
            self._note(key, waiting.retry)

    def due(self, tag: str, about: tuple[str, ...]) -> list[Due]:
        """What an event with this tag and about these ends. Nothing is told yet: who hears the event may ask again."""
        now, book = self.account.kernel.now, self.account.book
        found = [
            (key, waiting)
            for subject in {"", *about}
            for key in self._waiting_for.get((tag, subject), ())
            if (waiting := book.waiting.get(key)) is not None
            and (waiting.retry.event_tag, waiting.retry.about) == (tag, subject)
            and waiting.retry.not_before <= now
        ]
        return [Due(self.account, key, waiting) for key, waiting in sorted(found, key=lambda each: each[0])]

    def _note(self, key: str, retry: Retry) -> None:
        self._waiting_for.setdefault((retry.event_tag, retry.about), set()).add(key)
        self._noted += 1

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
