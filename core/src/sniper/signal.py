"""What a source may say: the bounds of a `sniper.events.SignalHeard`, and how a feed keeps within them."""

import re
from typing import TYPE_CHECKING, Final

from sniper.errors import SniperError, writable
from sniper.types import BPS

if TYPE_CHECKING:
    from sniper.events import SignalHeard

__all__ = ["MOST_ABOUT", "MOST_ID", "MOST_TEXT", "BadSignal", "one_line"]

MOST_ID: Final = 128
MOST_TEXT: Final = 500
"""Characters of ``text`` and of ``url``."""
MOST_ABOUT: Final = 16
_MOST_NAME: Final = 128

_SOURCE = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_KIND = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ID = re.compile(r"[!-~]+")
_ABOUT = re.compile(r"[^\s\x00-\x1f\x7f]+")


class BadSignal(SniperError, ValueError):
    """What a source said has not the form of a signal."""

    code = "bad-signal"


def one_line(text: str, most: int = MOST_TEXT) -> str:
    """Text of a stranger as evidence: in one line, without control characters, cut to ``most`` characters."""
    visible = "".join(each if each.isprintable() else " " for each in writable(text[: 4 * most]))
    words = " ".join(visible.split())
    return words if len(words) <= most else words[: most - 1] + "…"


def check_heard(heard: "SignalHeard") -> None:
    """Raises `BadSignal` for what has no place in a journal: it names the field, and what it may be."""
    _matches("source", heard.source, _SOURCE, 64, 'lower case, such as "webhook.desk"')
    _matches("id", heard.id, _ID, MOST_ID, "visible ASCII")
    _matches("kind", heard.kind, _KIND, 32, 'lower case, such as "listing"')
    if len(heard.about) > MOST_ABOUT:
        raise BadSignal(f"about has {len(heard.about)} names; give at most {MOST_ABOUT}")
    for name in heard.about:
        _matches("about", name, _ABOUT, _MOST_NAME, "without spaces")
    if heard.direction not in (-1, 0, 1):
        raise BadSignal(f"direction is {heard.direction}; give 1, 0 or -1")
    if not 0 <= heard.strength <= BPS:
        raise BadSignal(f"strength is {heard.strength}; give 0 to {BPS} bps")
    if heard.at < 0 or heard.expires < 0:
        raise BadSignal(f"at is {heard.at} and expires {heard.expires}; give ns since 1970")
    for field, text in (("text", heard.text), ("url", heard.url)):
        if len(text) > MOST_TEXT:
            raise BadSignal(f"{field} has {len(text)} characters; cut it to {MOST_TEXT}")


def _matches(field: str, text: str, form: re.Pattern[str], most: int, wanted: str) -> None:
    if len(text) > most or not form.fullmatch(text):
        raise BadSignal(f"{field} is {text[:80]!r}; give 1 to {most} characters, {wanted}")
