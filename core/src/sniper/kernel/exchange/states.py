"""The state machine of an order at an exchange: what may follow what."""

from typing import Final

EXCHANGE_ORDER: Final[dict[str, frozenset[str]]] = {
    # durable, and on its way
    "new": frozenset({"unknown", "open", "filled", "cancelled", "expired", "rejected"}),
    # no answer: it may have arrived, so it is looked for, and nothing else is sent for it
    "unknown": frozenset({"open", "filled", "cancelled", "expired", "rejected"}),
    # the exchange has it; whatever part of it is filled
    "open": frozenset({"open", "unknown", "filled", "cancelled", "expired", "rejected"}),
    "filled": frozenset(),
    # fills are told apart from states, and the last of them may come later than this
    "cancelled": frozenset({"filled"}),
    "expired": frozenset({"filled"}),
    # the exchange refused it, or certainly never had it
    "rejected": frozenset(),
}
"""Order states, and what may follow each."""

WORKING: Final = frozenset({"new", "unknown", "open"})
"""States in which it may still be filled by what comes."""
