"""Which pools of one chain a log is for, which want to know the time, and which may want to be read anew."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from sniper.amm import Amm
from sniper.evm.abi import event
from sniper.kernel.wiring import AmmWiring

if TYPE_CHECKING:
    from sniper.kernel.pool import Pool

Decode = Callable[[tuple[str, ...], bytes], tuple[Any, ...]]
"""Any: an event's parameters, of ABI types."""

Handlers = dict[str, tuple[Decode, str]]
"""By first topic: decoder, and name of the AMM's method."""


class Listening:
    """Built from the sections of a chain's AMMs; pools `join` and `leave`.

    creations   By factory and first topic: section, decoder, and name of the AMM's method, of each AMM that watches it:
                a factory may make pools of several kinds.
    singletons  By address of a contract that logs for all its pools: the sections whose pools these may be.
    followers   By address of a contract that is no pool's own: the pools whose price depends on it, by their address.
    timed       Pools whose price changes with time, by their address.
    aging       Pools whose state changes without a log, by their address: it is read anew where they say so.
    """

    def __init__(self, amms: tuple[AmmWiring, ...]) -> None:
        self.creations: dict[tuple[str, str], tuple[tuple[AmmWiring, Decode, str], ...]] = {}
        self.singletons: dict[str, tuple[AmmWiring, ...]] = {}
        self.followers: dict[str, dict[str, tuple[Pool, Handlers]]] = {}
        self.timed: dict[str, Pool] = {}
        self.aging: dict[str, Pool] = {}
        self._handlers: dict[str, dict[str, Handlers]] = {}
        for wiring in amms:
            self._handlers[wiring.name] = handlers(wiring.amm)
            for name, method in _methods(wiring.amm):
                if (signature := getattr(method, "__sniper_creation__", None)) is not None:
                    codec = event(signature)
                    for factory in wiring.factories:
                        others = self.creations.get((factory, codec.topic), ())
                        self.creations[factory, codec.topic] = (*others, (wiring, codec.decode, name))
            if wiring.amm.singleton:
                for factory in wiring.factories:
                    self.singletons[factory] = (*self.singletons.get(factory, ()), wiring)

    @property
    def topics(self) -> set[str]:
        """First topics that some pool handles, whoever logs them."""
        return {topic for by_role in self._handlers.values() for handlers in by_role.values() for topic in handlers}

    def join(self, pool: "Pool") -> None:
        """Let a pool hear what it has handlers for."""
        by_role = self._handlers[pool.section]
        pool.handlers = by_role[""]
        pool.follows = dict(pool.impl.follows())
        for role, address in pool.follows.items():
            self.followers.setdefault(address, {})[pool.address] = (pool, by_role.get(role, {}))
        if type(pool.impl).on_block is not Amm.on_block:
            self.timed[pool.address] = pool
        if type(pool.impl).outdated is not Amm.outdated:
            self.aging[pool.address] = pool

    def leave(self, pool: "Pool") -> None:
        """It hears nothing any more."""
        self.timed.pop(pool.address, None)
        self.aging.pop(pool.address, None)
        for address in pool.follows.values():
            followers = self.followers.get(address, {})
            followers.pop(pool.address, None)
            if not followers:
                self.followers.pop(address, None)


@cache
def handlers(amm: type[Amm]) -> dict[str, Handlers]:
    """What pools of this kind hear, by role: that of their own logs is ``""``, see `on_log`."""
    by_role: dict[str, Handlers] = {"": {}}
    for name, method in _methods(amm):
        if (signature := getattr(method, "__sniper_log__", None)) is not None:
            codec = event(signature)
            by_role.setdefault(method.__sniper_of__, {})[codec.topic] = (codec.decode, name)
    return by_role


def _methods(cls: type) -> list[tuple[str, Any]]:  # Any: whatever a class has
    return [(name, getattr(cls, name, None)) for name in sorted(dir(cls))]
