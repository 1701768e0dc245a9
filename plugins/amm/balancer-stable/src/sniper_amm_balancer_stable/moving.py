"""What moves a pool's price with time alone: the amplification while it ramps, and rates whose caches end."""

from sniper.plugin import Frozen


class Ramp(Frozen):
    """How the amplification moves: from ``begin`` at second ``since`` straight to ``end`` at second ``until``, in
    parts of ``AMP_PRECISION``."""

    begin: int
    end: int
    since: int = 0
    until: int = 0

    def at(self, time: int) -> int:
        """``StablePoolAmplification._getAmplificationParameter``. Before ``since`` it has not begun."""
        if time >= self.until or self.since >= self.until:
            return self.end
        passed, span = max(time - self.since, 0), self.until - self.since
        if self.end > self.begin:
            return self.begin + (self.end - self.begin) * passed // span
        return self.begin - (self.begin - self.end) * passed // span


class Rate(Frozen):
    """What a coin is worth, 18 decimals: ``PriceRateCache``, and what its provider would say.

    A swap, join or exit takes the cached rate until second ``expires``, and after it asks the provider and keeps that
    for ``duration`` seconds (``ComposableStablePoolRates._cacheTokenRatesIfNecessary``).

    live     The provider's rate when it was seen last, at second ``live_at``; 0: it reverts.
    live_at  0: when the pool was read, whose second is not known yet.
    """

    cached: int
    duration: int
    expires: int
    live: int
    live_at: int = 0

    def updated(self, rate: int, now: int) -> "Rate":
        return Rate(cached=rate, duration=self.duration, expires=now + self.duration, live=rate, live_at=now)

    def lasting(self, duration: int, now: int) -> "Rate":
        return Rate(cached=self.cached, duration=duration, expires=now + duration, live=self.live, live_at=self.live_at)

    def seen(self, now: int) -> "Rate":
        """Of a pool that was just read, at a second that is known now."""
        at = self.live_at or now
        return Rate(cached=self.cached, duration=self.duration, expires=self.expires, live=self.live, live_at=at)
