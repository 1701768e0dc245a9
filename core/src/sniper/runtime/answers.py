"""What an executor says, as the events that the kernel knows; checked, for it is a plugin's word."""

from sniper.events import Sent, Settled
from sniper.executor import Outcome, Settlement
from sniper.kernel.asks import Ask
from sniper.kernel.given import given, given_amount


def sent(ask: Ask, now: int, what: object) -> Sent:
    """A broadcast's outcome. Raises `PluginFault` and `CodecError`."""
    outcome = given(what, Outcome)
    return Sent(time=now, account=ask.account, ask=ask.id, outcome=outcome.outcome, message=outcome.message)


def settled(ask: Ask, now: int, what: object) -> Settled:
    """What a transaction did; None: it is in no block. Raises `PluginFault` and `CodecError`."""
    if what is None:
        return Settled(time=now, account=ask.account, ask=ask.id, included=False)
    found = given(what, Settlement)
    for amount in (found.gas_used, found.gas_price, found.data_fee, *(held for _, held in found.balances)):
        given_amount(amount)
    if found.moved is not None:
        for amount in (found.moved.position, abs(found.moved.liquidity), *found.moved.amounts):
            given_amount(amount)
    return Settled(
        time=now,
        account=ask.account,
        ask=ask.id,
        included=True,
        ok=found.ok,
        block=found.block,
        block_hash=found.block_hash,
        gas_used=found.gas_used,
        gas_price=found.gas_price,
        native_delta=found.native_delta,
        balances=found.balances,
        revert_reason=found.revert_reason,
        quote_delta=found.quote_delta,
        data_fee=found.data_fee,
        moved=found.moved,
    )
