"""How commands talk to a marketplace."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from sniper.errors import SniperError

MOST = 16 << 20
"""Bytes of an answer."""


class MarketplaceRefused(SniperError, OSError):
    """A marketplace refuses, does not answer, or answers nonsense. ``status``: of HTTP; 0: it did not answer."""

    code = "marketplace-refused"

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def asked(service: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    """What it answers to GET, or with a body to POST. Raises `MarketplaceRefused`, which never repeats a header."""
    if not service.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
        raise MarketplaceRefused(f"{service} is asked by https:// only")
    request = urllib.request.Request(service.rstrip("/") + path, body, dict(headers or {}))  # noqa: S310  # see above
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # the scheme was checked
            data: bytes = answer.read(MOST)
            return data
    except urllib.error.HTTPError as error:
        try:
            why = str(json.loads(error.read(64 << 10))["message"])
        except (ValueError, KeyError, TypeError, OSError):
            why = str(error.reason)
        raise MarketplaceRefused(f"{service} refuses: {why}", error.code) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise MarketplaceRefused(f"{service} does not answer: {error}") from error


def asked_json(service: str, path: str, fields: Mapping[str, str]) -> dict[str, Any]:  # Any: JSON of a server
    """The same with JSON on both ways."""
    return decoded(service, asked(service, path, json.dumps(fields).encode(), {"Content-Type": "application/json"}))


def decoded(service: str, data: bytes) -> dict[str, Any]:  # Any: JSON of a server
    """An answer. Raises `MarketplaceRefused` where it is no object."""
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise MarketplaceRefused(f"{service} answers something that is no marketplace's")
    return found
