"""What was sold short is guarded by the exits that guard what was bought, and at the same moments."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from floor import contract
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.config import Config
from sniper.events import ClosePosition, InstrumentListed, PositionClosed, Started, Trade
from sniper.exchange_orders import Side
from sniper.exit import Exit, Sell
from sniper.instrument import COIN
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AccountWiring, DeskWiring, ExitWiring, StrategyWiring, Wiring
from sniper.runtime.played import finish, play
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.strategy import Actions, PlaceOrder, Strategy, on
from sniper.types import SECOND
from sniper.view import Position, View
from sniper_exit_max_age.rule import MaxAge, MaxAgeConfig
from sniper_exit_stop_loss.rule import StopLoss, StopLossConfig
from sniper_exit_take_profit.rule import Rung, TakeProfit, TakeProfitConfig
from sniper_exit_trailing_stop.rule import TrailingStop, TrailingStopConfig

PERPETUAL = contract(flags=("reduce-only",))
LOTS = 30
ENTRY = 100_00


class OneSide(Config):
    side: Side = "buy"


class Opens(Strategy):
    """Opens at the first trade."""

    config: OneSide
    asked: bool = False
    pnl: list[int] = []

    def instruments(self) -> tuple[str, ...]:
        return (PERPETUAL.id,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        if not self.asked:
            self.asked = True
            yield PlaceOrder(
                key="in", instrument=PERPETUAL.id, side=self.config.side, size=LOTS, price=None, reason="a view"
            )

    @on(PositionClosed)
    def closed(self, event: PositionClosed, view: View) -> Actions:
        self.pnl.append(event.pnl)
        yield from ()


def wired(name: str, exit_: type[Exit], config: Config) -> ExitWiring:
    return ExitWiring(name=name, exit=exit_, config=config)


class World:
    """A position, opened at `ENTRY`."""

    def __init__(self, side: Side, *exits: ExitWiring, fee: int = 0) -> None:
        strategy = StrategyWiring(
            name="s", strategy=Opens, config=OneSide(side=side), sizer=None, venue="x", exits=exits
        )
        account = AccountWiring(
            name="main", chain_id=0, address="", strategies=(strategy,), desks=(DeskWiring(venue="x", quote="x:USDT"),)
        )
        self.wiring = Wiring(chains=(), venues={}, accounts=(account,))
        self.kernel = Kernel(self.wiring, report=self.reported)
        self.exchange = SimulatedExchange("main", "x", {"x:USDT": 10**6 * COIN}, leverage=1)
        self.time = 0
        listed = InstrumentListed(time=0, instrument=contract(flags=("reduce-only",), taker_fee=fee))
        self.play(Started(time=0, mode="backtest"), listed)
        finish(self.kernel, {("main", "x"): self.exchange}, 0)
        self.trades(ENTRY, ENTRY)

    def reported(self, what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    def play(self, *events: Any) -> None:
        play(self.kernel, events, {("main", "x"): self.exchange})

    def trades(self, *prices: int) -> None:
        for price in prices:
            self.time += SECOND
            self.play(Trade(time=self.time, venue="x", instrument=PERPETUAL.id, price=price, size=10))

    @property
    def lots(self) -> int:
        position = self.kernel.accounts["main"].book.positions.get(PERPETUAL.id)
        return 0 if position is None else position.amount // PERPETUAL.lot

    @property
    def pnl(self) -> list[int]:
        strategy = self.kernel.accounts["main"].instances["s"].strategy
        assert isinstance(strategy, Opens)
        return strategy.pnl

    def restart(self) -> None:
        """From a snapshot, in another process."""
        state = dump(self.kernel)
        self.kernel = Kernel(self.wiring, report=self.reported)
        restore(self.kernel, state)
        self.play(Started(time=self.time, mode="backtest"))


@st.composite
def guards(draw: st.DrawFn) -> tuple[ExitWiring, ...]:
    """Some of the exits that there are."""
    parts, share = draw(st.integers(1, 3)), st.integers(500, 9_000)
    rungs = tuple(Rung(gain_bps=draw(share) * n, share_bps=10_000 // parts) for n in range(1, parts + 1))
    rising = all(low.gain_bps < high.gain_bps for low, high in pairwise(rungs))
    trail = TrailingStopConfig(trail_bps=draw(share), activation_gain_bps=draw(st.sampled_from((0, 1_000))))
    every = [
        wired("stop-loss", StopLoss, StopLossConfig(loss_bps=draw(share))),
        wired("trailing-stop", TrailingStop, trail),
        wired("max-age", MaxAge, MaxAgeConfig(max_age_s=draw(st.integers(5, 40)))),
        *([wired("take-profit", TakeProfit, TakeProfitConfig(rungs=rungs))] if rising else ()),
    ]
    return tuple(draw(st.lists(st.sampled_from(every), min_size=1, unique_by=lambda each: each.name)))


@settings(deadline=None)
@given(exits=guards(), prices=st.lists(st.integers(1, 2 * ENTRY - 1), max_size=12))
def test_a_short_is_closed_when_a_long_would_be_on_mirrored_prices(
    exits: tuple[ExitWiring, ...], prices: Sequence[int]
) -> None:
    long, short = World("buy", *exits), World("sell", *exits)
    assert (long.lots, short.lots) == (LOTS, -LOTS)
    for price in prices:
        long.trades(price)
        short.trades(2 * ENTRY - price)
        assert short.lots == -long.lots
    assert short.pnl == long.pnl


def test_a_short_is_bought_back_when_it_has_lost_what_is_borne() -> None:
    world = World("sell", wired("stop-loss", StopLoss, StopLossConfig(loss_bps=1_000)))
    world.trades(80_00, 109_00)
    assert world.lots == -LOTS
    world.trades(111_00, 111_00)
    assert world.lots == 0
    assert world.pnl == [-11 * COIN * LOTS // 1_000]


def test_the_fee_of_buying_back_counts() -> None:
    """A gain of a tenth, of which a hundredth of what is paid is left to the exchange."""
    exits = wired("take-profit", TakeProfit, TakeProfitConfig(rungs=(Rung(gain_bps=1_000, share_bps=10_000),)))
    world = World("sell", exits, fee=10_000)
    world.trades(90_00, 89_20)
    assert world.lots == -LOTS
    world.trades(89_10, 89_10)
    assert world.lots == 0


class Asks(Exit):
    """Remembers what it was shown."""

    config: OneSide
    shown: list[tuple[int, int, int]] = []

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        self.shown.append((position.amount, position.cost, value))
        return None


def test_an_exit_sees_amount_and_cost_above_zero_and_more_worth_as_the_price_falls() -> None:
    world = World("sell", wired("asks", Asks, OneSide()))
    world.trades(90_00, 250_00)
    (_, exit_), *_ = world.kernel.accounts["main"].exits.guards[PERPETUAL.id].exits
    assert isinstance(exit_, Asks)
    held = LOTS * PERPETUAL.lot
    assert exit_.shown[-2:] == [(held, 3 * COIN, 33 * COIN // 10), (held, 3 * COIN, -3 * COIN // 2)]


def test_a_third_of_a_short_is_bought_back_by_hand_and_the_rest_is_guarded_after_a_restart() -> None:
    world = World("sell", wired("stop-loss", StopLoss, StopLossConfig(loss_bps=1_000)))
    third = ClosePosition(time=world.time, account="main", token=PERPETUAL.id, reason="less", share_bps=3_333)
    world.play(third)
    world.trades(100_00, 100_00)
    assert world.lots == -(LOTS - LOTS * 3_333 // 10_000)
    world.restart()
    world.trades(120_00, 120_00)
    assert world.lots == 0
