"""All that moved positions, in the order of the journal, and what was realised by whom."""

from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper_app_portfolio.lots import Kind, Movement


class Ledger:
    """``movements``: of all accounts. ``elsewhere``: fees that were paid in a third asset, base units, by account and
    that asset; they are part of no cost and of no gain."""

    def __init__(self) -> None:
        self.movements: list[Movement] = []
        self.elsewhere: dict[tuple[str, str], int] = {}

    def hear(self, book: Book, fact: f.Fact) -> None:
        """A fact, with the account's book as it was before it."""
        if isinstance(fact, f.ExchangeFilled | f.ExchangeForced):
            self._filled(book, fact)
        elif isinstance(fact, f.Booked):
            self._booked(book, fact)
        elif isinstance(fact, f.Funded):
            paid = fact.funding
            self._move(book, fact, paid.instrument, "funding", currency=paid.asset, cash=paid.amount, id=paid.id)
        elif isinstance(fact, f.DustLeft):
            position = book.positions[fact.token]
            self._move(book, fact, fact.token, "dust", amount=-position.amount, realised=-position.cost)
        elif isinstance(fact, f.Adjusted):
            if fact.asset in book.positions:
                self._move(book, fact, fact.asset, "adjusted", amount=fact.delta)
        elif isinstance(fact, f.ContractAdjusted):
            held = book.positions.get(fact.instrument.id)
            amount, cost = (held.amount, held.cost) if held is not None else (0, 0)
            self._move(
                book,
                fact,
                fact.instrument.id,
                "replaced",
                currency=fact.instrument.quote,
                amount=amount + fact.amount,
                cash=-cost - fact.cost,
            )

    def _filled(self, book: Book, fact: f.ExchangeFilled | f.ExchangeForced) -> None:
        fill, order, instance = fact.fill, "", ""
        if isinstance(fact, f.ExchangeFilled):
            placed = book.desks[fact.fill.instrument.partition(":")[0]].order_of(fact.order).placed
            instrument, order, instance = placed.instrument, fact.order, placed.instance
        else:
            instrument = fact.instrument
        if fill.fee and fill.fee_asset not in (instrument.base, instrument.quote):
            key = book.account, fill.fee_asset
            self.elsewhere[key] = self.elsewhere.get(key, 0) + fill.fee
        position = book.positions.get(instrument.held)
        moved = Movement(
            kind="fill",
            time=fill.time,
            account=book.account,
            asset=instrument.held,
            currency=instrument.quote,
            instrument=instrument.id,
            # as the books count it: for whom opened the position
            instance=position.instance if position is not None else instance,
            amount=fact.amount,
            cash=fact.realised - fact.cost,
            realised=fact.realised,
            order=order,
            id=fill.id,
        )
        if isinstance(fact, f.ExchangeFilled) and fact.cross is not None:
            self.movements += _swapped(book, moved, placed, fact.cross)
        else:
            self.movements.append(moved)

    def _booked(self, book: Book, fact: f.Booked) -> None:
        if fact.undo:
            newest = next(n for n in reversed(range(len(self.movements))) if self._is(n, book, fact))
            del self.movements[newest]
            return
        placed = book.order_of(fact.order).placed
        self.movements.append(
            Movement(
                kind="fill" if fact.amount else "costs",
                time=fact.time,
                account=book.account,
                asset=placed.token,
                currency=placed.quote,
                instrument=placed.token,
                instance=placed.instance,
                amount=fact.amount,
                cash=fact.realised - fact.cost,
                realised=fact.realised,
                order=fact.order,
                id=fact.attempt,
            )
        )

    def _is(self, n: int, book: Book, fact: f.Booked) -> bool:
        """A reorg takes back the newest booking of an order first."""
        return self.movements[n].account == book.account and self.movements[n].order == fact.order

    def _move(
        self,
        book: Book,
        fact: f.Fact,
        asset: str,
        kind: Kind,
        *,
        currency: str = "",
        amount: int = 0,
        cash: int = 0,
        realised: int = 0,
        id: str = "",  # as the field is called
    ) -> None:
        """What no order did, for whom holds the position, or held the contract last."""
        position = book.positions.get(asset)
        desk = book.desks.get(asset.partition(":")[0])
        contract = desk.contracts.get(asset) if desk is not None else None
        instance = position.instance if position is not None else contract.instance if contract is not None else ""
        self.movements.append(
            Movement(
                kind=kind,
                time=fact.time,
                account=book.account,
                asset=asset,
                currency=currency or (position.quote if position is not None else ""),
                instrument=position.pool if position is not None and desk is not None else asset,
                instance=instance,
                amount=amount,
                cash=cash,
                realised=cash if kind == "funding" else realised,
                id=id,
            )
        )


def _swapped(book: Book, moved: Movement, placed: f.ExchangeOrderPlaced, cross: f.Crossed) -> tuple[Movement, Movement]:
    """A fill in a cross is two trades, each counted in what the desk counts in."""
    position = book.positions.get(placed.instrument.quote)
    return (
        moved._replace(currency=placed.counted, instrument=cross.pool),
        moved._replace(
            asset=placed.instrument.quote,
            currency=placed.counted,
            instrument=cross.other_pool,
            instance=position.instance if position is not None else placed.instance,
            amount=cross.amount,
            cash=cross.realised - cross.cost,
            realised=cross.realised,
        ),
    )
