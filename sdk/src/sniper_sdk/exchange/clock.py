"""What time it is on the exchange: that of this machine, or one that a test moves."""

import time


class Clock:
    """This machine's time. ``skew_ns``: how far the exchange is off, where that is what shall go wrong."""

    def __init__(self) -> None:
        self.skew_ns = 0

    def now(self) -> int:
        """Nanoseconds, UTC."""
        return self._time() + self.skew_ns

    def milliseconds(self) -> int:
        """As the API has it; a client lives in this time with ``client.milliseconds = clock.milliseconds``."""
        return self.now() // 10**6

    def _time(self) -> int:
        return time.time_ns()


class VirtualClock(Clock):
    """Stands still until it is moved (`ExchangeServer.advance`)."""

    def __init__(self, start_ns: int = 1_700_000_000 * 10**9) -> None:
        super().__init__()
        self._at = start_ns

    def move(self, nanoseconds: int) -> None:
        """Raises ValueError where that is back."""
        if nanoseconds < 0:
            raise ValueError(f"time does not go back, not by {nanoseconds} ns either")
        self._at += nanoseconds

    def _time(self) -> int:
        return self._at
