"""Locks of pairs, as strategies ask for them."""

from datetime import datetime

from sniper_strategy_freqtrade import current
from sniper_strategy_freqtrade.ledger import Lock


class PairLocks:
    """Entries into a locked pair are not made; what is held is managed as before."""

    @staticmethod
    def lock_pair(
        pair: str, until: datetime, reason: str | None = None, *, now: datetime | None = None, side: str = "*"
    ) -> None:
        """Until the end of the candle in which ``until`` lies."""
        book = current.ledger()
        book.locks.append(Lock(pair, book.candle_end(until), reason, side))

    @staticmethod
    def unlock_pair(pair: str, now: datetime | None = None, side: str = "*") -> None:
        book = current.ledger()
        book.locks = [lock for lock in book.locks if lock.pair != pair or side not in ("*", lock.side)]

    @staticmethod
    def unlock_reason(reason: str, now: datetime | None = None) -> None:
        book = current.ledger()
        book.locks = [lock for lock in book.locks if lock.reason != reason]

    @staticmethod
    def is_pair_locked(pair: str, now: datetime | None = None, side: str = "*") -> bool:
        book = current.ledger()
        return book.locked(pair, side, now or book.now)

    @staticmethod
    def is_global_lock(now: datetime | None = None, side: str = "*") -> bool:
        return PairLocks.is_pair_locked("*", now, side)

    @staticmethod
    def get_pair_locks(pair: str | None, now: datetime | None = None, side: str = "*") -> list[Lock]:
        book = current.ledger()
        at = now or book.now
        return [lock for lock in book.locks if pair in (None, lock.pair) and lock.until > at]
