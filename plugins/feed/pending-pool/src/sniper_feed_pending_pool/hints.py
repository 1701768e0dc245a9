"""What a pending transaction means for a trader, as events. Pure."""

from collections.abc import Set

from sniper.events import Event, OwnTransaction, PendingCall, PendingLiquidity
from sniper.types import asset_id
from sniper_feed_pending_pool import liquidity, opening
from sniper_feed_pending_pool.pending import Pending, arguments

SELECTOR = 10
"""Characters of a selector in hex with 0x."""


def own(pending: Pending, chain_id: int, time: int) -> OwnTransaction:
    """One of an account's address."""
    selector = pending.calldata[:SELECTOR]
    return OwnTransaction(
        time=time,
        chain_id=chain_id,
        tx_hash=pending.hash,
        sender=pending.sender,
        nonce=pending.nonce,
        to=pending.to,
        selector=selector if len(selector) == SELECTOR else "",
        value=pending.value,
    )


def hints(
    pending: Pending, chain_id: int, time: int, *, contracts: Set[str] = frozenset(), watched: Set[str] = frozenset()
) -> list[Event]:
    """`PendingLiquidity` and `PendingCall`; empty for most.

    contracts  Those whose calls count as liquidity; empty: any. ``watched``: tokens of which every deed counts.

    Raises `Nonsense` where a function that is read cannot read its calldata: such a transaction fails.
    """
    selector = pending.calldata[:SELECTOR].lower()
    if selector in liquidity.SELECTORS:
        if contracts and pending.to not in contracts:
            return []
        return [
            PendingLiquidity(
                time=time,
                chain_id=chain_id,
                tx_hash=pending.hash,
                sender=pending.sender,
                nonce=pending.nonce,
                contract=pending.to,
                coins=each.coins,
                amounts=each.amounts,
                creates=each.creates,
                max_fee=pending.max_fee,
                max_tip=pending.max_tip,
            )
            for each in liquidity.liquidity(selector, arguments(pending), pending.value)
        ]
    name = opening.NAMES.get(selector, "")
    deed = pending.to in watched and len(selector) == SELECTOR and selector not in opening.EVERYDAY
    if not name and not deed:
        return []
    opens = bool(name) and opening.opens(selector, arguments(pending))
    if not opens and not deed:
        return []
    return [
        PendingCall(
            time=time,
            token=asset_id(chain_id, pending.to),
            tx_hash=pending.hash,
            sender=pending.sender,
            nonce=pending.nonce,
            selector=selector,
            name=name,
            opens=opens,
            max_fee=pending.max_fee,
            max_tip=pending.max_tip,
        )
    ]
