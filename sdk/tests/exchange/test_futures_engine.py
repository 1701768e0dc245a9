"""Whatever is traded, paid and liquidated: no unit comes from nowhere, and a position is what its fills say."""

from contextlib import suppress
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from sniper_sdk.exchange import Account, Refused
from sniper_sdk.exchange.amounts import UNIT, cost
from sniper_sdk.exchange.futures import Contract, FuturesEngine
from sniper_sdk.exchange.futures.positions import Position
from sniper_sdk.exchange.order import NewOrder, OrderType, Side

BTC, ETH = Contract.of("BTC"), Contract.of("ETH")
NAMES = [BTC.name, ETH.name]
SIDES = st.sampled_from(list(Side))
PRICES = st.integers(500, 1_500).map(lambda ticks: ticks * BTC.tick)
SIZES = st.integers(1, 40_000).map(lambda steps: steps * BTC.step)
DEPOSIT = 10_000 * UNIT

STEPS = st.one_of(
    st.tuples(st.just("level"), st.sampled_from(NAMES), SIDES, PRICES, SIZES),
    st.tuples(st.just("limit"), st.integers(0, 2), st.sampled_from(NAMES), SIDES, PRICES, SIZES, st.booleans()),
    st.tuples(st.just("market"), st.integers(0, 2), st.sampled_from(NAMES), SIDES, SIZES, st.booleans()),
    st.tuples(st.just("trade"), st.sampled_from(NAMES), PRICES, SIZES, st.booleans()),
    st.tuples(st.just("mark"), st.sampled_from(NAMES), st.integers(1, 3_000).map(lambda n: n * UNIT // 10)),
    st.tuples(st.just("fund"), st.sampled_from(NAMES), st.integers(-(10**7), 10**7)),
    st.tuples(st.just("adl"), st.integers(0, 2), st.sampled_from(NAMES), SIZES, PRICES),
    st.tuples(st.just("leverage"), st.integers(0, 2), st.sampled_from(NAMES), st.integers(1, 125)),
    st.tuples(st.just("isolated"), st.integers(0, 2), st.sampled_from(NAMES), st.booleans()),
)


class Exchange:
    def __init__(self) -> None:
        self.engine = FuturesEngine([BTC, ETH], lambda: 10**18)
        self.accounts = [Account(f"a{n}", f"k{n}", "s", maker=UNIT // 5000, taker=UNIT // 2000) for n in range(3)]
        for each in self.accounts:
            self.engine.ledger.add(each)
            self.engine.deposit(each, "USDT", DEPOSIT)
        for name in NAMES:
            self.engine.set_level(name, Side.BUY, 99 * UNIT, 100 * UNIT)
            self.engine.set_level(name, Side.SELL, 101 * UNIT, 100 * UNIT)
            self.engine.traded(name, 101 * UNIT, BTC.step, buyer_is_maker=False)

    def step(self, kind: str, *given: object) -> None:  # of STEPS
        engine = self.engine
        match kind, *given:
            case "level", str(name), Side() as side, int(price), int(size):
                engine.set_level(name, side, price, size)
            case "limit", int(who), str(name), Side() as side, int(price), int(size), bool(reduces):
                asked = NewOrder(name, side, OrderType.LIMIT, size, price=price, reduce_only=reduces)
                engine.place(self.accounts[who], asked)
            case "market", int(who), str(name), Side() as side, int(size), bool(reduces):
                engine.place(self.accounts[who], NewOrder(name, side, OrderType.MARKET, size, reduce_only=reduces))
            case "trade", str(name), int(price), int(size), bool(sells):
                engine.traded(name, price, size, buyer_is_maker=sells)
            case "mark", str(name), int(price):
                engine.set_mark(name, price)
            case "fund", str(name), int(rate):
                engine.rates[name] = rate
                engine.fund(name)
            case "adl", int(who), str(name), int(size), int(price):
                engine.force(self.accounts[who], name, "adl", size, price)
            case "leverage", int(who), str(name), int(leverage):
                engine.set_leverage(self.accounts[who], name, leverage)
            case "isolated", int(who), str(name), bool(isolated):
                engine.set_isolated(self.accounts[who], name, isolated=isolated)


@given(st.lists(STEPS, min_size=1, max_size=60))
def test_nothing_comes_from_nowhere_and_positions_are_what_was_filled(steps: list[tuple[str, object]]) -> None:
    exchange = Exchange()
    engine = exchange.engine
    for kind, *given_ in steps:
        with suppress(Refused):
            exchange.step(kind, *given_)
        assert engine.ledger.total("USDT") == len(exchange.accounts) * DEPOSIT
    for account in exchange.accounts:
        assert engine.wallet(account, "USDT") >= 0
        for name in NAMES:
            fills = [fill for order in engine.own_orders(account, name) for fill in order.fills]
            signed = sum(fill.quantity if fill.side is Side.BUY else -fill.quantity for fill in fills)
            position = engine.position(account, name)
            assert position.amount == signed
            assert (position.amount == 0) <= (position.opened == 0)
            assert position.realised == sum(fill.profit for fill in fills)
            reductions = [each for each in engine.open_orders(account, name) if each.asked.reduce_only]
            assert all(each.remaining <= abs(signed) for each in reductions)
    moved = {name: sum(each.amount for each in engine.incomes if each.account == name) for name in ("a0", "a1", "a2")}
    assert all(engine.wallet(each, "USDT") == DEPOSIT + moved[each.name] for each in exchange.accounts)


@given(st.lists(st.tuples(SIDES, SIZES, PRICES), min_size=1, max_size=30), PRICES)
def test_profits_are_what_buying_and_selling_outright_would_bring(
    trades: list[tuple[Side, int, int]], mark: int
) -> None:
    position, paid = Position("BTCUSDT"), Fraction(0)
    for side, quantity, price in trades:
        sign = 1 if side is Side.BUY else -1
        position.trade(sign * quantity, sign * cost(price, quantity))
        paid += sign * cost(price, quantity)
    assert position.realised + position.unrealised(mark) == cost(mark, position.amount) - paid
