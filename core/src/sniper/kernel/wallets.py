"""The wallets of an account: which of them an order goes out from, and what changes when their list does.

Nodes keep about 16 transactions of one sender for sure, and a nonce that is stuck holds up all later ones of its sender
alone: so what has nothing to do with each other goes out from different wallets. A token is held in one of them.
"""

from collections import Counter
from typing import TYPE_CHECKING

from sniper.kernel import facts as f
from sniper.kernel.book import Order, Position
from sniper.risk import Finding, must
from sniper.types import NATIVE, Step, asset_id, split_asset

if TYPE_CHECKING:
    from sniper.kernel.account import Account


class Wallets:
    """Of one account. ``addresses``: as the config names them."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.addresses = account.wiring.wallets

    # ---- which one ----

    def usable(self, token: str) -> list[str]:
        """Those that may take one more order for a token (asset id), the one with the fewest on its way first; of two
        alike the one that the config names first."""
        busy, most = self._busy(), self.account.wiring.execution.max_pending
        paying = self._paying()
        found = [
            wallet
            for wallet in self._allowed(token)
            if self._read(wallet) and wallet not in paying and not (most and busy[wallet] >= most)
        ]
        return sorted(found, key=lambda wallet: busy[wallet])  # which keeps the order of those that are alike

    def gates(self, token: str) -> tuple[Finding, ...]:
        """What must hold of the wallets for one more order for a token."""
        account, allowed = self.account, self._allowed(token)
        gates = [must("wallet-read", any(map(self._read, allowed)), retry_after_s=1)]
        if account.wiring.quote != NATIVE:
            # An approval sets what the venue may take and does not add to it, so two entries would take it from each
            # other.
            paying = self._paying()
            note = min(paying.values(), default="") if all(wallet in paying for wallet in allowed) else ""
            gates.append(must("allowance-free", not note, note=note, retry_after_s=1))
        most = account.wiring.execution.max_pending
        if most or len(self.addresses) > 1:
            gates.append(self.free(bool(self.usable(token))))
        return tuple(gates)

    def free(self, found: bool) -> Finding:
        """Whether there is a wallet with room for what one more order has on its way."""
        most = self.account.wiring.execution.max_pending
        note = f"{len(self.addresses)} wallets, each with at most {most or 'any number of'} transactions on their way"
        return must("wallet-free", found, note=note, retry_after_s=1)

    def affording(self, token: str, asset: str, amount: int) -> list[str]:
        """Of the usable ones, in their order, those that have ``amount`` of an asset free, base units; where none has,
        the one that has most."""
        usable = self.usable(token)
        free = self.account.book.free_in(usable, asset)
        return [wallet for wallet in usable if free[wallet] >= amount] or self.richest(usable, asset)

    def richest(self, wallets: list[str], asset: str) -> list[str]:
        """The one that has most of an asset free, the first of several; none of none."""
        free = self.account.book.free_in(wallets, asset)
        return [max(wallets, key=free.__getitem__)] if wallets else []

    def holding(self, position: Position) -> str:
        """Where a position is."""
        return position.wallet or self.account.wiring.address

    def _allowed(self, token: str) -> tuple[str, ...]:
        """A token that is held, or that a reorg could bring back, is bought by the wallet that has it."""
        book = self.account.book
        held = book.positions.get(token) or book.closed.get(token)
        return self.addresses if held is None else (self.holding(held),)

    def _read(self, wallet: str) -> bool:
        return self.account.book.sender(self.account.wiring.chain_id, wallet).known

    def fits(self, wallet: str, steps: tuple[Step, ...]) -> bool:
        """Whether a wallet may have these on its way, too. One that has nothing may have any plan."""
        most, busy = self.account.wiring.execution.max_pending, self._busy()[wallet]
        return not most or not busy or busy + self._at_once(len(steps)) <= most

    def _busy(self) -> Counter[str]:
        """By wallet: transactions that orders which have not ended may have on their way at once."""
        busy = Counter[str]()
        for order in self.account.book.orders.values():
            busy[order.placed.owner] += self._at_once(len(order.steps) - order.step)
        return busy

    def _at_once(self, steps: int) -> int:
        """How many of so many steps of a plan may be on their way."""
        return max(1, steps) if self.account.wiring.execution.together else 1

    def _paying(self) -> dict[str, str]:
        """By wallet: an order whose entry is still to come, where what is paid must be approved first."""
        account = self.account
        if account.wiring.quote == NATIVE:
            return {}
        found = sorted((order.id, order.placed.owner) for order in account.book.orders.values() if _pays(order))
        return {owner: order for order, owner in reversed(found)}

    # ---- the list of them ----

    def began(self) -> None:
        """A process has begun, perhaps with other wallets in its config than before."""
        account = self.account
        self._lone()
        known = account.book.wallets
        if self.addresses == known or (not known and len(self.addresses) == 1):
            return
        gone = [wallet for wallet in known if wallet not in self.addresses]
        held = self._held(gone)
        if held:
            reason = f"wallet {held} is not in the config any more, and has a position or an order, or had one lately"
            account.emit(f.Halted(time=account.kernel.now, reason=f"{reason}; put it back"))
            return
        for wallet in gone:
            self._emptied(wallet)
        first = "" if known else self._first()
        account.emit(f.WalletsSet(time=account.kernel.now, wallets=self.addresses, first=first))

    def _lone(self) -> None:
        """Put on record whose everything is where the account had one wallet alone, and has that one no more."""
        account, book = self.account, self.account.book
        read = [
            (sender.read_block, wallet)
            for chain_id, wallet, sender in ((*split_asset(key), sender) for key, sender in book.senders.items())
            if chain_id == account.chain.id
        ]
        if book.wallets or not read or not account.kernel.wiring.signs:  # what is played is in no wallet
            return
        _, wallet = max(read)
        if wallet not in self.addresses:
            account.emit(f.WalletsSet(time=account.kernel.now, wallets=(wallet,), first=wallet))

    def _held(self, wallets: list[str]) -> str:
        """The first of these that has to do with an order or a position that is not over for good; empty for none."""
        book = self.account.book
        orders = {order.placed.owner for table in (book.orders, book.ended) for order in table.values()}
        held = {each.wallet for table in (book.positions, book.closed, book.ranges) for each in table.values()}
        return next((wallet for wallet in wallets if wallet in orders | held), "")

    def _emptied(self, wallet: str) -> None:
        account = self.account
        for asset in (account.quote, *({asset_id(account.chain.id, NATIVE)} - {account.quote})):
            self.adjust(asset, -account.book.cash_of(asset, wallet), "its wallet left the config", wallet)

    def _first(self) -> str:
        """Whose everything is that the account had with one wallet: that one, whatever place it has in the list now."""
        account = self.account
        known = (w for w in self.addresses if asset_id(account.chain.id, w) in account.book.senders)
        return next(known, account.wiring.address)

    # ---- what they have ----

    def adjust(self, asset: str, delta: int, reason: str, wallet: str) -> None:
        """Put on record that a wallet has more or less of an asset than the books say; base units, 0: nothing is."""
        if delta:
            fact = f.Adjusted(
                time=self.account.kernel.now,
                asset=asset,
                delta=delta,
                reason=reason,
                wallet=self.account.book.whose(wallet),
            )
            self.account.emit(fact)


def _pays(order: Order) -> bool:
    """Whether its entry is still to come."""
    return any(step.purpose == "entry" for step in order.steps[order.step :])
