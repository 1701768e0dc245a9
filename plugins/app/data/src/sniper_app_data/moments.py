"""Times as people read them."""

from datetime import UTC, datetime


def clock(ns: int) -> str:
    """``2024-01-01T00:00:00.5Z``, which can be read again."""
    seconds, rest = divmod(int(ns), 10**9)
    part = f".{rest:09}".rstrip("0") if rest else ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{part}Z"
