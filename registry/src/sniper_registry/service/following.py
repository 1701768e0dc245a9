"""The catalogue follows the repository, whoever changes it."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from sniper.errors import SniperError
from sniper_registry.service.marketplace import Marketplace

_log = logging.getLogger(__name__)

EVERY_S = 30.0


class Follower:
    """Rebuilds when the repository's timestamp is another one than at the last time."""

    def __init__(self, marketplace: Marketplace) -> None:
        self._marketplace = marketplace
        self._seen = b""

    def look(self) -> bool:
        """Whether something was rebuilt, after what was found of published releases is put on record. Raises as
        `Marketplace.rebuild` and `Uploads.record`; the catalogue stays as it was then."""
        self._marketplace.uploads.record()
        now = (self._marketplace.settings.repository / "metadata" / "timestamp.json").read_bytes()
        if now == self._seen:
            return False
        self._marketplace.rebuild()
        self._seen = now
        return True


@contextmanager
def following(marketplace: Marketplace, failed: Callable[[Exception], None]) -> Iterator[None]:
    """Look now, and again every half minute in a thread. ``failed`` is told what went wrong."""
    follower, end = Follower(marketplace), threading.Event()

    def follow() -> None:
        while True:
            try:
                follower.look()
            except Exception as error:  # who follows no more shows an old catalogue for ever
                if not isinstance(error, SniperError | OSError | SQLAlchemyError):
                    _log.exception("a fault while the catalogue was followed")
                failed(error)
            if end.wait(EVERY_S):
                return

    thread = threading.Thread(target=follow, name="catalogue", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
