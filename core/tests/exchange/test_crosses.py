"""Instruments priced in another coin than the desk counts in: orders pay with positions, and both coins are held."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.config import Config
from sniper.events import Event, InstrumentListed, InstrumentStale, KillSwitch, Prices, Started
from sniper.exit import Exit, Sell
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.book import Position
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AccountWiring, CheckWiring, DeskWiring, ExitWiring, StrategyWiring, Wiring
from sniper.risk import Findings, RiskCheck, at_most
from sniper.runtime.played import finish, play
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.strategy import Actions, CancelOrder, PlaceOrder, Strategy, on
from sniper.types import SECOND, Entry, KillLevel
from sniper.view import Position as Held
from sniper.view import View

DEPOSIT = 100_000 * COIN


def listed(symbol: str, tick: int, lot: int, fee: int = 0) -> Instrument:
    base, quote = symbol.split("/")
    return Instrument(
        id=f"x:{symbol}",
        kind="spot",
        base=f"x:{base}",
        quote=f"x:{quote}",
        settle=f"x:{quote}",
        tick=tick,
        lot=lot,
        taker_fee=fee,
    )


BTC = listed("BTC/USDT", COIN // 100, COIN // 10**5)
ETH = listed("ETH/USDT", COIN // 100, COIN // 10**4)
CROSS = listed("ETH/BTC", COIN // 10**5, COIN // 10**4)
BTC_PRICE, ETH_PRICE, CROSS_PRICE = 5_000_000, 250_000, 5_000
"""50,000 and 2,500 dollars; 0.05 BTC for an ETH."""


class NoConfig(Config):
    pass


class Scripted(Strategy):
    """Yields what it is told to at the n-th best price."""

    config: NoConfig
    seen: int = 0

    def instruments(self) -> tuple[str, ...]:
        return BTC.id, ETH.id, CROSS.id

    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        self.seen += 1
        yield from SCRIPT.get(self.seen, ())


class Second(Scripted):
    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        self.seen += 1
        yield from OTHER.get(self.seen, ())


SCRIPT: dict[int, list[Any]] = {}
OTHER: dict[int, list[Any]] = {}


class AtMost(RiskCheck):
    """No order above 3,000 dollars."""

    exchanges = True

    def judge(self, intent: Entry, view: View) -> Findings:
        assert intent.quote == "x:USDT"
        yield at_most("amount", intent.amount, 3_000 * COIN)


class Tenth(Exit):
    """Sells all once a tenth is lost."""

    config: NoConfig

    def valued(self, position: Held, value: int, view: View) -> Sell | None:
        return Sell(reason="a tenth is lost") if value * 10 <= position.cost * 9 else None


class Takes(SimulatedExchange):
    """Takes its fee of what is received, as exchanges do, or of a third coin."""

    third = False

    def _fee(self, order: Any, value: int, size: int, *, maker: bool) -> tuple[int, str]:
        fee, asset = super()._fee(order, value, size, maker=maker)
        if self.third:
            return fee // 1_000, "x:BNB"
        of = order.instrument
        return (size * of.lot * of.taker_fee // 10**6, of.base) if order.new.side == "buy" else (fee, asset)


class World:
    exchanges: type[SimulatedExchange] = SimulatedExchange

    def __init__(
        self,
        script: dict[int, list[Any]] | None = None,
        *,
        other: dict[int, list[Any]] | None = None,
        instruments: Iterable[Instrument] = (BTC, ETH, CROSS),
        funds: dict[str, int] | None = None,
        checks: tuple[CheckWiring, ...] = (),
        exits: tuple[ExitWiring, ...] = (),
    ) -> None:
        SCRIPT.clear()
        SCRIPT.update(script or {})
        OTHER.clear()
        OTHER.update(other or {})
        self.funds = {"x:USDT": DEPOSIT, **(funds or {})}
        self.wiring = Wiring(
            chains=(),
            venues={},
            accounts=(
                AccountWiring(
                    name="main",
                    chain_id=0,
                    address="",
                    strategies=tuple(
                        StrategyWiring(
                            name=name, strategy=strategy, config=NoConfig(), sizer=None, venue="x", exits=exits
                        )
                        for name, strategy in (("s", Scripted), ("t", Second))
                    ),
                    checks=checks,
                    desks=(DeskWiring(venue="x", quote="x:USDT"),),
                ),
            ),
        )
        self.kernel = Kernel(self.wiring, report=self.reported)
        self.exchange = self.exchanges("main", "x", self.funds)
        self.time = 0
        self.play(Started(time=0, mode="backtest"))
        self.play(*(InstrumentListed(time=0, instrument=each) for each in instruments))

    def reported(self, what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    def play(self, *events: Event) -> None:
        play(self.kernel, events, {("main", "x"): self.exchange})
        finish(self.kernel, {("main", "x"): self.exchange}, self.time)

    def price(self, instrument: Instrument, price: int, spread: int = 0) -> None:
        self.time += SECOND
        self.play(
            Prices(
                time=self.time,
                instrument=instrument.id,
                bid=price - spread,
                bid_size=10**9,
                ask=price + spread,
                ask_size=10**9,
            )
        )

    def prices(self) -> None:
        """Those of all three, in which no cycle gains."""
        self.price(BTC, BTC_PRICE)
        self.price(ETH, ETH_PRICE)
        self.price(CROSS, CROSS_PRICE)

    @property
    def book(self) -> Any:
        return self.kernel.accounts["main"].book

    @property
    def view(self) -> Any:
        return self.kernel.accounts["main"].view

    def rules(self) -> list[str]:
        return [fact.rule for _, fact in self.kernel.facts if isinstance(fact, f.Verdict) and not fact.allowed]

    def amounts(self) -> dict[str, tuple[int, int, str]]:
        """What is held: base units, cost, and the instrument in which it ends."""
        return {key: (each.amount, each.cost, each.pool) for key, each in sorted(self.book.positions.items())}

    def agree(self) -> None:
        """The books are the exchange's, and profit is cash that came in and what is held at cost, to the last unit."""
        for asset, amount in self.exchange.balances.items():
            assert self.book.owned(asset) == amount
        cost = sum(position.cost for position in self.book.positions.values())
        gained = self.view.realised(last_ns=10**18, place="x")
        assert self.book.cash["x:USDT"] - self.funds["x:USDT"] == gained - cost


def order(of: Instrument, side: Any, size: int, *, price: int | None = None, key: str = "") -> PlaceOrder:
    return PlaceOrder(key=key or f"{side} {of.id}", instrument=of.id, side=side, size=size, price=price, reason="test")


def test_a_cycle_gains_exactly_what_its_last_leg_brings_more_than_the_first_one_cost() -> None:
    world = World(
        {
            3: [order(BTC, "buy", 5_000)],
            6: [order(CROSS, "buy", 10_000, price=CROSS_PRICE)],
            9: [order(ETH, "sell", 10_000)],
        },
    )
    world.prices()
    world.prices()
    assert world.amounts() == {"x:BTC": (COIN // 20, 2_500 * COIN, BTC.id)}
    world.price(BTC, BTC_PRICE + 60_000)
    world.price(ETH, ETH_PRICE)
    world.price(CROSS, CROSS_PRICE)
    assert world.amounts() == {"x:ETH": (COIN, 2_530 * COIN, ETH.id)}, "it cost what the BTC was worth by then"
    assert world.view.realised(last_ns=10**18, place="x") == 30 * COIN
    world.price(ETH, ETH_PRICE + 1_000)
    assert world.amounts() == {}
    assert world.view.realised(last_ns=10**18, place="x") == 10 * COIN
    assert world.book.cash["x:USDT"] == world.exchange.balances["x:USDT"] == DEPOSIT + 10 * COIN
    assert world.view.realised(last_ns=10**18, place="x", token="x:ETH") == -20 * COIN


def test_all_legs_leave_at_once_where_the_coins_are_there() -> None:
    legs = [order(BTC, "buy", 5_000), order(CROSS, "buy", 10_000, price=CROSS_PRICE), order(ETH, "sell", 10_000)]
    world = World({3: legs}, funds={"x:BTC": COIN, "x:ETH": 10 * COIN})
    world.prices()
    world.price(CROSS, CROSS_PRICE)
    assert world.amounts() == {"x:BTC": (-COIN // 20, -2_500 * COIN, BTC.id), "x:ETH": (COIN, 2_500 * COIN, ETH.id)}
    world.price(ETH, ETH_PRICE + 500)
    world.price(BTC, BTC_PRICE)
    assert world.amounts() == {}
    world.agree()
    assert world.view.realised(last_ns=10**18, place="x") == 5 * COIN


def test_what_is_sold_for_a_coin_leaves_that_one_held() -> None:
    world = World({3: [order(ETH, "buy", 10_000)], 5: [order(CROSS, "sell", 4_000)]})
    world.prices()
    world.price(ETH, ETH_PRICE)
    world.price(CROSS, CROSS_PRICE)
    world.price(CROSS, CROSS_PRICE)
    assert world.amounts() == {
        "x:BTC": (COIN // 50, 1_000 * COIN, BTC.id),
        "x:ETH": (6 * COIN // 10, 1_500 * COIN, ETH.id),
    }
    world.agree()


def test_an_order_is_judged_and_counted_by_what_it_is_worth_where_the_account_counts() -> None:
    script = {3: [order(CROSS, "buy", 10_000, price=CROSS_PRICE - 1_000), order(CROSS, "buy", 20_000, key="large")]}
    world = World(script, funds={"x:BTC": COIN}, checks=(CheckWiring("most", AtMost()),))
    world.prices()
    assert world.rules() == ["most.amount"]
    assert world.view.exposure("x") == 2_000 * COIN, "an order of an ETH at 0.04 BTC, which are worth 50,000 each"
    world.price(CROSS, CROSS_PRICE - 1_500)
    assert world.view.exposure("x", token="x:ETH") == 1_750 * COIN
    assert world.view.exposure("x") == 3_500 * COIN, "what was sold of the deposit counts as sold short"
    assert world.view.spent(last_ns=10**18, place="x") == 1_750 * COIN


@pytest.mark.parametrize("known", [(BTC, CROSS), (ETH, CROSS), (CROSS,)])
def test_nothing_is_traded_that_could_not_be_valued_and_ended(known: tuple[Instrument, ...]) -> None:
    world = World({1: [order(CROSS, "buy", 10_000, price=CROSS_PRICE)]}, instruments=known, funds={"x:BTC": COIN})
    world.price(CROSS, CROSS_PRICE)
    assert world.rules() == ["kernel.counted"]


def test_no_order_pays_with_what_another_strategy_holds() -> None:
    world = World({3: [order(BTC, "buy", 5_000)]}, other={6: [order(CROSS, "buy", 10_000, price=CROSS_PRICE)]})
    world.prices()
    world.prices()
    assert world.rules() == ["kernel.pays-with-own"]
    world.price(CROSS, CROSS_PRICE)
    assert world.amounts() == {"x:BTC": (COIN // 20, 2_500 * COIN, BTC.id)}


def test_more_than_there_is_cannot_be_paid_with() -> None:
    world = World({3: [order(BTC, "buy", 5_000)], 6: [order(CROSS, "buy", 10_001, price=CROSS_PRICE)]})
    world.prices()
    world.prices()
    assert world.rules() == ["kernel.cash"]


def test_a_position_pays_for_no_order_whose_position_is_counted_in_it() -> None:
    """As one of a journal may be that was written before crosses were."""
    world = World({3: [order(BTC, "buy", 5_000)]})
    world.prices()
    world.price(BTC, BTC_PRICE)
    world.book.positions["x:ETH"] = Position(
        token="x:ETH", pool=CROSS.id, quote="x:BTC", venue="x", instance="s", chain_id=0, amount=COIN, cost=COIN // 20
    )
    SCRIPT.update({5: [order(CROSS, "buy", 1_000, key="more")], 6: [order(CROSS, "sell", 10_000, key="all")]})
    world.price(CROSS, CROSS_PRICE)
    assert world.rules() == ["kernel.cash"]
    world.exchange.balances["x:ETH"] = COIN
    world.price(CROSS, CROSS_PRICE)
    world.price(CROSS, CROSS_PRICE)
    assert set(world.amounts()) == {"x:BTC"}, "it ends as it began"
    assert world.book.cash["x:BTC"] == COIN // 20


def test_an_exit_ends_what_a_cross_bought_and_no_order_in_a_cross_stands_in_its_way() -> None:
    exits = (ExitWiring("tenth", Tenth, NoConfig()),)
    script = {3: [order(BTC, "buy", 5_000)], 6: [order(CROSS, "buy", 4_000, price=CROSS_PRICE - 2_000, key="rests")]}
    world = World(script, exits=exits)
    world.prices()
    world.prices()
    assert world.book.reserved("x:BTC") > 0
    world.price(BTC, BTC_PRICE - 600_000)
    world.price(BTC, BTC_PRICE - 600_000)
    world.price(BTC, BTC_PRICE - 600_000)
    assert world.amounts() == {}
    assert world.book.desks["x"].orders == {}
    world.agree()
    bought = World({3: [order(BTC, "buy", 5_000)], 6: [order(CROSS, "buy", 10_000, price=CROSS_PRICE)]}, exits=exits)
    bought.prices()
    bought.prices()
    bought.price(CROSS, CROSS_PRICE)
    bought.price(ETH, ETH_PRICE - 30_000)
    bought.price(ETH, ETH_PRICE - 30_000)
    assert bought.amounts() == {}
    assert bought.view.realised(last_ns=10**18, place="x") == -300 * COIN
    bought.agree()


def test_flatten_ends_both_coins_and_no_entries_lets_what_was_bought_be_sold() -> None:
    script = {
        3: [order(CROSS, "buy", 10_000, price=CROSS_PRICE)],
        6: [order(CROSS, "buy", 1, key="no"), order(ETH, "sell", 4_000)],
    }
    world = World(script, funds={"x:BTC": COIN})
    world.prices()
    world.price(CROSS, CROSS_PRICE)
    world.play(KillSwitch(time=world.time, account="main", level=KillLevel.NO_ENTRIES, reason="test"))
    world.price(ETH, ETH_PRICE)
    world.price(ETH, ETH_PRICE)
    world.price(ETH, ETH_PRICE)
    assert world.rules() == ["kernel.kill-switch-off"]
    assert world.amounts()["x:ETH"][0] == 6 * COIN // 10
    world.play(KillSwitch(time=world.time, account="main", level=KillLevel.FLATTEN, reason="test"))
    for _ in range(3):
        world.prices()
    assert world.amounts() == {}
    assert world.book.owned("x:BTC") == COIN
    world.agree()


def test_a_snapshot_holds_what_is_under_way() -> None:
    world = World({3: [order(BTC, "buy", 5_000)], 6: [order(CROSS, "buy", 10_000, price=CROSS_PRICE)]})
    world.prices()
    world.prices()
    kernel = Kernel(world.wiring, report=world.reported)
    restore(kernel, dump(world.kernel))
    world.kernel = kernel
    world.price(CROSS, CROSS_PRICE)
    assert world.amounts() == {"x:ETH": (COIN, 2_500 * COIN, ETH.id)}
    world.agree()


FEES = st.sampled_from([0, 750, 1_000])


class Third(Takes):
    third = True


class Received(World):
    exchanges = Takes


class Elsewhere(World):
    exchanges = Third


@pytest.mark.parametrize("kind", [World, Received, Elsewhere])
@settings(max_examples=20)
@given(
    fees=st.tuples(FEES, FEES, FEES),
    moves=st.lists(
        st.tuples(
            st.sampled_from([0, 1, 2]),
            st.integers(-200, 200),
            st.sampled_from(["buy", "sell"]),
            st.integers(1, 3_000),
            st.booleans(),
        ),
        min_size=1,
        max_size=25,
    ),
)
def test_whatever_is_traded_books_and_exchange_agree_and_profit_is_exact(
    kind: type[World], fees: tuple[int, int, int], moves: list[tuple[int, int, str, int, bool]]
) -> None:
    instruments = [
        listed("BTC/USDT", BTC.tick, BTC.lot, fees[0]),
        listed("ETH/USDT", ETH.tick, ETH.lot, fees[1]),
        listed("ETH/BTC", CROSS.tick, CROSS.lot, fees[2]),
    ]
    world = kind(instruments=instruments, funds={"x:BTC": COIN // 10, "x:ETH": COIN, "x:BNB": COIN})
    world.prices()
    middle = [BTC_PRICE, ETH_PRICE, CROSS_PRICE]
    for n, (which, step, side, size, rests) in enumerate(moves, start=4):
        price = middle[which] + step * middle[which] // 10_000
        limit = price if not rests else price * (99 if side == "buy" else 101) // 100
        SCRIPT[n] = [order(instruments[which], side, size, price=limit, key=f"k{n}"), CancelOrder(key=f"k{n - 4}")]
        world.price(instruments[which], price, spread=price // 2_000)
    SCRIPT[4 + len(moves)] = [CancelOrder(key=f"k{n}") for n in range(4, 4 + len(moves))]
    world.prices()
    world.agree()
    assert world.book.desks["x"].reserved == {}
    world.play(InstrumentStale(time=world.time, instrument=CROSS.id, stale=True))
    world.play(KillSwitch(time=world.time, account="main", level=KillLevel.FLATTEN, reason="test"))
    for _ in range(3):
        world.price(instruments[0], BTC_PRICE, spread=2_000)
        world.price(instruments[1], ETH_PRICE, spread=100)
    world.agree()
    assert all(abs(each.amount) < instruments[0].lot for each in world.book.positions.values())
