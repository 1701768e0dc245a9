"""Permissions as sentences that a trader understands, and what an update asks for anew."""

from typing import NamedTuple

from sniper.errors import PluginError
from sniper.isolation.permissions import parse


class Told(NamedTuple):
    """``permission``: as the plugin asks for it; ``sentence``: what it means; ``host``: whether no worker can be given
    it, so that the plugin works only where the trader trusts it with everything."""

    permission: str
    sentence: str
    host: bool


def told(permission: str) -> Told:
    """What it lets a plugin do."""
    try:
        sentence = parse(permission).sentence
    except PluginError:
        return Told(permission, "cannot be granted to a worker: it works only where you trust the plugin fully", True)
    return Told(permission, sentence, False)


def difference(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(permissions that are new, permissions that are asked for no more), each sorted."""
    return tuple(sorted(set(after) - set(before))), tuple(sorted(set(before) - set(after)))
