"""What ``from freqtrade.enums import …`` gives."""

from enum import StrEnum

__all__ = ["CandleType", "ExitType", "RunMode", "SignalDirection", "TradingMode"]


class RunMode(StrEnum):
    LIVE = "live"
    DRY_RUN = "dry_run"
    BACKTEST = "backtest"
    HYPEROPT = "hyperopt"
    PLOT = "plot"
    OTHER = "other"


class CandleType(StrEnum):
    SPOT = "spot"
    FUTURES = "futures"

    @classmethod
    def from_string(cls, value: str) -> "CandleType":
        return cls(value or "spot")


class TradingMode(StrEnum):
    SPOT = "spot"
    MARGIN = "margin"
    FUTURES = "futures"


class SignalDirection(StrEnum):
    LONG = "long"
    SHORT = "short"


class ExitType(StrEnum):
    ROI = "roi"
    STOP_LOSS = "stop_loss"
    STOPLOSS_ON_EXCHANGE = "stoploss_on_exchange"
    TRAILING_STOP_LOSS = "trailing_stop_loss"
    LIQUIDATION = "liquidation"
    EXIT_SIGNAL = "exit_signal"
    FORCE_EXIT = "force_exit"
    EMERGENCY_EXIT = "emergency_exit"
    CUSTOM_EXIT = "custom_exit"
    PARTIAL_EXIT = "partial_exit"
    NONE = ""
