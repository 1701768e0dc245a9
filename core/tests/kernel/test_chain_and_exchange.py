"""One strategy at a pool and at an exchange: the kernel, a fake chain with a real AMM, and a simulated exchange."""

from typing import Any

from msgspec.structs import replace
from world import ACCOUNT, ETHER, AsAsked, Says, Setup, World, pool_of, token_of

from sniper.events import Event, InstrumentListed, Prices
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.asks import Cancel, FindOrder, ReadDesk, Submit
from sniper.kernel.wiring import CheckWiring, DeskWiring
from sniper.risk import must
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.sizer import Sizer
from sniper.types import SECOND, Open
from sniper.view import View
from sniper_strategy_cex_dex_arbitrage.config import CexDexArbitrageConfig
from sniper_strategy_cex_dex_arbitrage.strategy import CexDexArbitrage

TOKEN, POOL = token_of(1), f"1:{pool_of(1)}"
COINS = Instrument(
    id="x:TKN/USDT", kind="spot", base="x:TKN", quote="x:USDT", settle="x:USDT", tick=COIN // 10**5, lot=COIN // 10,
    taker_fee=1_000,
)  # fmt: skip
ETH = replace(COINS, id="x:ETH/USDT", base="x:ETH", tick=COIN // 100, lot=COIN // 10**4)  # type: ignore[type-var]  # it is a struct
FAIR = 30_000
"""Ticks for a token: in the pool, ten thousand are an ether, which is 3,000 dollars."""
DEPOSIT = {"x:USDT": 10_000 * COIN, "x:TKN": 20_000 * COIN}
DESK = (Submit, Cancel, FindOrder, ReadDesk)


class Both(World):
    """The exchange answers at once."""

    def __init__(self, setup: Setup) -> None:
        self.exchange = SimulatedExchange(ACCOUNT, "x", DEPOSIT)
        super().__init__(setup)
        for instrument in (COINS, ETH):
            self.tell(InstrumentListed(time=self.tick(), instrument=instrument))
        self.price(ETH, 300_000)

    def tell(self, event: Event) -> list[f.Fact]:
        self.exchange.heard(event)
        told = [*self.exchange.until(event.time), event]
        decided: list[f.Fact] = []
        while told:
            decided += super().tell(told.pop(0))
            for ask in [ask for ask in self.asks.values() if isinstance(ask.body, DESK)]:
                del self.asks[ask.id]
                self.exchange.ask(ask, self.now)
            told += self.exchange.until(self.now)
        return decided

    def price(self, of: Instrument, price: int, size: int = 10**6) -> None:
        half = price // 10_000
        at = self.tick(SECOND)
        self.tell(Prices(time=at, instrument=of.id, bid=price - half, bid_size=size, ask=price + half, ask_size=size))

    @property
    def trader(self) -> CexDexArbitrage:
        strategy = self.account.instances["script"].strategy
        assert isinstance(strategy, CexDexArbitrage)
        return strategy

    def sides(self) -> list[str]:
        return [order.side for order in self.of(f.OrderPlaced) if isinstance(order, f.OrderPlaced)]

    def hedged(self) -> list[tuple[str, int]]:
        return [(fill.side, fill.size) for fill in self.exchange.fills]

    def coins(self) -> int:
        """On the chain and at the exchange, more than at the beginning."""
        position = self.book.positions.get(TOKEN)
        return (position.amount if position is not None else 0) + self.book.owned("x:TKN") - DEPOSIT["x:TKN"]

    def dollars(self) -> int:
        """What was gained of both, an ether at 3,000."""
        return self.book.owned("x:USDT") - DEPOSIT["x:USDT"] + (self.book.cash[self.account.quote] - 10 * ETHER) * 3_000


def both(slippage_bps: int = 50, **changed: Any) -> Both:
    sizer = changed.pop("sizer", AsAsked())
    config = CexDexArbitrageConfig.model_validate(
        {
            "token": TOKEN,
            "pool": POOL,
            "instrument": COINS.id,
            "rate": ETH.id,
            "size": ETHER // 2,
            "gas": ETHER // 1_000,
            "slippage_bps": slippage_bps,
        }
    )
    setup = Setup(
        strategies=(("script", ()),),
        trader=(CexDexArbitrage, config),
        desks=(DeskWiring(venue="x", quote="x:USDT"),),
        sizer=sizer,
        **changed,
    )
    return Both(setup)


def test_the_fair_price_leads_to_nothing() -> None:
    world = both()
    world.price(COINS, FAIR)
    world.mine()
    assert world.sides() == []


def test_what_the_pool_sells_too_cheap_is_bought_there_and_exactly_that_is_sold_at_the_exchange() -> None:
    world = both()
    world.price(COINS, FAIR * 103 // 100)
    (order,) = world.of(f.OrderPlaced)
    assert isinstance(order, f.OrderPlaced)
    assert (order.side, order.pool, world.trader.waiting) == ("increase", POOL, True)
    assert order.min_out < order.expected_out
    assert world.hedged() == [], "nothing is sold before it is known what was bought"
    world.settle()
    world.price(COINS, FAIR * 103 // 100)
    held = world.book.positions[TOKEN].amount
    assert world.hedged()[0] == ("sell", held // COINS.lot)
    assert 0 <= world.coins() < COINS.lot
    assert world.dollars() > 0


def test_a_purchase_that_reverts_leaves_the_exchange_alone() -> None:
    world = both()
    world.price(COINS, FAIR * 103 // 100)
    world.answer_all()
    world.mine(trades=((pool_of(1), 10**20),))
    world.settle()
    world.price(COINS, FAIR)
    assert [order.state for order in world.of(f.OrderEnded)] == ["failed"]  # type: ignore[attr-defined]
    assert (world.hedged(), world.coins(), world.trader.waiting, world.trader.paused) == ([], 0, False, True)


def test_what_the_exchange_did_not_take_is_sold_with_the_next_price_and_nothing_begins_before() -> None:
    world = both()
    world.price(COINS, FAIR * 103 // 100)
    world.exchange.share_bps = 5_000
    world.settle()
    world.price(COINS, FAIR * 103 // 100, size=2_000)
    assert world.hedged() == [("sell", 1_000)]
    assert world.sides() == ["increase"]
    world.exchange.share_bps = 0
    world.price(COINS, FAIR * 103 // 100)
    assert 0 <= world.coins() < COINS.lot


def test_what_the_pool_pays_more_for_is_sold_there_and_bought_back_at_the_exchange() -> None:
    world = both(slippage_bps=400)
    world.price(COINS, FAIR * 103 // 100)
    world.settle()
    world.price(COINS, FAIR)
    assert 0 <= world.coins() < COINS.lot
    before = world.dollars()
    world.price(COINS, FAIR * 97 // 100)
    sale = world.of(f.OrderPlaced)[-1]
    assert isinstance(sale, f.OrderPlaced)
    assert (sale.side, sale.once) == ("reduce", True)
    world.settle()
    world.price(COINS, FAIR)
    assert world.hedged()[-1][0] == "buy"
    assert abs(world.coins()) < COINS.lot
    assert world.dollars() > before - 5 * COIN, "what the exchange's price ran away by is lost"


class Half(Sizer):
    def size(self, intent: Open, quote: str, view: View) -> int:
        return (intent.max_spend or 0) // 2


def test_where_a_sizer_lowers_it_both_legs_are_lower() -> None:
    wanted, world = both(), both(sizer=Half())
    for each in (wanted, world):
        each.price(COINS, FAIR * 103 // 100)
        each.settle()
        each.price(COINS, FAIR * 103 // 100)
    orders = [each.of(f.OrderPlaced)[0].amount_in for each in (wanted, world)]  # type: ignore[attr-defined]
    assert orders[1] == orders[0] // 2
    assert 0 <= world.coins() < COINS.lot


def test_what_is_denied_is_wanted_again_only_later() -> None:
    law = CheckWiring("law", Says(findings=(must("no", False),), side="increase"), policy=True)
    world = both(checks=(law,))
    world.price(COINS, FAIR * 103 // 100)
    intents = len(world.of(f.IntentFormed))
    world.price(COINS, FAIR * 103 // 100)
    assert (world.sides(), len(world.of(f.IntentFormed)), world.trader.paused) == ([], intents, True)
