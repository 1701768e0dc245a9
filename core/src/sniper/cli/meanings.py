"""What a rule that denied means, for somebody who has never seen it."""

from collections.abc import Mapping
from typing import Final

from sniper.risk import Finding, Retry

KERNEL: Final[Mapping[str, str]] = {
    "strategy-active": "The strategy was paused, draining, removed or stopped, so it may not buy.",
    "stage": "The strategy is at a stage at which nothing is entered yet, or any more: sniper strategy stages.",
    "stage-leaves": "The share that its stage lets it trade leaves less than a lot of one of the plan's orders.",
    "kill-switch-off": "The kill switch was on; nothing is bought until it is off again.",
    "not-halted": "The account was halted and trades nothing until an operator has looked.",
    "wallet-read": "The wallet had not been read since the start, so its cash and next nonce were not certain.",
    "wallet-free": "Each wallet that may buy it had too much on its way, or paid for another entry.",
    "feeds-fresh": "A feed of this chain had lost its source; what it shows may be old.",
    "one-owner": "Another strategy of this account holds the token; one position has one owner.",
    "no-rival": "Another strategy of this account waits to open a position in the same; one at a time does.",
    "not-outranked": "A strategy of a higher priority has asked for it a moment ago.",
    "no-self-trade": "It would have been traded with an order of this account that rests there.",
    "claimed": "The account's claims give it to another strategy alone.",
    "one-at-a-time": "Another order or judgement of this token was still under way.",
    "sized": "The sizer failed, and without a size there is no entry.",
    "amount": "There was nothing to trade with.",
    "route": "No pool that is known, and that a venue serves, trades this token for the account's quote asset.",
    "pool-known": "The pool had vanished, by a reorg for example.",
    "still-liquid": "The pool could no longer fill the order when the checks had answered.",
    "quote-still-holds": "While the checks ran the price moved by more than the allowed slippage.",
    "free-cash": "The account has too little cash that is not reserved: for the purchase, its gas and the way out.",
    "free-gas": "The account has too little of the chain's own coin for gas, and for the gas of the way out.",
    "cycle": "What was named is no cycle of the account's quote asset over pools that are known and can be quoted.",
    "gains": "When the cycle was quoted again it gained nothing any more.",
    "profit": "What would have remained after gas is less than the strategy wants.",
    "planned": "No venue could carry it out.",
    "gas-worth": "No known pool trades the chain's own coin for the quote asset, so gas cannot be counted in it.",
    "fee-bid": "The fee estimator failed, so what the transaction would cost was not known.",
    "judges-roundtrips": "A policy that says nothing of arbitrages forbids them.",
    "not-frozen": "The kill switch was at freeze, which stops sales too.",
    "liquid": "The pool could not take the sale.",
    "instrument-known": "The exchange lists no such instrument that can be traded exactly, or there is no desk.",
    "desk-read": "The account at the exchange had not been read since the start, or since its stream broke.",
    "key-free": "Another order or plan of this strategy works under the same name.",
    "lives": "The order was to live in a way that no exchange here knows.",
    "flags": "The exchange does not offer one of the order's flags for this instrument.",
    "size": "The order is smaller than the least that the exchange takes.",
    "largest": "The order is larger than the most that the exchange takes.",
    "price": "A price is one tick or more.",
    "reduces": "The order was only to reduce, and there is less to reduce.",
    "prices-fresh": "What is known of the instrument may be old: its stream broke, or its order book has a gap.",
    "priced": "Nothing tells what the instrument is worth: no trade and no quote was heard yet.",
    "value": "The order is worth less than the exchange takes.",
    "cash": "There is less that is not reserved than the order would take, fee included.",
    "market-heard": "No strategy asks for this instrument, so a plan would not hear its prices.",
    "judges-exchanges": "A policy that says nothing of orders at exchanges forbids them.",
    "iceberg": "A pool cannot hide a part of an order: nothing of one rests there.",
    "chase": "A pool has no best price of one's own side that an order could stay at.",
    "participate": "Nobody tells what was traded in a pool, so no share of it can be taken.",
    "post-only": "A pool has no orders that wait: every trade there takes what is offered.",
    "native": "A pool holds no order, so nothing waits there for a price while sniper does not run.",
    "hidden": "A pool has no orders that wait, and so none that could be hidden.",
    "short": "In a pool nothing can be sold that is not held, so nothing sold short is bought back.",
    "brings": "The pool gave less than the strategy, or the limit of its plan, insists on.",
    "wanted": "Its plan had ended, or did not want it any more, before the checks had all answered.",
    "loss-floor": "The sale would have brought less than the loss floor that the config sets.",
}
"""Rules of the kernel's own gates."""

OF_ANY: Final[Mapping[str, str]] = {
    "answered": "The check could not gather its evidence in time, and what is not known is denied.",
    "answers": "The check found nothing at all to say, which counts as a denial.",
    "works": "The check failed, and a check that fails denies.",
}
"""Rules that the kernel adds to a plugin's check."""


def meaning(check: str, finding: Finding) -> str:
    """What it means that this rule denied; for a plugin's rule as much as the finding itself tells."""
    known = KERNEL.get(finding.rule) if check == "kernel" else OF_ANY.get(finding.rule)
    if known:
        return known
    direction = beyond(finding)
    if direction:
        return f"The check {check} asks for {direction} that; the limit stands in the config under [risk.{check}]."
    return f"The check {check} demands that this holds, and at that moment it did not."


def awaited(retry: Retry) -> str:
    """What a denied entry waits for, where that is no time: ``with the next block``."""
    if retry.when == "block":
        return "with the next block"
    name = retry.event_tag.partition("/")[0].replace("-", " ")
    return f"after the next event {name}" + (f" of {retry.about}" if retry.about else "")


def beyond(finding: Finding) -> str:
    """``at most`` or ``at least``, as found and limit show together; empty where they do not."""
    found, limit = finding.found, finding.limit
    if isinstance(found, bool | str) or isinstance(limit, bool | str) or limit is None or found == limit:
        return ""
    return "at most" if (found < limit) == finding.ok else "at least"
