"""What is under way in one book, found without looking through all of it.

Nothing here is known only here: it follows from the tables of the book, is made from them where it is first asked for,
and is kept up to date by `sniper.kernel.fold`. What is iterated is sorted, or in the order of a table.
"""

from bisect import bisect_left, insort
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sniper.kernel.orders import IN_FLIGHT, NONCE_PASSED

if TYPE_CHECKING:
    from sniper.kernel.asks import Ask
    from sniper.kernel.book import Book, Order

K = TypeVar("K")
T = TypeVar("T")
Ordered = TypeVar("Ordered", str, "Place")

Place = tuple[int, str, int]
"""Nonce, order id, number of the attempt among those of its order."""
Wallet = tuple[int, str]
"""Chain id, address."""


class Noted(NamedTuple):
    """What is known here of one working order. ``open``: those of ``flying`` of which nobody knows that their nonce has
    passed; ``approves``: address and place of each approval in flight."""

    wallet: Wallet
    token: str
    flying: tuple[Place, ...]
    open: tuple[Place, ...]
    approves: tuple[tuple[str, Place], ...]
    signing: bool


class Index:
    """Of one book.

    signing  Working orders with an attempt that is being signed.
    """

    __slots__ = ("_approving", "_asks", "_flying", "_idle", "_noted", "_of_token", "_open", "signing")

    def __init__(self, book: "Book") -> None:
        self.signing: set[str] = set()
        self._idle: dict[Wallet, list[str]] = {}
        self._flying: dict[Wallet, list[Place]] = {}
        self._open: dict[Wallet, list[Place]] = {}
        self._approving: dict[tuple[int, str], set[Place]] = {}
        self._of_token: dict[str, set[str]] = {}
        self._asks: dict[str, list[Ask]] = {}
        self._noted: dict[str, Noted] = {}
        for order in book.orders.values():
            self.note(order)
        for ask in book.asks.values():
            self.asked(ask)

    # ---- orders ----

    def in_flight(self) -> list[Place]:
        """Attempts that a block may still include: by wallet, then in the order of their nonces."""
        return [place for wallet in sorted(self._flying) for place in self._flying[wallet]]

    def flying(self, wallet: Wallet) -> list[Place]:
        """Those of one wallet, in the order of their nonces."""
        return self._flying.get(wallet, [])

    def lowest(self, wallet: Wallet) -> int | None:
        """The lowest nonce of one in flight."""
        flying = self._flying.get(wallet)
        return flying[0][0] if flying else None

    def below(self, wallet: Wallet, nonce: int) -> int:
        """How many are in flight with lower nonces."""
        return bisect_left(self._flying.get(wallet, []), (nonce,))

    def lowest_open(self, wallet: Wallet) -> int | None:
        """As `lowest`, of those of which nobody knows that their nonce has passed."""
        flying = self._open.get(wallet)
        return flying[0][0] if flying else None

    def approving(self, chain_id: int, token: str) -> list[Place]:
        """Approvals of the token at this address that are in flight, in the order of their nonces."""
        return sorted(self._approving.get((chain_id, token), ()))

    def idle(self) -> list[str]:
        """Working orders with nothing under way, sorted."""
        return sorted(chain.from_iterable(self._idle.values()))

    def idle_of(self, wallet: Wallet) -> list[str]:
        """Those of one wallet, sorted."""
        return list(self._idle.get(wallet, ()))

    def of_token(self, token: str) -> list[str]:
        """Working orders for a token (asset id), sorted."""
        return sorted(self._of_token.get(token, ()))

    def note(self, order: "Order") -> None:
        """An order was placed, has ended, was taken up again, or one of its attempts has changed."""
        id_ = order.id
        before = self._noted.pop(id_, None)
        if before is not None:
            self._forget(id_, before)
        if order.state == "working":
            now = self._noted[id_] = _noted(order)
            for place in now.flying:
                insort(self._flying.setdefault(now.wallet, []), place)
            for place in now.open:
                insort(self._open.setdefault(now.wallet, []), place)
            for token, place in now.approves:
                self._approving.setdefault((now.wallet[0], token), set()).add(place)
            self._of_token.setdefault(now.token, set()).add(id_)
            if now.signing:
                self.signing.add(id_)
            elif not now.flying:
                insort(self._idle.setdefault(now.wallet, []), id_)

    def _forget(self, id_: str, noted: Noted) -> None:
        for place in noted.flying:
            _remove(self._flying, noted.wallet, place)
        for place in noted.open:
            _remove(self._open, noted.wallet, place)
        for token, place in noted.approves:
            _discard(self._approving, (noted.wallet[0], token), place)
        _discard(self._of_token, noted.token, id_)
        self.signing.discard(id_)
        if not (noted.signing or noted.flying):
            _remove(self._idle, noted.wallet, id_)

    # ---- asks ----

    def asks(self, about: str) -> list["Ask"]:
        """Open asks about an attempt, an intent, a token or a wallet (`Ask.about`), oldest first."""
        return self._asks.get(about, [])

    def asked(self, ask: "Ask") -> None:
        """It is open."""
        if about := ask.about:
            self._asks.setdefault(about, []).append(ask)

    def closed(self, ask: "Ask") -> None:
        """It is open no more."""
        if about := ask.about:
            left = [each for each in self._asks.pop(about) if each.id != ask.id]
            if left:
                self._asks[about] = left


def _noted(order: "Order") -> Noted:
    placed, id_ = order.placed, order.id
    flying, open_, approves, signing = [], [], [], False
    for number, attempt in enumerate(order.attempts):
        if attempt.state in IN_FLIGHT:
            place = (attempt.nonce, id_, number)
            flying.append(place)
            if attempt.note != NONCE_PASSED:
                open_.append(place)
            step = order.transaction(attempt)
            if step.purpose == "approve":
                approves.append((step.to, place))
        elif attempt.state == "signing":
            signing = True
    wallet = (placed.chain_id, placed.owner)
    return Noted(wallet, placed.token, tuple(flying), tuple(open_), tuple(approves), signing)


def _remove(table: dict[Wallet, list[Ordered]], wallet: Wallet, item: Ordered) -> None:
    """Take it out of a sorted list; no empty one is left."""
    found = table[wallet]
    del found[bisect_left(found, item)]
    if not found:
        del table[wallet]


def _discard(table: dict[K, set[T]], key: K, item: T) -> None:
    """Take an item out of the set under a key; no empty set is left."""
    found = table[key]
    found.remove(item)
    if not found:
        del table[key]
