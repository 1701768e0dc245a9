"""How one pool is traded: the venue's own steps, and what the pool's formula promises. It can travel to a worker."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from sniper.amm import Amm, NoLiquidity
from sniper.codec import encode_state, restore_state
from sniper.errors import PluginError
from sniper.kernel.given import given_data
from sniper.kernel.listening import handlers
from sniper.runtime.errand import Plugged, WayGiven
from sniper.runtime.stage import Emitted, Plan, Planned
from sniper.types import NATIVE, split_asset
from sniper.venue import OnChainVenue, Swap

DEADLINE_S = 3_600


@dataclass(frozen=True)
class Way:
    """``pool``: its id. ``token``: address of its coin that is not the quote asset. ``wrapped``: that of the chain's
    coin, which stands for it inside pools. ``impl``: the pool, where it is known, and its ``coins``; else only what was
    bought there can be sold, by ``exit_data``."""

    pool: str
    amm: str
    token: str
    quote: str
    wrapped: str
    venue: OnChainVenue
    coins: tuple[str, ...] = ()
    impl: Amm | None = None
    exit_data: int = 0

    def planned(self, asked: Plan, logs: Sequence[Emitted], time: int) -> Planned:
        """How ``asked.owner`` would trade in a block of ``time`` (seconds), where the venue may take
        ``asked.allowance`` already and the pool has logged ``logs`` in the simulation."""
        chain_id, address = split_asset(self.pool)
        pay, get = (self.quote, self.token) if asked.opens else (self.token, self.quote)
        impl, data = self.impl, self.exit_data
        i = 0
        if impl is not None:
            i = self.coins.index(self.wrapped if pay == NATIVE else pay)
            data = given_data(impl.venue_data(i, 1 - i))
        steps = self.venue.plan(
            Swap(
                chain_id=chain_id,
                owner=asked.owner,
                token_in=pay,
                token_out=get,
                pool=address,
                amm=self.amm,
                pool_data=data,
                amount_in=asked.amount,
                min_out=0,
                deadline=time + DEADLINE_S,
                allowance=asked.allowance,
                opens=asked.opens,
            )
        )
        expected = 0
        if impl is not None:
            try:
                expected = _followed(address, impl, logs).amount_out(i, 1 - i, asked.amount)
            except NoLiquidity:
                expected = 0
        spender = self.venue.spender(chain_id, self.amm)
        return Planned(pay=pay, get=get, spender=spender, steps=steps, expected=expected)

    def given(self) -> WayGiven:
        """It, written down. Raises `PluginError` where its plugins cannot travel, `StaysHere` where its AMM is asked in
        a worker of its own."""
        if self.impl is not None and self.impl.alone:
            raise StaysHere(f"pool {self.pool} is priced by {self.amm}, which runs in a worker")
        return WayGiven(
            amm=self.amm,
            token=self.token,
            quote=self.quote,
            wrapped=self.wrapped,
            venue=_plugged(self.venue),
            coins=self.coins,
            impl=None if self.impl is None else _plugged(self.impl),
            exit_data=self.exit_data,
        )


class StaysHere(PluginError):
    """What prices a pool is not in the process that would have to know."""

    code = "stays-here"


def way(pool: str, given: WayGiven) -> Way:
    """The reverse of `Way.given`. Raises `PluginError`."""
    return Way(
        pool=pool,
        amm=given.amm,
        token=given.token,
        quote=given.quote,
        wrapped=given.wrapped,
        venue=_made(given.venue),
        coins=given.coins,
        impl=None if given.impl is None else _made(given.impl),
        exit_data=given.exit_data,
    )


def _followed(address: str, impl: Amm, logs: Sequence[Emitted]) -> Amm:
    """``impl`` after ``logs``, a copy where one of them is the pool's: no need to read its state back."""
    known = handlers(type(impl))[""]
    own = [log for log in logs if log.address == address and log.topics and log.topics[0] in known]
    if not own:
        return impl
    impl = impl.checkpoint()
    for log in own:
        decode, method = known[log.topics[0]]
        getattr(impl, method)(*decode(log.topics, log.data))
    return impl


def _plugged(plugin: Any) -> Plugged:
    """Any: a venue or an AMM; what their ``config`` is, their classes say."""
    config = getattr(plugin, "config", None)
    kind = "" if config is None else _name_of(type(config))
    text = "" if config is None else config.model_dump_json()
    if config is not None and _config(kind, text) != config:
        raise PluginError(f"{kind} is another one when it is read back from {text:.200}; let it write itself as JSON")
    return Plugged(kind=_name_of(type(plugin)), config_kind=kind, config=text, state=encode_state(plugin))


def _made(plugged: Plugged) -> Any:
    """Any: as above."""
    kind = _class(plugged.kind)
    if not plugged.config_kind:
        return restore_state(kind, plugged.state)
    return restore_state(kind, plugged.state, config=_config(plugged.config_kind, plugged.config))


@lru_cache(maxsize=256)
def _config(kind: str, text: str) -> Any:
    """Any: some plugin's `Config`, which is frozen."""
    return _class(kind).model_validate_json(text)


@lru_cache(maxsize=256)
def _class(name: str) -> Any:
    """Any: of a plugin. Raises `PluginError`."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise PluginError(f"{name} cannot be imported in a worker: {error}") from error


def _name_of(kind: type) -> str:
    if getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is not kind:
        raise PluginError(f"{kind!r} cannot travel to a worker: declare it at the top level of a module")
    return f"{kind.__module__}:{kind.__qualname__}"
