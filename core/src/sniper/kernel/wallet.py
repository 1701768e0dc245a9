"""What the chain says that a wallet of an account owns, compared with the books, and the next nonce of its address."""

from typing import TYPE_CHECKING

from sniper.events import BalancesRead
from sniper.kernel import facts as f
from sniper.kernel.asks import ReadBalances, Settle
from sniper.kernel.attempts import Attempts
from sniper.kernel.book import Attempt, Order
from sniper.kernel.orders import NONCE_PASSED
from sniper.types import NATIVE, asset_id, split_asset

if TYPE_CHECKING:
    from sniper.kernel.account import Account

LONG_BLOCKS = 10
"""What waits for longer may wait for a nonce that is missing."""


class Wallet:
    """Any one of an account's, by its address."""

    def __init__(self, account: "Account", attempts: Attempts) -> None:
        self.account = account
        self.attempts = attempts

    def due(self, wallet: str) -> bool:
        """Whether it should be read with this block: from time to time while nothing is on its way, for deposits and
        what tokens do to their holders; else only where a nonce may be missing."""
        account, book = self.account, self.account.book
        sender = book.senders.get(asset_id(account.wiring.chain_id, wallet))
        if sender is None or not sender.known:
            return True
        if not account.kernel.wiring.signs:
            return False  # the chain knows nothing of what was played
        since, rules = account.chain.number - sender.read_block, account.wiring.execution
        if sender.gap_block:
            return since >= rules.replace_after_blocks
        if not any(order.placed.owner == wallet for order in book.orders.values()):
            return since >= rules.read_wallet_blocks
        live = book.in_flight_of(account.wiring.chain_id, wallet)
        waiting = [attempt.made_block for _, attempt in live]
        return bool(waiting) and min(since, account.chain.number - min(waiting)) >= LONG_BLOCKS

    def read(self, wallet: str, *, anew: bool = False) -> None:
        """Ask what the chain says that it owns, and its next nonce. ``anew``: an answer that is on its way does not
        count."""
        account = self.account
        open_ = [ask.id for ask in account.book.indexed.asks(wallet)]
        if open_ and not anew:
            return
        tokens = sorted(
            split_asset(token)[1]
            for token, p in account.book.positions.items()
            if p.chain_id == account.wiring.chain_id and account.wallets.holding(p) == wallet
        )
        if account.wiring.quote != NATIVE:
            tokens.append(account.wiring.quote)
        for ask_id in open_:
            account.emit(f.Closed(time=account.kernel.now, ask=ask_id))
        account.ask(
            f"{account.name}?wallet-{account.book.asks_made}",
            ReadBalances(chain_id=account.wiring.chain_id, owner=wallet, tokens=tuple(tokens)),
            account.wiring.execution.read_deadline,
        )

    def compare(self, wallet: str, event: BalancesRead) -> None:
        """Compare the books with the chain; differences are adjustments, where nothing is on its way."""
        account = self.account
        now = account.kernel.now
        if event.block < account.chain.number - account.chain.wiring.finality:
            return  # what happened since may be forgotten already, and would be undone
        live = account.book.in_flight_of(event.chain_id, wallet)
        for order, attempt in live:
            if attempt.nonce < event.nonce and attempt.note != NONCE_PASSED:
                self._passed(order, attempt, event.block)
        account.emit(
            f.Synced(time=now, chain_id=event.chain_id, owner=wallet, nonce=event.nonce, block=account.chain.number)
        )
        # A lower nonce: the wallet was read before the newest transactions. Without signatures the chain knows nothing
        # of what was played.
        complete = not live and event.nonce == account.book.sender(event.chain_id, wallet).next_nonce
        complete = complete and (not account.book.wallets or wallet in account.book.wallets)  # else it was not taken up
        unplayed = account.book.newest_entry is None or not account.book.counted(wallet)
        if complete and (account.kernel.wiring.signs or unplayed):
            found = {NATIVE: event.native, **dict(event.balances)}
            for address, amount in found.items():
                asset = asset_id(event.chain_id, address)
                position = account.book.positions.get(asset)
                if position is not None and account.wallets.holding(position) != wallet:
                    continue  # bought by another one since it was asked
                known = position.amount if position else account.book.cash_of(asset, wallet)
                if known != amount and (address in (NATIVE, account.wiring.quote) or position is not None):
                    account.wallets.adjust(asset, amount - known, "the wallet was read", wallet)
                    if position is not None and not position.amount:
                        account.outcomes.lost(position)

    def _passed(self, order: Order, attempt: Attempt, block: int) -> None:
        """By ``block`` its nonce was used. By itself or by another transaction: only an answer that is asked for from
        now on can tell."""
        account = self.account
        self.attempts.move(order, attempt, "unknown", note=NONCE_PASSED, block=block)
        for ask in list(account.book.indexed.asks(attempt.id)):
            if isinstance(ask.body, Settle):
                account.emit(f.Closed(time=account.kernel.now, ask=ask.id))
        self.attempts.settle(order, attempt)
