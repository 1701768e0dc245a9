"""The state machines of orders, attempts and positions: what may follow what."""

from sniper.errors import IllegalTransition

ATTEMPT: dict[str, frozenset[str]] = {
    # being signed; nothing can be on its way yet
    "signing": frozenset({"signed", "dropped"}),
    # signed and durable, handed to the executor
    "signed": frozenset({"sent", "unknown", "included", "reverted", "replaced", "dropped"}),
    # a node has it
    "sent": frozenset({"sent", "unknown", "included", "reverted", "replaced", "dropped"}),
    # may or may not have arrived: never assumed gone, sent again unchanged
    "unknown": frozenset({"sent", "unknown", "included", "reverted", "replaced", "dropped"}),
    # in a block; a reorg makes it unknown again
    "included": frozenset({"unknown"}),
    "reverted": frozenset({"unknown"}),
    # another attempt with its nonce is in a block; a reorg may bring it back
    "replaced": frozenset({"unknown", "included", "reverted"}),
    # refused before it left, or certain never to be included
    "dropped": frozenset(),
}
"""Attempt states, and what may follow each."""

ORDER: dict[str, frozenset[str]] = {
    "working": frozenset({"working", "done", "failed", "cancelled"}),
    "done": frozenset({"working"}),
    "failed": frozenset({"working"}),
    "cancelled": frozenset({"working"}),
}
"""Order states. Only a reorg leads back to ``working``."""

POSITION: dict[str, frozenset[str]] = {
    "opening": frozenset({"open", "closing", "stuck", "closed", "written-off"}),
    "open": frozenset({"open", "closing", "closed", "stuck", "written-off", "opening"}),
    "closing": frozenset({"open", "closing", "closed", "stuck", "written-off", "opening"}),
    "stuck": frozenset({"open", "closing", "closed", "stuck", "written-off", "opening"}),
    "written-off": frozenset({"open", "closed", "closing", "opening"}),
    "closed": frozenset({"open", "closing", "opening"}),
}
"""Position states. Out of ``closed``, and back to ``opening``, only by a reorg."""

RANGE: dict[str, frozenset[str]] = {
    "opening": frozenset({"opening", "open", "closing", "closed"}),
    "open": frozenset({"open", "closing", "closed", "opening"}),
    "closing": frozenset({"open", "closing", "closed", "opening"}),
    "closed": frozenset({"opening", "open", "closing", "closed"}),
}
"""States of liquidity in a range. Out of ``closed``, and back to ``opening``, only by a reorg."""

IN_FLIGHT = frozenset({"signed", "sent", "unknown"})
"""Attempts that a block may still include."""
NOT_SIGNED = "not signed"
"""Begins the note of an attempt that the signer refused or did not answer."""
NONCE_PASSED = "nonce passed"
"""Notes one in flight whose nonce is used: by itself, or by a transaction that was not ours."""
TAKEN = frozenset({"included", "reverted", "replaced"})
"""Attempts whose nonce is used; with a block of their own a reorg may give it back."""


def move(table: dict[str, frozenset[str]], what: str, old: str, new: str) -> str:
    """``new``, where ``table`` allows it after ``old``. Raises `IllegalTransition`."""
    if new not in table[old]:
        raise IllegalTransition(
            f"{what} cannot go from {old} to {new}; allowed: {', '.join(sorted(table[old])) or 'nothing'}"
        )
    return new
