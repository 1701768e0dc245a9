"""Distances of stops, as custom_stoploss returns them: parts of the present price."""


def stoploss_from_open(
    open_relative_stop: float, current_profit: float, is_short: bool = False, leverage: float = 1.0
) -> float:
    """The distance from the present price that is a stop at ``open_relative_stop`` from the entry; 0: beyond it.

    ``current_profit`` is that of the position, so both count ``leverage`` times.
    """
    move = current_profit / leverage
    if (is_short and move >= 1) or (not is_short and current_profit == -1):
        return 1.0
    if is_short:
        distance = -1 + (1 - open_relative_stop / leverage) / (1 - move)
    else:
        distance = 1 - (1 + open_relative_stop / leverage) / (1 + move)
    return max(distance * leverage, 0.0)


def stoploss_from_absolute(
    stop_rate: float, current_rate: float, is_short: bool = False, leverage: float = 1.0
) -> float:
    """The distance from the present price that is a stop at ``stop_rate``; 0: beyond it."""
    if current_rate == 0:
        return 1.0
    distance = 1 - stop_rate / current_rate
    return max(-distance if is_short else distance, 0.0) * leverage
