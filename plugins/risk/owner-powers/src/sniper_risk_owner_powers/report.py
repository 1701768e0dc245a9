"""What an analysis says: powers with their evidence, or why there is none to say."""

from typing import Final

from sniper.plugin import Frozen

POWERS: Final = (
    "mint",
    "burn",
    "leak",
    "freeze",
    "pause",
    "limit",
    "tax",
    "sell-block",
    "upgrade",
    "take-liquidity",
    "take-tokens",
    "take-ether",
    "kept-role",
    "self-destruct",
    "delegatecall",
)
"""Every power that can be found. leak: move the tokens of others; sell-block: let only some sell."""


class Guard(Frozen):
    """Who may call: one of several ways to pass.

    kind      ``slot`` (the address in a variable), ``mapping`` (callers that a mapping names), ``constant`` (an address
              in the code), ``call`` (another contract is asked), ``beacon`` (another contract names the code),
              ``signature``, ``self`` (the contract itself).
    variable  The variable, or the address in hex.
    origin    It is tx.origin, not the caller, that is compared.
    """

    kind: str
    variable: str
    origin: bool = False


class Power(Frozen):
    """Something that somebody can do.

    selector   Of the function by which it is done, 8 hex digits; ``fallback`` where no selector leads to it.
    name       Its usual signature where it is well known, else empty. Never needed to find anything.
    guards     Who may; empty: anybody.
    mild       Less than it looks: what anybody gets for a payment, once, or back; or what is bounded in the code.
    until_*    From this time (seconds) or block on it cannot be used any more; 0: it always can.
    ended_by   Flags any of which, once it is not zero (with ``!`` before it: once it is), ends it for good.
    variables  Storage slots that it writes or depends on.
    setters    Selectors of all functions that write what it depends on, where it is by these that it is used.
    code       In which of the pieces of code it is.
    start, end Places in the code where it is seen, bytes: for what refuses transfers those of the refusal.
    what       In words, for people.
    """

    power: str
    selector: str
    name: str
    guards: tuple[Guard, ...]
    variables: tuple[str, ...]
    code: int
    start: int
    end: int
    what: str
    mild: bool = False
    until_time: int = 0
    until_block: int = 0
    ended_by: tuple[str, ...] = ()
    setters: tuple[str, ...] = ()
    sure: str = "inferred"


class Report(Frozen):
    """error     Why nothing can be said of the code; empty where it was analysed.
    complete     Every function was followed to its ends.
    token        It has balances of its own that the analysis found.
    """

    powers: tuple[Power, ...]
    functions: int
    steps: int
    complete: bool
    token: bool
    error: str = ""
