"""When something that was denied may fare better: at a time, with the next block, or after an event."""

from collections.abc import Iterable
from typing import Final, Literal, Self

from sniper.plugin import Frozen

BLOCK: Final = "block/1"
"""The tag of `sniper.events.Block`."""


class Retry(Frozen):
    """What to wait for before the same is judged again: make one with `at`, `next_block` or `event`.

    when        ``time``, ``block`` or ``event``.
    not_before  ns UTC; 0: at once.
    event_tag   Of the event, where it is one; ``about``: the pool or the token (asset id) that it must be about; empty:
                any.
    """

    when: Literal["time", "block", "event"]
    not_before: int = 0
    event_tag: str = ""
    about: str = ""

    @classmethod
    def at(cls, time: int) -> Self:
        """At a time, ns UTC."""
        return cls(when="time", not_before=time)

    @classmethod
    def next_block(cls) -> Self:
        """With the next block of the account's chain; with ``retry_after_s`` in the same finding: with the first one so
        many seconds from now."""
        return cls(when="block", event_tag=BLOCK)

    @classmethod
    def event(cls, tag: str, about: str = "") -> Self:
        """After the next event with this tag (`sniper.events.tag_of`) about a pool or token (its id): one that
        strategies of the account could subscribe to, or are told."""
        return cls(when="event", event_tag=tag, about=about)

    @classmethod
    def latest(cls, waits: Iterable[Self]) -> Self | None:
        """One wait for all of them: an event where there is one (the first; who still denies then, says so again),
        else a block, else a time; None for none."""
        known = list(waits)
        time = max((each.not_before for each in known), default=0)
        for when in ("event", "block"):
            for each in known:
                if each.when == when:
                    not_before = time if when == "block" else 0
                    return cls(when=each.when, not_before=not_before, event_tag=each.event_tag, about=each.about)
        return cls.at(time) if known else None
