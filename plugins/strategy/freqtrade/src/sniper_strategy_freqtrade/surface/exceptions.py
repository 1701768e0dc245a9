"""What ``from freqtrade.exceptions import …`` gives."""

__all__ = ["DependencyException", "FreqtradeException", "OperationalException", "StrategyError"]


class FreqtradeException(Exception):
    """The base of all."""


class OperationalException(FreqtradeException):
    """A person must do something."""


class DependencyException(FreqtradeException):
    """Something outside is not as it should be."""


class StrategyError(FreqtradeException):
    """A strategy's own."""
