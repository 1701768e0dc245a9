from datetime import timedelta

from base import Crossing, Staying
from freqtrade.persistence import Trade


class CustomExit(Staying):
    def custom_exit(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        dataframe, _ = self.dp.get_analyzed_dataframe(pair=pair, timeframe=self.timeframe)
        if dataframe.iloc[-1]["rsi"] > 70:
            return "rsi_high"
        if current_time - trade.open_date_utc > timedelta(hours=4):
            return True
        return None


class Confirm(Crossing):
    def confirm_trade_entry(
        self, pair, order_type, amount, rate, time_in_force, current_time, entry_tag, side, **kwargs
    ):
        return current_time.hour % 3 != 0

    def confirm_trade_exit(
        self, pair, trade, order_type, amount, rate, time_in_force, exit_reason, current_time, **kwargs
    ):
        if exit_reason == "stop_loss":
            return True
        return trade.calc_profit_ratio(rate) > -0.01


class CustomStake(Crossing):
    def custom_stake_amount(
        self,
        pair,
        current_time,
        current_rate,
        proposed_stake,
        min_stake,
        max_stake,
        leverage,
        entry_tag,
        side,
        **kwargs,
    ):
        return {0: proposed_stake / 2, 1: max_stake, 2: min_stake, 3: 0}[current_time.hour % 4]


class CustomPrices(Crossing):
    def custom_entry_price(self, pair, trade, current_time, proposed_rate, entry_tag, side, **kwargs):
        return proposed_rate * 0.997

    def custom_exit_price(self, pair, trade, current_time, proposed_rate, current_profit, exit_tag, **kwargs):
        return proposed_rate * 1.002


class Timeouts(CustomPrices):
    def check_entry_timeout(self, pair, trade, order, current_time, **kwargs):
        return current_time - order.order_date_utc > timedelta(minutes=12)

    def check_exit_timeout(self, pair, trade, order, current_time, **kwargs):
        return current_time - order.order_date_utc > timedelta(minutes=7)


class MovingEntry(CustomPrices):
    def custom_entry_price(self, pair, trade, current_time, proposed_rate, entry_tag, side, **kwargs):
        return proposed_rate * 0.99

    def adjust_entry_price(
        self, trade, order, pair, current_time, proposed_rate, current_order_rate, entry_tag, side, **kwargs
    ):
        if current_time - trade.open_date_utc > timedelta(minutes=30):
            return None
        if current_time.minute % 10 == 0:
            return proposed_rate * 0.995
        return current_order_rate


class Remembering(Crossing):
    def order_filled(self, pair, trade, order, current_time, **kwargs):
        if order.ft_order_side == trade.entry_side:
            trade.set_custom_data("filled_at", order.safe_price)

    def custom_exit(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        if current_rate > trade.get_custom_data("filled_at") * 1.004 and trade.nr_of_successful_entries == 1:
            closed = Trade.get_trades_proxy(pair=pair, is_open=False)
            if closed and closed[-1].close_profit < 0:
                self.lock_pair(pair, until=current_time + timedelta(hours=2), reason="after_loss")
            return "remembered"
        return None


class EachCandle(Crossing):
    seen = 0

    def bot_loop_start(self, current_time, **kwargs):
        self.seen += 1

    def confirm_trade_entry(
        self, pair, order_type, amount, rate, time_in_force, current_time, entry_tag, side, **kwargs
    ):
        return self.seen % 2 == 0
