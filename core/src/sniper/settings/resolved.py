"""Settings joined with the plugins that they name: what a run is made of.

The manifest goes into the journal's epochs. It holds all that decides anything: not where things are kept or how they
are logged, and of endpoints and password files only what may be shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sniper.config import Config
from sniper.errors import ConfigError
from sniper.settings.canonical import canonical, plain
from sniper.settings.model import Chain, Desk, Execution, Promotion, Runtime, Settings, Treasury
from sniper.specs import Spec
from sniper.types import Mode


@dataclass(frozen=True, slots=True)
class Configured:
    """A plugin's class and its checked config.

    section  Where its keys stand in the file, such as ``"risk.limits"``.
    name     The section's own name, which is the plugin's unless ``plugin`` says otherwise.
    shown    Keys whose value must not be journaled, and what is journaled instead.
    """

    section: str
    name: str
    spec: Spec[Any]
    cls: type
    config: Config
    shown: Mapping[str, Any] = field(default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        return {**plain(self.config), **self.shown, "plugin": self.spec.name}

    def made(self) -> Any:
        """A new instance, of a class that takes nothing but the config that it declares. Any: by the spec's kind."""
        return self.cls() if type(self.config) is Config else self.cls(self.config)


@dataclass(frozen=True, slots=True)
class ConfiguredStrategy:
    """A ``[strategy.NAME]`` section. ``sizer`` None: it opens nothing. ``venue`` None: the first that serves a pool."""

    plugin: Configured
    sizer: Configured | None
    exits: tuple[Configured, ...]
    venue: Configured | None

    def manifest(self) -> dict[str, Any]:
        return {
            **self.plugin.manifest(),
            "sizer": self.sizer.name if self.sizer else None,
            "exits": [each.name for each in self.exits],
            "venue": self.venue.name if self.venue else None,
        }


@dataclass(frozen=True, slots=True)
class ConfiguredAccount:
    """An ``[account.NAME]`` section with everything it refers to; ``strategies`` by instance name. ``wallets``: those
    beside ``address``. ``desks``: by name of their exchange. ``claims``: by id, the strategy that alone may buy it. One
    that trades at exchanges alone has an empty address and chain, and chain id 0."""

    name: str
    address: str
    chain: str
    chain_id: int
    quote: str
    execution: Execution
    strategies: tuple[ConfiguredStrategy, ...]
    risk: tuple[Configured, ...]
    treasury: Treasury | None = None
    wallets: tuple[str, ...] = ()
    desks: Mapping[str, Desk] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)
    priorities: Mapping[str, int] = field(default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        desks = {name: {**plain(desk), "keys": desk.keys is not None} for name, desk in self.desks.items()}
        return {
            **({"desks": desks} if desks else {}),
            **({"claims": dict(self.claims)} if self.claims else {}),
            **({"priorities": dict(self.priorities)} if self.priorities else {}),
            "address": self.address,
            "wallets": list(self.wallets),
            "chain": self.chain,
            "quote": self.quote,
            "execution": plain(self.execution),
            "treasury": None if self.treasury is None else plain(self.treasury),
            "strategies": [each.plugin.name for each in self.strategies],
            "risk": {each.name: each.manifest() for each in self.risk},
        }


@dataclass(frozen=True, slots=True)
class Resolved:
    """All that a run is made of. Tuples of plugins are ordered by section name.

    venues    Those on chains; ``exchanges``: those that take orders themselves.
    signer    None where the executor needs no signatures. ``executor``: None where the mode has none.
    chain_executors  By name of the chain, those that have one of their own.
    refused   What the config names and may not run, and why: `sniper.settings.stand_in` says what happens instead.
    """

    settings: Settings
    mode: Mode
    chains: Mapping[str, Chain]
    runtime: Runtime
    accounts: tuple[ConfiguredAccount, ...]
    policies: tuple[Configured, ...]
    amms: tuple[Configured, ...]
    routers: tuple[Configured, ...]
    venues: tuple[Configured, ...]
    exchanges: tuple[Configured, ...]
    feeds: tuple[Configured, ...]
    fee: Configured
    bus: Configured
    store: Configured
    lease: Configured
    executor: Configured | None
    signer: Configured | None
    chain_executors: Mapping[str, Configured] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @property
    def promotions(self) -> Mapping[str, Promotion]:
        """By strategy; none but in mode live, for elsewhere nothing is at stake."""
        return self.settings.promotion if self.mode is Mode.LIVE else {}

    @property
    def executors(self) -> tuple[Configured, ...]:
        """All that transactions go through, each once."""
        found = [self.executor_of(name) for name in self.chains] if self.executor else []
        return tuple({each.section: each for each in found}.values())

    def executor_of(self, chain: str) -> Configured:
        """What transactions go through on the chain of this name, in a mode that has executors."""
        found = self.chain_executors.get(chain, self.executor)
        if found is None:
            raise ConfigError(f'mode "{self.mode}" has no executor, so nothing can be run; choose paper or live')
        return found

    def manifest(self) -> dict[str, Any]:
        """Plain data: what the config says after all defaults, without secrets."""
        strategies = {each.plugin.name: each for account in self.accounts for each in account.strategies}
        promotions = {name: _promotion(each) for name, each in self.promotions.items()}
        singles = {"fee": self.fee, "bus": self.bus, "store": self.store, "lease": self.lease}
        return {
            "mode": self.mode.value,
            "chain": {name: plain(chain) for name, chain in self.chains.items()},
            "runtime": plain(self.runtime),
            "signals": plain(self.settings.signals),
            **({"promotion": promotions} if promotions else {}),
            "account": {account.name: account.manifest() for account in self.accounts},
            "strategy": {name: each.manifest() for name, each in strategies.items()},
            "sizer": _sections(each.sizer for each in strategies.values() if each.sizer),
            "exit": _sections(rule for each in strategies.values() for rule in each.exits),
            "policy": _sections(self.policies),
            "amm": _sections(self.amms),
            "router": _sections(self.routers),
            "venue": _sections((*self.venues, *self.exchanges)),
            "feed": _sections(self.feeds),
            **{kind: _sections([each]) for kind, each in singles.items()},
            "executor": _sections(self.executors),
            "signer": _sections([self.signer] if self.signer else []),
        }

    def deciding(self) -> dict[str, Any]:
        """The part of the manifest that decides anything: not where nodes answer, who keeps the keys, how events arrive
        or where they are indexed. Another endpoint opens no epoch."""
        full = self.manifest()
        kept = (
            "mode",
            "signals",
            *(("promotion",) if "promotion" in full else ()),
            "account",
            "strategy",
            "sizer",
            "exit",
            "policy",
            "amm",
            "venue",
            "fee",
        )
        return {
            **{key: full[key] for key in kept},
            "chain": {
                name: {
                    "id": chain.id,
                    "wrapped_native": chain.wrapped_native,
                    "finality": chain.finality,
                    "pools": plain(chain)["pools"],
                }
                for name, chain in self.chains.items()
            },
            "deadlines": plain(self.runtime.deadlines),
            "executor": {name: self.executor_of(name).spec.name for name in self.chains if self.executor},
        }

    def canonical(self) -> str:
        """The manifest as text. Equal settings give equal text."""
        return canonical(self.manifest())


def _promotion(promotion: Promotion) -> dict[str, Any]:
    """What of it the kernel decides by; the rest says how it is measured."""
    hold = promotion.hold
    return {
        "stages": [list(stage) for stage in promotion.stages],
        "automatic": promotion.automatic,
        "capital": str(promotion.capital),
        "max_drawdown_bps": hold.max_drawdown_bps,
        "max_errors": hold.max_errors,
    }


def _sections(configured: Iterable[Configured]) -> dict[str, Any]:
    return {each.name: each.manifest() for each in configured}
