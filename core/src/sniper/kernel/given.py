"""What a plugin hands over, checked before it is believed.

Python holds nobody to a type: what has another one would end the run when it is put on record, long after the call.
"""

from typing import TypeVar

from sniper.codec import encode
from sniper.errors import PluginFault
from sniper.plugin import Frozen

T = TypeVar("T", bound=Frozen)

MOST = 2**256 - 1
"""No token has more of anything (EIP-20, ``uint256``)."""


def given(what: object, kind: type[T]) -> T:
    """``what``, where it is of this very class and can be recorded. Raises `PluginFault`, or `CodecError`, which names
    the field."""
    if type(what) is not kind:
        raise PluginFault(f"gave {what!r:.200}; it must be a {kind.__name__}")
    encode(what)
    return what


def given_amount(what: object) -> int:
    """``what``, where it is an amount. Raises `PluginFault`."""
    if type(what) is not int or not 0 <= what <= MOST:
        raise PluginFault(f"gave {what!r:.200}; an amount is an int in base units, from 0 to 2**256-1")
    return what


def given_data(what: object) -> int:
    """``what``, where it is a number as `Amm.venue_data` gives it. Raises `PluginFault`."""
    if type(what) is not int or what.bit_length() > 255:
        raise PluginFault(f"gave {what!r:.200}; what a venue must know is an int of at most 255 bits")
    return what


def given_spender(what: object) -> str:
    """``what``, where it is the address of a contract, in lower case. Raises `PluginFault`."""
    if type(what) is not str:
        raise PluginFault(f"gave {what!r:.200}; who may take a token is an address, as text")
    return what.lower()
