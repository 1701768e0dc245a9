"""Sales that are signed before anybody wants them, so that a position can be sold without the signer.

All of one wallet have the same nonce, its next one: whichever is sent first makes the others worthless, and so
does any other transaction of that wallet. Each is then signed anew.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sniper.amm import NoLiquidity, Unpriced
from sniper.events import Signed
from sniper.kernel import facts as f
from sniper.kernel.asks import Presign, Sign
from sniper.kernel.book import Order, Position, Sender
from sniper.kernel.guards import Guard
from sniper.types import BPS, NATIVE, FeeBid, KillLevel, asset_id

if TYPE_CHECKING:
    from sniper.kernel.account import Account

GOOD_FOR = 3_600
"""Seconds, chain time, until such a sale reverts; it is signed anew once half of that is over."""
GENEROUS = 3
"""Times what an urgent sale would offer for gas now; signed anew where less than twice is left of that."""
MOST_AT_ONCE = 2
"""Signatures that are asked for with one block."""


class Presigning:
    """Of one account. ``guards``: those of its positions, by token."""

    def __init__(self, account: "Account", guards: dict[str, Guard]) -> None:
        self.account = account
        self.guards = guards

    # ---- signing ----

    def block(self) -> None:
        """A new head: have sales signed where there is none, or a worthless one, those first that were signed longest
        ago. Never while an attempt is being signed: its nonce may come back."""
        account, book, rules = self.account, self.account.book, self.account.wiring.execution
        if not rules.presigned or not account.kernel.wiring.signs or book.kill == KillLevel.FREEZE or book.halted:
            return
        ages = {token: kept.block for token, kept in book.presigned.items()}
        found = 0
        for token in sorted(self.guards, key=lambda token: (ages.get(token, 0), token)):
            if self._asked(token):
                found += 1
            elif (sale := self._wanted(self.guards[token])) is not None:
                found += 1
                account.ask(f"{account.name}?presign-{book.asks_made}", sale, rules.sign_deadline)
            if found == MOST_AT_ONCE:
                return

    def signed(self, event: Signed) -> bool:
        """Whether that was the signature of such a sale."""
        account = self.account
        ask = account.book.asks.get(event.ask)
        if ask is None or not isinstance(ask.body, Presign):
            return False
        account.close_ask(event.ask)
        if ask.body.token in account.book.positions:
            account.emit(
                f.Presigned(
                    time=account.kernel.now,
                    sale=ask.body,
                    block=account.chain.number,
                    raw=event.raw,
                    tx_hash=event.tx_hash,
                )
            )
        return True

    def _asked(self, token: str) -> bool:
        return any(isinstance(ask.body, Presign) for ask in self.account.book.indexed.asks(token))

    def _wanted(self, guard: Guard) -> Presign | None:
        """The sale that should be signed now; None where the one that is there is good, or none can be made."""
        account, position, rules = self.account, guard.position, self.account.wiring.execution
        if guard.pool is None or position.venue not in account.kernel.wiring.venues:
            return None
        if guard.pending is not None or position.state != "open" or not position.amount:
            return None
        wallet = account.wallets.holding(position)
        if account.execution.attempts.signing(wallet) or not self._sender(wallet).known:
            return None
        try:
            out = guard.quote(position.amount)
        except (NoLiquidity, Unpriced):
            return None  # nothing tells what it should bring
        except Exception as error:  # a plugin's code
            account.kernel.report(f"amm {guard.pool.amm} cannot price the sale of {position.token}", error)
            return None
        bid = account.execution.attempts.bid(urgent=True, blocks_waited=0)
        kept = account.book.presigned.get(position.token)
        if kept is not None and self._lasts(kept.sale, position, out, bid):
            return None
        least = max(1, self._floor(position), out * (BPS - rules.presigned_floor_bps) // BPS)
        return self._sale(guard, out, least, bid) if least <= out else None

    def _sale(self, guard: Guard, out: int, least: int, bid: FeeBid) -> Presign | None:
        account, position = self.account, guard.position
        try:
            swap = account.planning.sale(position, guard.pool, position.amount, least)
            swap = replace(swap, deadline=account.chain.timestamp + GOOD_FOR)  # type: ignore[type-var]  # a struct
            steps = account.planning.plan(position.venue, swap)
        except Exception as error:  # a plugin's code, or a venue that is not in the config any more
            account.kernel.report(f"venue {position.venue} has no plan for a sale of {position.token}", error)
            return None
        if len(steps) != 1:
            return None  # its approval is not there yet
        (step,) = steps
        gas = step.gas + account.planning.data_gas(step)
        free = account.book.free(asset_id(position.chain_id, NATIVE), swap.owner) + position.exit_gas
        dearest = min(GENEROUS * bid.max_fee, max(0, free - account.planning.data_fee(step)) // gas)
        if dearest < bid.max_fee:
            return None
        return Presign(
            sign=Sign(
                attempt="",
                purpose=step.purpose,
                chain_id=position.chain_id,
                sender=swap.owner,
                nonce=self._sender(swap.owner).next_nonce,
                bid=account.chain.offered(FeeBid(max_priority_fee=bid.max_priority_fee, max_fee=dearest)),
                gas=gas,
                to=step.to,
                value=step.value,
                data=step.data,
                legacy=account.chain.wiring.legacy,
            ),
            token=position.token,
            amount_in=position.amount,
            quoted=out,
            min_out=least,
            deadline=swap.deadline,
            pool_data=swap.pool_data,
        )

    def _lasts(self, sale: Presign, position: Position, out: int, bid: FeeBid) -> bool:
        """Whether it would be sent as it is, now and for a while."""
        left, fee = sale.deadline - self.account.chain.timestamp, sale.sign.bid.max_fee
        drift, wallet = self.account.wiring.execution.presigned_drift_bps, self.account.wallets.holding(position)
        return (
            (sale.sign.sender, sale.sign.nonce) == (wallet, self._sender(wallet).next_nonce)
            and sale.amount_in == position.amount
            and left > GOOD_FOR // 2
            and 2 * bid.max_fee <= fee
            and abs(out - sale.quoted) * BPS <= sale.quoted * drift
        )

    def _floor(self, position: Position) -> int:
        """The loss floor, under which no sale of it goes, quote base units."""
        return position.cost * self.account.wiring.execution.loss_floor_bps // BPS

    # ---- using it ----

    def good(self, position: Position, amount: int, least: int, out: int, *, unsigned: bool) -> f.Presigned | None:
        """The one that can go now in place of a sale that brings ``least`` where its pool gives ``out``, base units.
        One that has failed, or that hardly leaves the price room to fall, is the last resort: ``unsigned``, there is
        no signer for one that insists on less."""
        if position.failures and not unsigned:
            return None
        account = self.account
        kept, wallet = account.book.presigned.get(position.token), account.wallets.holding(position)
        sender = self._sender(wallet)
        if kept is None or not sender.known or account.execution.attempts.signing(wallet):
            return None
        sale, bid = kept.sale, kept.sale.sign.bid
        next_ = sale.sign.sender == wallet and sale.sign.nonce == sender.next_nonce
        fits = next_ and sale.amount_in == amount
        lasts = sale.deadline > account.chain.timestamp and bid.max_fee >= account.chain.base_fee
        most = out if unsigned else out * (BPS - self._room()) // BPS
        return kept if fits and lasts and least <= sale.min_out <= most else None

    def _room(self) -> int:
        """How far the price must be able to fall until it reverts, bps: as for the first try of a sale that is signed
        when it is wanted, as far as it ever had that."""
        rules = self.account.wiring.execution
        return min(rules.exit_slippage_bps, rules.presigned_floor_bps // 2)

    def of(self, order: Order, step: int, nonce: int) -> f.Presigned | None:
        """What was signed beforehand for this step of an order, where it has this nonce."""
        kept, sender = self.account.book.presigned.get(order.placed.token), order.placed.owner
        if (
            kept is None
            or order.placed.side != "reduce"
            or (kept.sale.sign.sender, kept.sale.sign.nonce) != (sender, nonce)
        ):
            return None
        return kept if order.steps[step] == kept.sale.step else None

    def _sender(self, wallet: str) -> Sender:
        return self.account.book.sender(self.account.wiring.chain_id, wallet)
