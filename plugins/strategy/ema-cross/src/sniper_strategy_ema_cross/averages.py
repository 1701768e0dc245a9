"""Two moving averages of one series of prices, kept from price to price."""

from typing import Literal

from sniper.plugin import State

Kind = Literal["ema", "sma"]


class Averages(State):
    """Of the newest ``fast`` and ``slow`` prices. Floats, of additions and multiplications alone: IEEE 754 gives the
    same ones everywhere; sums of a simple average are whole.

    count   Prices so far, up to ``slow``.
    quick, steady  The exponential averages: each begins with the first price and moves by 2/(n + 1) of the distance.
    prices  The newest ``slow`` prices, where averages are simple; empty where they are exponential.
    """

    kind: Kind = "ema"
    fast: int = 10
    slow: int = 20
    count: int = 0
    quick: float = 0.0
    steady: float = 0.0
    prices: list[int] = []

    def add(self, price: int) -> int:
        """1: the faster average is the higher one, or both are equal; -1: it is the lower one; 0: too few prices."""
        if self.kind == "sma":
            return self._simple(price)
        if self.count:
            self.quick += (price - self.quick) * (2 / (self.fast + 1))
            self.steady += (price - self.steady) * (2 / (self.slow + 1))
        else:
            self.quick = self.steady = float(price)
        if self.count < self.slow:
            self.count += 1
            if self.count < self.slow:
                return 0
        return 1 if self.quick >= self.steady else -1

    def _simple(self, price: int) -> int:
        prices = self.prices
        prices.append(price)
        if len(prices) > self.slow:
            del prices[0]
        self.count = len(prices)
        if self.count < self.slow:
            return 0
        return 1 if sum(prices[-self.fast :]) * self.slow >= sum(prices) * self.fast else -1
