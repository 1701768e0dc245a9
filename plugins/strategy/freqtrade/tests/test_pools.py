"""What a strategy of freqtrade wants of pools, and what it makes of what the kernel tells."""

import json
from pathlib import Path
from typing import Any

from sniper.events import ChainOrderEnded, EntryDenied, PoolChanged
from sniper.strategy import Close, Open
from sniper.types import BPS, SECOND
from sniper_sdk import Bench
from sniper_sdk.builders import POOL, QUOTE, TOKEN, pool, position, token, view
from sniper_strategy_freqtrade.pools import FreqtradePools, FreqtradePoolsConfig, frame_of

STRATEGIES = Path(__file__).parent / "strategies"
ETHER = 10**18
BEGIN = 1_700_000_000 * SECOND
CONFIG = FreqtradePoolsConfig(
    file=STRATEGIES / "seconds.py", strategy="Rising", pools={TOKEN: POOL}, capital=ETHER, stake=ETHER // 10, slots=1
)


def bench() -> Bench:
    return Bench(FreqtradePools, CONFIG, here())


def here(cash: int = 10 * ETHER, *, held: int = 0, now: int = BEGIN) -> Any:
    """``cash``: what the pool holds of the quote asset, beside 1,000 coins of the token."""
    coins = TOKEN.partition(":")[2], QUOTE.partition(":")[2]
    return view(
        now=now,
        pools=[pool(coins=coins, reserves=(1_000 * ETHER, cash))],
        tokens={TOKEN: token()},
        positions=[position(amount=held)] if held else [],
        cash=5 * ETHER,
    )


def changed(tested: Bench, cash: int, *, held: int = 0, after: int = SECOND) -> list[Any]:
    tested.view = here(cash, held=held, now=tested.now)
    return tested.send(PoolChanged(time=tested.now + after, pool=POOL, block=1))


def ended(tested: Bench, side: str, amount: int, cash: int, state: str = "done") -> list[Any]:
    told = ChainOrderEnded(time=tested.now, intent="i", token=TOKEN, side=side, state=state, amount=amount, cash=cash)
    return tested.send(told)


def kept(tested: Bench) -> dict[str, Any]:
    assert isinstance(tested.strategy, FreqtradePools)
    return dict(json.loads(tested.strategy.kept))


def bought() -> Bench:
    tested = bench()
    changed(tested, 10 * ETHER)
    changed(tested, 11 * ETHER)
    (entry,) = tested.sleep(seconds=1)
    assert entry == Open(token=TOKEN, pool=POOL, max_spend=ETHER // 10, reason="Rising: rising")
    ended(tested, "increase", 9 * ETHER, -ETHER // 10)
    return tested


def test_its_trade_knows_what_was_really_paid() -> None:
    (trade,) = kept(bought())["open"]
    assert (trade["amount"], trade["stake_amount"]) == (9.0, 0.1)
    assert abs(trade["open_rate"] - 0.1 / 9) < 1e-15


def test_a_sale_that_takes_several_orders_is_over_when_nothing_is_left() -> None:
    tested = bought()
    (sale,) = changed(tested, 15 * ETHER, held=9 * ETHER, after=6 * SECOND)
    assert sale == Close(token=TOKEN, share_bps=BPS, reason="Rising: roi")
    tested.view = here(15 * ETHER, held=4 * ETHER, now=tested.now)
    ended(tested, "reduce", -5 * ETHER, 7 * ETHER // 100)
    assert not kept(tested)["closed"]
    tested.view = here(15 * ETHER, now=tested.now)
    ended(tested, "reduce", -4 * ETHER, 5 * ETHER // 100)
    (trade,) = kept(tested)["closed"]
    assert (trade["exit_reason"], round(trade["close_profit_abs"], 8)) == ("roi", 0.02)


def test_what_somebody_else_sold_is_booked() -> None:
    tested = bought()
    tested.view = here(11 * ETHER, now=tested.now)
    ended(tested, "reduce", -9 * ETHER, 8 * ETHER // 100)
    (trade,) = kept(tested)["closed"]
    assert (trade["exit_reason"], round(trade["close_profit_abs"], 8)) == ("force_exit", -0.02)


def test_a_denied_entry_is_withdrawn_and_the_next_signal_makes_another() -> None:
    tested = bench()
    changed(tested, 10 * ETHER)
    changed(tested, 11 * ETHER)
    assert len(tested.sleep(seconds=1)) == 1
    tested.send(EntryDenied(time=tested.now, token=TOKEN, intent="i", rule="limits", retry_at=None))
    assert not kept(tested)["open"]
    changed(tested, 12 * ETHER)
    assert len(tested.sleep(seconds=1)) == 1


def test_a_candle_opens_where_the_one_before_closed_and_what_is_quiet_is_flat() -> None:
    rows = [(0, 1.0, 2.0, 1.0, 2.0, 5.0), (3 * SECOND, 2.0, 4.0, 2.0, 3.0, 1.0)]
    frame = frame_of(rows, SECOND, 5 * SECOND)
    assert frame["close"].to_list() == [2.0, 2.0, 2.0, 3.0, 3.0]
    assert frame["volume"].to_list() == [5.0, 0.0, 0.0, 1.0, 0.0]
    assert len(frame_of([], SECOND, 0)) == 0
    assert len(frame_of(rows, SECOND, 9_000 * SECOND)) == 500
