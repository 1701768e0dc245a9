"""What goes wrong with an exchange, without what is secret."""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import quote

from sniper.errors import SniperError, told

_QUERY: Final = re.compile(r"\?\S*")


class Unanswered(SniperError, ConnectionError):
    """The exchange gave no answer that says what happened."""

    code = "exchange-unanswered"


class GapFound(SniperError, ConnectionError):
    """Something may have been missed between two messages; what follows has to begin anew."""

    code = "exchange-gap"


class Paused(SniperError, ConnectionError):
    """Not sent, because the exchange wants no requests for a while."""

    code = "exchange-paused"


class NotOffered(SniperError, NotImplementedError):
    """The exchange lacks what was asked for. Says which exchange, and what."""

    code = "exchange-lacks"


class BadKeys(SniperError, PermissionError):
    """Keys that cannot be used, or that may do more than they should."""

    code = "exchange-keys"


def without_secrets(error: BaseException, secrets: Collection[str]) -> str:
    """What an error says, without the queries of addresses, where some exchanges take keys, and without the keys."""
    text = _QUERY.sub("?…", told(error))
    for secret in sorted(secrets, key=len, reverse=True):
        for form in (secret, quote(secret, safe="")):
            text = text.replace(form, "…")
    return text
