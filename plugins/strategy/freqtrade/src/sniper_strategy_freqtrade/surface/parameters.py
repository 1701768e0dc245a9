"""Parameters that freqtrade's search may change: here they are their values, which a file beside the strategy may give.

``optimize`` says what its search does with them, and nothing here; ``load``: whether a value that was found counts.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sniper_strategy_freqtrade.errors import BadStrategy


class BaseParameter:
    """One parameter; ``value`` is what strategies read. Any: whatever the strategy's author made it."""

    def __init__(
        self, *, default: Any, space: str | None = None, optimize: bool = True, load: bool = True, **kwargs: Any
    ) -> None:
        if "name" in kwargs:
            raise BadStrategy("a parameter's name is the attribute that it is assigned to, and cannot be given")
        self.name = ""
        self.default = default
        self.value = default
        self.space = self.category = space
        self.optimize = optimize
        self.load = load
        self.in_space = False

    @property
    def range(self) -> Any:
        """All values that are to be computed: the present one, for nothing is searched here."""
        return [self.value]

    def can_optimize(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"


class NumericParameter(BaseParameter):
    """``low`` and ``high``, or one pair of them."""

    def __init__(self, low: Any, high: Any = None, *, default: Any, **kwargs: Any) -> None:
        if high is None:
            if not isinstance(low, Sequence) or len(low) != 2:
                raise BadStrategy(f"{type(self).__name__}: give low and high, or one pair of them, not {low!r}")
            low, high = low
        elif isinstance(low, Sequence):
            raise BadStrategy(f"{type(self).__name__}: low is {low!r} and high {high!r}; give numbers, or one pair")
        self.low = low
        self.high = high
        super().__init__(default=default, **kwargs)


class IntParameter(NumericParameter):
    """A whole number."""

    @property
    def range(self) -> Iterator[int]:
        return iter(range(self.value, self.value + 1))


class RealParameter(NumericParameter):
    """A number."""


class DecimalParameter(NumericParameter):
    """A number with so many ``decimals``."""

    def __init__(self, low: Any, high: Any = None, *, default: Any, decimals: int = 3, **kwargs: Any) -> None:
        self.decimals = decimals
        super().__init__(low, high, default=round(default, decimals), **kwargs)

    @property
    def value(self) -> Any:
        return self._value

    @value.setter
    def value(self, new: Any) -> None:
        self._value = round(new, self.decimals)

    @property
    def range(self) -> list[float]:
        return [float(round(Decimal(str(self.value)), self.decimals))]


class CategoricalParameter(BaseParameter):
    """One of some values."""

    def __init__(self, categories: Sequence[Any], *, default: Any = None, **kwargs: Any) -> None:
        if len(categories) < 2:
            raise BadStrategy(f"{type(self).__name__} of {len(categories)} categories; it takes two at least")
        self.opt_range = self.categories = list(categories)
        super().__init__(default=categories[0] if default is None else default, **kwargs)


class BooleanParameter(CategoricalParameter):
    """True or False."""

    def __init__(self, *, default: Any = None, **kwargs: Any) -> None:
        super().__init__([True, False], default=default, **kwargs)
