"""What a strategy subclasses: freqtrade's interface of version 3, as it is documented."""

from datetime import datetime
from typing import Any  # Any: pandas brings no types, and a strategy's values are its own

from sniper_strategy_freqtrade.surface.parameters import BaseParameter


class IStrategy:
    """A strategy of freqtrade. What a subclass overrides is called; see docs/freqtrade.md for when.

    dp       Other candles (`sniper_strategy_freqtrade.surface.dataprovider.DataProvider`).
    wallets  Balances (`sniper_strategy_freqtrade.surface.wallets.Wallets`).
    """

    INTERFACE_VERSION: int = 3
    can_short: bool = False
    minimal_roi: dict[Any, float] = {}
    use_custom_roi: bool = False
    stoploss: float
    max_open_trades: float
    trailing_stop: bool = False
    trailing_stop_positive: float | None = None
    trailing_stop_positive_offset: float = 0.0
    trailing_only_offset_is_reached: bool = False
    use_custom_stoploss: bool = False
    timeframe: str
    order_types: dict[str, Any] = {
        "entry": "limit",
        "exit": "limit",
        "stoploss": "limit",
        "stoploss_on_exchange": False,
        "stoploss_on_exchange_interval": 60,
    }
    order_time_in_force: dict[str, str] = {"entry": "GTC", "exit": "GTC"}
    process_only_new_candles: bool = True
    use_exit_signal: bool = True
    exit_profit_only: bool = False
    exit_profit_offset: float = 0.0
    ignore_roi_if_entry_signal: bool = False
    position_adjustment_enable: bool = False
    max_entry_position_adjustment: int = -1
    ignore_buying_expired_candle_after: int = 0
    disable_dataframe_checks: bool = False
    startup_candle_count: int = 0
    protections: list[dict[str, Any]] = []
    plot_config: dict[str, Any] = {}
    dp: Any = None
    wallets: Any = None
    stake_currency: str = ""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    # ---- indicators and signals ----

    def populate_indicators(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        return dataframe

    def populate_entry_trend(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        raise NotImplementedError

    def populate_exit_trend(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        return dataframe

    def informative_pairs(self) -> list[tuple[str, ...]]:
        return []

    # ---- callbacks ----

    def bot_start(self, **kwargs: Any) -> None:
        return

    def bot_loop_start(self, current_time: datetime, **kwargs: Any) -> None:
        return

    def check_entry_timeout(self, pair: str, trade: Any, order: Any, current_time: datetime, **kwargs: Any) -> bool:
        return False

    def check_exit_timeout(self, pair: str, trade: Any, order: Any, current_time: datetime, **kwargs: Any) -> bool:
        return False

    def confirm_trade_entry(
        self,
        pair: str,
        order_type: str,
        amount: float,
        rate: float,
        time_in_force: str,
        current_time: datetime,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> bool:
        return True

    def confirm_trade_exit(
        self,
        pair: str,
        trade: Any,
        order_type: str,
        amount: float,
        rate: float,
        time_in_force: str,
        exit_reason: str,
        current_time: datetime,
        **kwargs: Any,
    ) -> bool:
        return True

    def order_filled(self, pair: str, trade: Any, order: Any, current_time: datetime, **kwargs: Any) -> None:
        return

    def custom_stoploss(
        self,
        pair: str,
        trade: Any,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        after_fill: bool,
        **kwargs: Any,
    ) -> float | None:
        return self.stoploss

    def custom_roi(
        self,
        pair: str,
        trade: Any,
        current_time: datetime,
        trade_duration: int,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float | None:
        return None

    def custom_entry_price(
        self,
        pair: str,
        trade: Any,
        current_time: datetime,
        proposed_rate: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        return proposed_rate

    def custom_exit_price(
        self,
        pair: str,
        trade: Any,
        current_time: datetime,
        proposed_rate: float,
        current_profit: float,
        exit_tag: str | None,
        **kwargs: Any,
    ) -> float:
        return proposed_rate

    def custom_exit(
        self, pair: str, trade: Any, current_time: datetime, current_rate: float, current_profit: float, **kwargs: Any
    ) -> str | bool | None:
        return None

    def custom_stake_amount(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_stake: float,
        min_stake: float | None,
        max_stake: float,
        leverage: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        return proposed_stake

    def adjust_trade_position(
        self,
        trade: Any,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        min_stake: float | None,
        max_stake: float,
        current_entry_rate: float,
        current_exit_rate: float,
        current_entry_profit: float,
        current_exit_profit: float,
        **kwargs: Any,
    ) -> float | tuple[float | None, str | None] | None:
        return None

    def adjust_entry_price(
        self,
        trade: Any,
        order: Any,
        pair: str,
        current_time: datetime,
        proposed_rate: float,
        current_order_rate: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float | None:
        return current_order_rate

    def adjust_exit_price(
        self,
        trade: Any,
        order: Any,
        pair: str,
        current_time: datetime,
        proposed_rate: float,
        current_order_rate: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float | None:
        return current_order_rate

    def adjust_order_price(
        self,
        trade: Any,
        order: Any,
        pair: str,
        current_time: datetime,
        proposed_rate: float,
        current_order_rate: float,
        entry_tag: str | None,
        side: str,
        is_entry: bool,
        **kwargs: Any,
    ) -> float | None:
        adjust = self.adjust_entry_price if is_entry else self.adjust_exit_price
        return adjust(trade, order, pair, current_time, proposed_rate, current_order_rate, entry_tag, side, **kwargs)

    def leverage(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_leverage: float,
        max_leverage: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        return 1.0

    def version(self) -> str | None:
        return None

    # ---- what a strategy may call ----

    def get_strategy_name(self) -> str:
        return type(self).__name__

    def enumerate_parameters(self, category: str | None = None) -> Any:
        """Names and parameters, as freqtrade's search lists them."""
        for name in dir(type(self)):
            value = getattr(self, name, None)
            if isinstance(value, BaseParameter) and (category is None or value.space == category):
                yield name, value

    def lock_pair(self, pair: str, until: datetime, reason: str | None = None, side: str = "*") -> None:
        from sniper_strategy_freqtrade.surface.persistence import PairLocks

        PairLocks.lock_pair(pair, until, reason, side=side)

    def unlock_pair(self, pair: str) -> None:
        from sniper_strategy_freqtrade.surface.persistence import PairLocks

        PairLocks.unlock_pair(pair)

    def unlock_reason(self, reason: str) -> None:
        from sniper_strategy_freqtrade.surface.persistence import PairLocks

        PairLocks.unlock_reason(reason)

    def is_pair_locked(self, pair: str, *, candle_date: datetime | None = None, side: str = "*") -> bool:
        from sniper_strategy_freqtrade.surface.persistence import PairLocks

        return PairLocks.is_pair_locked(pair, candle_date, side)
