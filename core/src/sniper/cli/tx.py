"""``sniper tx``: the life of a transaction, from the journal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json

if TYPE_CHECKING:
    from sniper.cli.section import Line, Section
    from sniper.cli.story import AttemptStory, Chronicle, OrderStory


@click.command()
@click.argument("name", metavar="ID")
@json_option
@click.pass_obj
def tx(invocation: Invocation, name: str, as_json: bool) -> None:
    """Tell the life of the transaction ID: what it bid, who took its place, its blocks, and what reorgs did to it.

    ID is a transaction hash, an attempt, or an order, whose transactions are all told. Whatever shares a nonce is told
    together. Read from the journal, whether the bot runs or not.
    """
    from sniper.cli.story import Chronicle
    from sniper.cli.telling import show
    from sniper.cli.why import attempt_of

    chronicle = Chronicle.of(invocation.settings().data_dir)
    order, nonces = _find(chronicle, name)
    if as_json:
        alike = [attempt for attempt in order.attempts.values() if attempt.made.nonce in nonces]
        print_json(
            {
                "order": order.placed.order,
                "account": order.account,
                "chain_id": order.placed.chain_id,
                "owner": order.placed.owner,
                "attempts": [attempt_of(attempt) for attempt in alike],
            }
        )
        return
    show([_section(order, nonce) for nonce in nonces])


def _find(chronicle: "Chronicle", name: str) -> "tuple[OrderStory, list[int]]":
    """The order, and the nonces of it that are asked for, in the order of their steps. Raises `NotOnRecord`."""
    from sniper.cli.story import NotOnRecord

    key = chronicle.transactions.get(name.lower(), name)
    order = chronicle.orders.get(key.partition("#")[0])
    attempts = list(order.attempts.values()) if order is not None else []
    wanted = [attempt for attempt in attempts if key in (attempt.made.attempt, attempt.made.order)]
    if order is None or not wanted:
        newest = ", ".join(list(chronicle.transactions)[-3:]) or "none yet"
        raise NotOnRecord(
            f"{name!r} is no transaction on record; name a hash, an attempt or an order (newest hashes: {newest})"
        )
    return order, list(dict.fromkeys(attempt.made.nonce for attempt in wanted))


def _section(order: "OrderStory", nonce: int) -> "Section":
    from sniper.cli.section import Line, Section
    from sniper.cli.telling import purpose

    alike = [attempt for attempt in order.attempts.values() if attempt.made.nonce == nonce]
    placed = order.placed
    lines = [Line(f"of order {placed.order}, sent by {placed.owner}")]
    for attempt in alike:
        lines += _life(order, attempt)
    what = purpose(alike[0].made, order.purposes)
    return Section(f"Nonce {nonce} on chain {placed.chain_id}: {what}, {_end(alike)}", lines)


def _end(alike: "list[AttemptStory]") -> str:
    """What became of the nonce."""
    mined = next((each for each in alike if each.state in ("included", "reverted")), None)
    if mined is not None and mined.receipt is not None:
        fate = "in" if mined.receipt.ok else "reverted in"
        return f"{fate} block {mined.receipt.block}"
    states = {attempt.state for attempt in alike}
    return "never sent" if states == {"dropped"} else "not in a block yet"


def _life(order: "OrderStory", attempt: "AttemptStory") -> "Iterator[Line]":
    """One line for all that happened, in the order of time."""
    from sniper.cli.section import WARN, Line

    made = attempt.made
    title = f"{made.attempt}: {attempt.state}"
    yield Line(f"{title}, outbids {made.replaces}" if made.replaces else title)
    if attempt.tx_hash:
        yield Line(attempt.tx_hash, "dim", 2)
    for time, text, warns in sorted(_happenings(attempt), key=lambda each: each[0]):
        from sniper.cli.written import clock

        yield Line(f"{clock(time)}  {text}", WARN if warns else "", 2)


def _happenings(attempt: "AttemptStory") -> Iterator[tuple[int, str, bool]]:
    """When (ns UTC), what, and whether that is bad news."""
    from sniper.cli.written import coins, gwei, printable

    made = attempt.made
    bid = f"tip {gwei(made.bid.max_priority_fee)}, at most {gwei(made.bid.max_fee)} per gas"
    yield made.time, f"bid at block {made.block}: {bid}", False
    for move in attempt.moves:
        note = f": {printable(move.note)}" if move.note else ""
        if move.state not in ("included", "reverted"):
            yield move.time, f"{move.state}{note}", move.state in ("unknown", "replaced", "dropped")
    for word in attempt.words:
        if word.outcome not in ("accepted", "known"):
            message = f": {printable(word.message)}" if word.message else ""
            yield word.time, f"a node answered {word.outcome}{message}", True
    for receipt in attempt.receipts:
        fate = "" if receipt.ok else f"; reverted: {printable(receipt.revert_reason) or 'without a reason'}"
        price, fee = gwei(receipt.gas_price), coins(receipt.gas_used * receipt.gas_price, 18)
        data = f", {coins(receipt.data_fee, 18)} ether for its data" if receipt.data_fee else ""
        paid = f"{receipt.gas_used:,} gas at {price}, {fee} ether{data}"
        yield receipt.time, f"in block {receipt.block} ({receipt.block_hash}): {paid}{fate}", not receipt.ok
    for block, time in dict.fromkeys((booked.block, booked.time) for booked in attempt.booked if booked.undo):
        yield time, f"a reorg took block {block} back", True
