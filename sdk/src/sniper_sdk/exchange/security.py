"""Who asks: API key, HMAC-SHA256 signature and time of a request (Binance, "Request security")."""

import hashlib
import hmac
from urllib.parse import parse_qsl

from sniper_sdk.exchange.accounts import Account, Ledger
from sniper_sdk.exchange.parameters import Parameters
from sniper_sdk.exchange.refusal import Refused

WINDOW_MS = 5_000
LONGEST_WINDOW_MS = 60_000
AHEAD_MS = 1_000


def account_of(ledger: Ledger, key: str | None) -> Account:
    """Raises `Refused`."""
    if not key:
        raise Refused(-2014, "API-key format invalid.", status=401)
    found = ledger.by_key.get(key)
    if found is None:
        raise Refused(-2015, "Invalid API-key, IP, or permissions for action.", status=401)
    return found


def check_signed(account: Account, payload: str, given: Parameters, now_ms: int) -> None:
    """``payload``: what was signed, without the signature itself. Raises `Refused`."""
    signature = given.text("signature")
    expected = hmac.new(account.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, expected):
        raise Refused(-1022, "Signature for this request is not valid.")
    sent, window = given.number("timestamp"), given.number("recvWindow", WINDOW_MS)
    if window > LONGEST_WINDOW_MS:
        raise Refused(-1131, "'recvWindow' must be less than 60000.")
    if sent >= now_ms + AHEAD_MS:
        raise Refused(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - sent > window:
        raise Refused(-1021, "Timestamp for this request is outside of the recvWindow.")


def without_signature(text: str) -> str:
    """A query or body as it was signed."""
    return "&".join(each for each in text.split("&") if not each.startswith("signature="))


def parameters(query: str, body: str) -> dict[str, str]:
    """Of both, the query's first."""
    return dict(parse_qsl(body, keep_blank_values=True)) | dict(parse_qsl(query, keep_blank_values=True))
