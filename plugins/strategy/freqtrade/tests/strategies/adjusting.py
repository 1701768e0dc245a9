from base import Crossing, Staying


class Dca(Staying):
    position_adjustment_enable = True
    max_entry_position_adjustment = 2
    stoploss = -0.08

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
        return proposed_stake / 4

    def adjust_trade_position(
        self, trade, current_time, current_rate, current_profit, min_stake, max_stake, *args, **kwargs
    ):
        if current_profit > -0.01 * trade.nr_of_successful_entries:
            return None
        return trade.select_filled_orders(trade.entry_side)[0].stake_amount_filled, "more"


class Partial(Dca):
    def adjust_trade_position(
        self, trade, current_time, current_rate, current_profit, min_stake, max_stake, *args, **kwargs
    ):
        if current_profit > 0.01 and trade.nr_of_successful_exits == 0:
            return -(trade.stake_amount / 2)
        if current_profit < -0.01 and trade.nr_of_successful_entries == 1:
            return trade.stake_amount
        return None


class DcaTrailing(Dca):
    trailing_stop = True
    trailing_stop_positive = 0.01
    trailing_stop_positive_offset = 0.02


class Whole(Crossing):
    """Sells all by its adjustment."""

    position_adjustment_enable = True

    def adjust_trade_position(
        self, trade, current_time, current_rate, current_profit, min_stake, max_stake, *args, **kwargs
    ):
        if current_profit > 0.008:
            return -trade.stake_amount
        return None
