"""What the contracts of venues may take of an account's tokens (EIP-20 ``approve``)."""

from typing import TYPE_CHECKING

from sniper.errors import IllegalTransition
from sniper.evm.abi import function
from sniper.kernel import facts as f
from sniper.kernel.book import Attempt, Order, allowance_id
from sniper.types import Step, asset_id, split_asset

if TYPE_CHECKING:
    from sniper.kernel.account import Account

PERMIT2_APPROVE = function("approve(address token, address spender, uint160 amount, uint48 expiration)").selector
TRANSACTION_GAS = 21_000
CALLDATA_FLOOR_GAS = 10
"""For a byte of zero, four times that for any other (EIP-7623); less than any code that writes to storage adds to 4 and
16 of EIP-2028."""
SOME = 1
"""Stands for an allowance that is not known, but may not be nothing: too little, so a venue resets it first."""


class Allowances:
    """Of one account; kept by token and spender, for each of a venue's contracts is approved by itself."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    # ---- what may be taken ----

    def spender(self, venue: str, chain_id: int, amm: str) -> str:
        """The contract that takes what this venue is paid with; empty, with an allowance of nothing, where the venue
        does not say."""
        try:
            return self.account.kernel.wiring.venues[venue].spender(chain_id, amm).lower()
        except Exception as error:  # a plugin's code, or a venue that is not in the config any more
            self.account.kernel.report(f"venue {venue} names no spender for {amm} pools", error)
            return ""

    def expected(self, token: str, spender: str, wallet: str) -> int:
        """What ``spender`` may take of a wallet: granted, or by the newest approval on its way (with a lower nonce),
        base units."""
        book, granted = self.account.book, self.granted(token, spender, wallet)
        for place in book.indexed.approving(*split_asset(token)):
            order, attempt = book.at(place)
            step = order.transaction(attempt)
            if order.placed.owner == wallet and grants(step) and approved_spender(step) == spender:
                granted = approved_amount(step)
        return granted

    def granted(self, token: str, spender: str, wallet: str) -> int:
        """What ``spender`` may take of a wallet by what is in blocks, base units."""
        book = self.account.book
        return book.allowances.get(allowance_id(token, spender, book.whose(wallet)), 0)

    # ---- what changes it ----

    def approved(self, order: Order, attempt: Attempt, step: Step, *, ok: bool, gas_used: int) -> None:
        """An approval is in a block. A sale's that reverted: perhaps the token wants a reset first, so the next one
        begins with one. One that ran no code granted nothing: a reorg took the token away, and it may come again."""
        token, spender, amount = asset_id(order.placed.chain_id, step.to), approved_spender(step), approved_amount(step)
        if ok and gas_used <= bare_gas(step.data):
            if self.granted(token, spender, order.placed.owner):
                self.changed(order, attempt, token, spender, 0)
        elif ok:
            self.changed(order, attempt, token, spender, amount)
        elif order.placed.side == "reduce" and amount and not self.granted(token, spender, order.placed.owner):
            self.changed(order, attempt, token, spender, SOME)

    def doubted(self, order: Order, attempt: Attempt) -> None:
        """A token may lower what it granted by itself: a sale that reverted on an old approval is followed by one that
        approves anew."""
        own = any(a.state == "included" and grants(order.transaction(a)) for a in order.attempts)
        spender = self._taker(order)
        if not own and self.granted(order.placed.token, spender, order.placed.owner):
            self.changed(order, attempt, order.placed.token, spender, 0)

    def used(self, order: Order, attempt: Attempt, token: str) -> None:
        """A swap took its amount out of the allowance."""
        spender = self._taker(order)
        allowed = self.granted(token, spender, order.placed.owner)
        if allowed:
            self.changed(order, attempt, token, spender, max(0, allowed - order.placed.amount_in))

    def taken(self, order: Order, attempt: Attempt, token: str, spender: str, amount: int) -> None:
        """``spender`` took so much of a token out of its allowance."""
        allowed = self.granted(token, spender, order.placed.owner)
        if allowed and amount:
            self.changed(order, attempt, token, spender, max(0, allowed - amount))

    def _taker(self, order: Order) -> str:
        """The contract that takes what an order pays with."""
        placed = order.placed
        return placed.route.spender if placed.route else self.spender(placed.venue, placed.chain_id, placed.amm)

    def changed(
        self, order: Order, attempt: Attempt, token: str, spender: str, amount: int, *, undo: bool = False
    ) -> None:
        """``spender`` may take ``amount`` from this attempt on; ``undo``: it is what it was before the attempt."""
        self.account.emit(
            f.Allowed(
                time=self.account.kernel.now,
                token=token,
                spender=spender,
                amount=amount,
                order=order.id,
                attempt=attempt.id,
                undo=undo,
            )
        )


def bare_gas(data: bytes) -> int:
    """The most gas that a transaction with this calldata pays where it runs no code: EIP-2028, or EIP-7623's floor."""
    zeros = data.count(0)
    return TRANSACTION_GAS + CALLDATA_FLOOR_GAS * (zeros + 4 * (len(data) - zeros))


def grants(step: Step) -> bool:
    """Whether it approves a spender of a token. Permit2's own approval, which says whom it may pay out of that, is for
    one order alone and ends with it: nobody counts on what is left of it."""
    return step.purpose == "approve" and step.data[:4] != PERMIT2_APPROVE


def approved_amount(step: Step) -> int:
    """What an ERC-20 ``approve(address,uint256)`` grants: its second word (EIP-20), base units."""
    return int.from_bytes(_approval(step)[36:68], "big")


def approved_spender(step: Step) -> str:
    """To whom: its first word, an address in lower case."""
    return "0x" + _approval(step)[16:36].hex()


def _approval(step: Step) -> bytes:
    if len(step.data) != 68:
        raise IllegalTransition(f"an approval has 68 bytes of calldata, this one {len(step.data)}")
    return step.data
