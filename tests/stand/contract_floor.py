"""The same with a perpetual: leverage, funding, orders that only reduce."""

from collections import Counter
from typing import ClassVar

from sniper.kernel import facts as f
from sniper.types import SECOND
from sniper_sdk.exchange import Faults
from sniper_sdk.exchange.futures import Contract, FuturesServer
from stand.floor import BASE, SYMBOL, Floor

FUNDINGS = 0.01
"""How often a move of the market is followed by funding."""
COMPARED_NS = 6 * SECOND
"""A desk compares what it reads with its books where nothing ended for longer than its deadline."""


class ContractFloor(Floor):
    """What is held pays and is paid funding now and then."""

    ticks: ClassVar[int] = 10
    sizes: ClassVar[tuple[str, ...]] = ("0.010", "0.030", "0.200")
    market: ClassVar[str] = 'market = "swap"\nleverage = 10\nsymbols = ["BTC/USDT:USDT"]'
    strategy: ClassVar[str] = "churn-contracts"
    server: FuturesServer
    _funds: bool = True

    def exchange(self, faults: Faults) -> FuturesServer:
        return FuturesServer([Contract.of("BTC")], faults=faults)

    def move(self) -> None:
        super().move()
        if self._funds and self.rng.random() < FUNDINGS:
            self.server.rate(SYMBOL, self.rng.choice(("0.0001", "-0.0003", "0.00037")))
            self.server.engine.fund(SYMBOL)

    def calm(self) -> None:
        """Of funding in the middle of an hour the adapter hears each minute, and when it begins: so it ends before the
        last start."""
        self._funds = False

    def quiet(self) -> bool:
        """And the exchange was read so long after the last order that all was compared."""
        if not super().quiet():
            return False
        ended = max((each.ended_at for each in self.book.desks["binance"].ended.values()), default=0)
        return self.record.all(f.DeskRead)[-1].time > ended + COMPARED_NS

    def money(self) -> list[str]:
        """The wallet is the same to the unit and came by deposits, fills and funding alone.

        Fills that were told in another order than they happened in realise more or less, and leave as much more or less
        of cost; the exchange rounds what each of them realises.
        """
        engine, found = self.server.engine, []
        wallet, books = engine.wallet(self.account, "USDT") * BASE, self.book.owned("binance:USDT")
        found += [f"the books hold {books} of USDT, the exchange {wallet}"] if books != wallet else []
        left = engine.position(self.account, SYMBOL).amount
        found += [f"the exchange holds {left} of the contract"] if left else []
        found += [f"{each.client_id} waits" for each in engine.open_algos(self.account)]
        held = Counter(each.client_id for each in engine.algos.values())
        found += [f"{n} orders that wait had the client id {key}" for key, n in held.items() if n > 1]
        found += [f"forced: {each}" for each in self.record.all(f.ExchangeForced)]
        found += self._funding()
        contracts = self.record.all(f.ContractAdjusted)
        found += [f"the position was adjusted: {each}" for each in contracts if each.amount]
        (_, *adjusted) = self.record.all(f.Adjusted)
        dust = sum(each.delta for each in adjusted) - sum(each.cost for each in contracts)
        if abs(dust) > BASE * len(self.record.all(f.ExchangeFilled)):
            found.append(f"{dust} came from nowhere: {adjusted}, {contracts}")
        return found + ([f"halted: {self.book.halted}"] if self.book.halted else [])

    def _funding(self) -> list[str]:
        paid = Counter(each.amount * BASE for each in self.server.engine.incomes if each.kind == "FUNDING_FEE")
        booked = Counter(each.funding.amount for each in self.record.all(f.Funded))
        return (
            [f"of funding were paid {paid - booked} more than booked, {booked - paid} less"] if paid != booked else []
        )

    def seen(self) -> str:
        return f"{super().seen()}, {len(self.record.all(f.Funded))} times funding"
