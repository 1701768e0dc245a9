"""Which names may be taken: none that a trader could mistake for somebody else's.

Names are compared within their kind by the part of their own (``dip-buyer`` of ``sniper-strategy-dip-buyer``),
normalised (PEP 503), and by four likenesses: characters that look alike, separators, few keystrokes, and another's
name with something added. A person may allow a name that only these refuse; nothing allows one that is taken.
"""

import re
import unicodedata
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sniper.catalogue import CONTRACTS, CORE
from sniper_registry.errors import PublishRefused

LONGEST: Final = 60
OFFICIAL: Final = "sniper"
"""Who owns the names of the first-party plugins: the publisher that only the operator makes."""

_LIKE: Final = (("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("2", "z"), ("rn", "m"), ("vv", "w"), ("cl", "d"))
"""Single characters first: what they become may be half of a pair."""
_POSING: Final = frozenset({"official", "verified", "trusted", "original", "real", "sniper", "core", "sdk", "registry"})


class NameTooAlike(PublishRefused):
    """A name is free, but looks like one of somebody else's."""

    code = "name-too-alike"


def demand_free(name: str, publisher: str, owners: Mapping[str, str], *, similar: bool = False) -> None:
    """Raise `PublishRefused` unless ``publisher`` may take this name.

    owners   Publishers by the names that are taken; the first-party plugins' are added.
    similar  Whether a person allowed that it is like another one.
    """
    kind, own = _parts(name)
    taken = {**first_party(), **owners}
    if taken.get(name, publisher) != publisher:
        raise PublishRefused(f"{name} belongs to {taken[name]}; take another name")
    if similar:
        return
    if posing := sorted(_POSING & set(own.split("-"))):
        raise NameTooAlike(f"{name} poses as more than a plugin by {posing[0]!r}; leave that out")
    for other, owner in sorted(taken.items()):
        if owner == publisher or other == name:
            continue
        other_kind, other_own = other.split("-", 2)[1:] if other.count("-") >= 2 else ("", other)
        if other_kind in (kind, "") and (why := likeness(own, other_own, official=owner == OFFICIAL)):
            raise NameTooAlike(f"{name} {why} {other} of {owner}; take another name, or ask the registry's operator")


def likeness(own: str, other: str, *, official: bool = False) -> str:
    """How one name is like another, in words that stand before it; empty: it is not.

    official  Whether any name that begins with the other one is as well, since it would pose as coming from the
              project.
    """
    if own == other:
        return "is the same as"
    mine, theirs = skeleton(own), skeleton(other)
    if mine == theirs:
        return "looks like"
    if (own.startswith(f"{other}-") or own.endswith(f"-{other}")) and (official or _is_affix(own, other)):
        return "adds only a little to"
    shorter = min(len(mine), len(theirs))
    allowed = 2 if shorter >= 10 else 1 if shorter >= 4 else 0
    if allowed and distance(mine, theirs, allowed) <= allowed:
        return "is a slip of the keyboard away from"
    return ""


def skeleton(name: str) -> str:
    """A name with all that looks alike made alike."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = re.sub(r"[-_. ]+", "", text)
    for looks, like in _LIKE:
        text = text.replace(looks, like)
    return text


def distance(one: str, other: str, most: int) -> int:
    """How many keystrokes part two texts: insertions, deletions, replacements and swaps of neighbours (optimal string
    alignment). Counting ends above ``most``."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def first_party() -> dict[str, str]:
    """The names of the project's own distributions, as the core's extra ``default`` vouches for them."""
    try:
        lines = requires(CORE) or []
    except PackageNotFoundError:
        lines = []
    found = {canonicalize_name(Requirement(line).name) for line in lines}
    own = {name for name in found if name.startswith("sniper-")} | {CORE, "sniper-sdk", "sniper-registry"}
    return dict.fromkeys(sorted(own), OFFICIAL)


def _parts(name: str) -> tuple[str, str]:
    """Kind and own part of a name. Raises `PublishRefused` where it is no name of a plugin."""
    found = re.fullmatch(r"sniper-([a-z0-9]+)-([a-z][a-z0-9]*(?:-[a-z0-9]+)*)", name)
    if found is None or found[1] not in CONTRACTS or len(name) > LONGEST:
        raise PublishRefused(
            f"{name[:100]!r} is no name of a plugin: write sniper-<kind>-<name> in kebab-case, {LONGEST} characters at "
            f"most; kinds: {', '.join(CONTRACTS)}"
        )
    return found[1], found[2]


def _is_affix(own: str, other: str) -> bool:
    """Whether what was added says nothing: ``pro``, ``2``, ``v3``, ``new``."""
    added = own.removeprefix(f"{other}-") if own.startswith(f"{other}-") else own.removesuffix(f"-{other}")
    return (
        re.fullmatch(r"v?\d+|[a-z]|pro|plus|max|new|fixed|fix|update|updated|latest|ng|next|lite|py|x|plugin", added)
        is not None
    )
