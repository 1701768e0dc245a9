from base import Crossing, Staying


class Cooldown(Crossing):
    protections = [{"method": "CooldownPeriod", "stop_duration_candles": 12}]


class Guarded(Staying):
    stoploss = -0.01
    protections = [
        {
            "method": "StoplossGuard",
            "lookback_period_candles": 48,
            "trade_limit": 2,
            "stop_duration_candles": 24,
            "only_per_pair": True,
        },
        {"method": "StoplossGuard", "lookback_period": 300, "trade_limit": 3, "stop_duration": 60},
    ]


class LowProfit(Staying):
    stoploss = -0.012
    protections = [
        {
            "method": "LowProfitPairs",
            "lookback_period_candles": 60,
            "trade_limit": 2,
            "stop_duration": 120,
            "required_profit": 0.005,
        }
    ]


class Drawdown(Staying):
    stoploss = -0.012
    protections = [
        {
            "method": "MaxDrawdown",
            "lookback_period_candles": 200,
            "trade_limit": 4,
            "stop_duration_candles": 36,
            "max_allowed_drawdown": 0.02,
        }
    ]
