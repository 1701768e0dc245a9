"""Join settings with the installed plugins: each section is checked by its plugin's own model."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from sniper.catalogue import Catalogue, config_model, nearest
from sniper.environments.licences import LicenceError
from sniper.environments.manifest import EnvironmentChanged
from sniper.errors import ConfigError, PluginError
from sniper.events import CycleFound, tag_of
from sniper.executor import Executor
from sniper.settings.complaints import complaint, complaints
from sniper.settings.model import Account, PluginTable, Settings
from sniper.settings.resolved import Configured, ConfiguredAccount, ConfiguredStrategy, Resolved
from sniper.settings.secrets import EndpointUrl, has_variable, interpolated
from sniper.settings.stand_in import LEFT_OUT, STAND_INS, Refused
from sniper.specs import ExchangeSpec, ExecutorSpec, RiskCheckSpec, Spec
from sniper.strategy import handlers_of
from sniper.types import Mode

SECRET_FILES = ("password_file", "key_file")
"""Keys of plugins that name a file with a secret; ``${NAME}`` is replaced in them."""
ENDPOINTS = "endpoints"
"""The key of plugins that holds URLs, in which ``${NAME}`` is replaced and which are shown by scheme and host alone."""


def resolve(settings: Settings, catalogue: Catalogue) -> Resolved:
    """Join settings with the installed plugins. Imports the plugins that are named.

    Raises `ConfigError` with one line for each mistake, and `PluginError` for a plugin that cannot be loaded.
    """
    return _Resolver(settings, catalogue).resolve()


class _Resolver:
    """One pass over the settings that collects all mistakes before it gives up."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.mistakes: list[str] = []
        self.refused: list[str] = []
        self.done: dict[tuple[str, str], Configured | None] = {}

    def resolve(self) -> Resolved:
        settings, runtime = self.settings, self.settings.runtime
        self._unused_disable()
        sections = {kind: self._all(kind) for kind in ("amm", "router", "venue", "feed", "policy")}
        strategies = {name: self._strategy(name) for name in settings.strategy}
        accounts = [self._account(name, account, strategies) for name, account in settings.account.items()]
        # Sections that nothing names are checked all the same, so that a mistake shows before the section is used.
        for kind in ("sizer", "exit", "risk", "fee", "executor", "store", "bus", "lease"):
            self._all(kind)
        singles = {
            kind: self._named(kind, getattr(runtime, kind), ("runtime",)) for kind in ("fee", "store", "bus", "lease")
        }
        chain_executors = {name: self._chain_executor(name) for name, chain in settings.chain.items() if chain.executor}
        executor = next(iter(chain_executors.values()), None)
        if len(chain_executors) < len(settings.chain):
            executor = self._executor()
        signs = self._signs(executor, *chain_executors.values())
        signer = self._named("signer", runtime.signer, ("runtime",)) if signs else None
        exchanges = tuple(each for each in sections["venue"] if isinstance(each.spec, ExchangeSpec))
        self._exchanges(exchanges)
        self._enough(sections["feed"])
        fee, store, bus, lease = (singles[kind] for kind in ("fee", "store", "bus", "lease"))
        self._pools()
        self._policies()
        self._routes()
        self._cycles(strategies)
        if self.mistakes or fee is None or store is None or bus is None or lease is None:
            raise ConfigError("\n".join(dict.fromkeys(self.mistakes)))
        return Resolved(
            settings=settings,
            mode=settings.mode,
            chains=settings.chain,
            runtime=runtime,
            accounts=tuple(account for account in accounts if account),
            policies=sections["policy"],
            amms=sections["amm"],
            routers=sections["router"],
            venues=tuple(each for each in sections["venue"] if each not in exchanges),
            exchanges=exchanges,
            feeds=sections["feed"],
            fee=fee,
            bus=bus,
            store=store,
            lease=lease,
            executor=executor,
            signer=signer,
            chain_executors={name: each for name, each in chain_executors.items() if each},
            refused=tuple(dict.fromkeys(self.refused)),
        )

    def _say(self, section: Sequence[str], message: str) -> None:
        self.mistakes.append(complaint(self.settings.source, section, message))

    def _unused_disable(self) -> None:
        known = [each.id for each in self.catalogue.extensions]
        for name in self.catalogue.unused:
            remedy = "remove it, or see sniper plugins list for the names"
            self._say(("plugins",), f'disable: nothing installed is called "{name}"{nearest(name, known)}; {remedy}')

    def _pools(self) -> None:
        for name, chain in self.settings.chain.items():
            for section in chain.pools:
                if section not in self.settings.amm:
                    hint = nearest(section, self.settings.amm)
                    self._say(("chain", name), f"pools.{section}: there is no section [amm.{section}]{hint}; add it")

    def _policies(self) -> None:
        """A check is known by its name, so one of the same name would be asked in a policy's place."""
        sections: list[tuple[tuple[str, ...], dict[str, PluginTable]]] = [(("risk",), self.settings.risk)]
        sections += [(("account", name, "risk"), account.risk) for name, account in self.settings.account.items()]
        for at, checks in sections:
            for name in sorted(checks.keys() & self.settings.policy.keys()):
                self._say((*at, name), f'there is a [policy.{name}], too; give one another name and plugin = "{name}"')

    def _exchanges(self, exchanges: Sequence[Configured]) -> None:
        names = {each.name for each in exchanges}
        for name in sorted(names):
            if name.isdecimal():
                self._say(("venue", name), f"a number names a chain; give the exchange a name, not {name}")
        for account, table in self.settings.account.items():
            for venue in table.desk:
                if venue in self.settings.venue and venue not in names:
                    at = ("account", account, "desk", venue)
                    self._say(at, f"[venue.{venue}] is no exchange, but trades on chains; a desk needs an exchange")

    def _routes(self) -> None:
        for name, account in self.settings.account.items():
            if account.execution.routes and not self.settings.router:
                self._say(
                    ("account", name, "execution"),
                    "routes: nothing proposes any; add a router such as [router.dual], or leave routes out",
                )

    def _cycles(self, strategies: Mapping[str, ConfiguredStrategy | None]) -> None:
        for name, strategy in strategies.items():
            if strategy is None or self.settings.router:
                continue
            if tag_of(CycleFound) in map(tag_of, handlers_of(strategy.plugin.cls)):
                self._say(
                    ("strategy", name), "waits for cycles, which nothing finds; add a router such as [router.dual]"
                )

    def _all(self, kind: str) -> tuple[Configured, ...]:
        names = sorted(getattr(self.settings, kind))
        found = (self._named(kind, name, (kind, name)) for name in names)
        return tuple(each for each in found if each)

    def _named(self, kind: str, name: str, asked: Sequence[str]) -> Configured | None:
        """The section ``[kind.name]``, or the plugin of that name with its defaults.

        asked  The section that names it, for the message where there is no such plugin.
        """
        if (kind, name) not in self.done:
            table = self.settings.section(kind, name) or PluginTable()
            self.done[kind, name] = self._configured((kind, name), table, asked)
        return self.done[kind, name]

    def _configured(
        self, at: Sequence[str], table: PluginTable, asked: Sequence[str], profile: str = ""
    ) -> Configured | None:
        kind, name = at[-2:]
        plugin_kind, plugin = "risk" if kind == "policy" else kind, table.plugin or name
        refusal = self.catalogue.refusal(plugin_kind, plugin)
        if refusal:
            return self._stand_in(at, refusal.extension.spec, refusal.reason, asked)
        try:
            spec = self.catalogue.spec(plugin_kind, plugin)
        except PluginError as error:
            self._say(asked, str(error))
            return None
        try:
            cls = self.catalogue.load(spec, worker_s=self.settings.runtime.deadlines.worker)
        except (EnvironmentChanged, LicenceError) as error:
            return self._stand_in(at, spec, str(error), asked)
        shown: dict[str, Any] = {}
        values = table.keys
        if isinstance(spec, RiskCheckSpec):
            values = {**spec.profiles.get(profile or self.settings.risk_profile, {}), **values}
        for key in (*SECRET_FILES, ENDPOINTS):
            try:
                if key == ENDPOINTS and isinstance(values.get(key), list):
                    urls = [EndpointUrl.parse(each) for each in values[key]]
                    values[key], shown[key] = [each.url for each in urls], [each.shown for each in urls]
                elif key != ENDPOINTS and isinstance(values.get(key), str):
                    values[key], shown[key] = interpolated(values[key]), values[key]
            except ValueError as error:
                self._say(at, f"{key} {error}")
                return None
        stray = next((key for key, value in values.items() if key not in shown and _mentions_variable(value)), None)
        if stray:
            places = ", ".join((ENDPOINTS, *SECRET_FILES))
            self._say(at, f"{stray}: ${{…}} is replaced in {places} only; write the value itself")
            return None
        model = config_model(cls)
        try:
            config = model.model_validate(values)
        except ValidationError as error:
            self.mistakes += complaints(error, self.settings.source, at, model, values)
            return None
        return Configured(".".join(at), name, spec, cls, config, shown)

    def _stand_in(self, at: Sequence[str], spec: Spec[Any], why: str, asked: Sequence[str]) -> Configured | None:
        """What runs instead of a plugin that may not. Of kinds without which nothing could be sold, a mistake."""
        if spec.kind not in STAND_INS and spec.kind not in LEFT_OUT:
            self._say(asked, why)
            return None
        self.refused.append(complaint(self.settings.source, at, why))
        if spec.kind in LEFT_OUT:
            return None
        return Configured(".".join(at), at[-1], spec, STAND_INS[spec.kind], Refused(why=why))

    def _strategy(self, name: str) -> ConfiguredStrategy | None:
        table = self.settings.strategy[name]
        at = ("strategy", name)
        plugin = self._named("strategy", name, at)
        sized = plugin is None or getattr(plugin.cls, "opens", True) or "sizer" in table.model_fields_set
        sizer = self._named("sizer", table.sizer, at) if sized else None
        exits = [self._named("exit", each, at) for each in table.exits]
        venue = None
        if table.venue is not None:
            if table.venue not in self.settings.venue:
                hint = nearest(table.venue, self.settings.venue)
                self._say(at, f'venue = "{table.venue}": there is no section [venue.{table.venue}]{hint}; add it')
            venue = self._named("venue", table.venue, at)
        if plugin is None or (sized and sizer is None) or None in exits:
            return None
        return ConfiguredStrategy(plugin, sizer, tuple(each for each in exits if each), venue)

    def _account(
        self, name: str, account: Account, strategies: Mapping[str, ConfiguredStrategy | None]
    ) -> ConfiguredAccount | None:
        chain = self.settings.chain_of(name)
        found = [strategies[each] for each in self.settings.strategies_of(name)]
        risk = [self._risk(name, account, each) for each in sorted({*self.settings.risk, *account.risk})]
        names = self.settings.strategies_of(name)
        for id_, claimant in account.claims.items():
            if claimant not in names:
                hint = nearest(claimant, names)
                self._say(("account", name), f'claims.{id_}: the account runs no strategy "{claimant}"{hint}')
        for strategy in account.priorities:
            if strategy not in names:
                hint = nearest(strategy, names)
                self._say(("account", name), f'priorities: the account runs no strategy "{strategy}"{hint}')
        if None in found or None in risk:
            return None
        return ConfiguredAccount(
            name=name,
            address=account.address or "",
            chain=chain,
            chain_id=self.settings.chain[chain].id if chain else 0,
            quote=account.quote,
            execution=account.execution,
            strategies=tuple(each for each in found if each),
            risk=tuple(each for each in risk if each),
            treasury=account.treasury,
            wallets=account.wallets,
            desks=account.desk,
            claims=account.claims,
            priorities=account.priorities,
        )

    def _risk(self, account: str, table: Account, name: str) -> Configured | None:
        profile = table.risk_profile or self.settings.risk_profile
        if name not in table.risk and profile == self.settings.risk_profile:
            return self._named("risk", name, ("risk", name))
        at = ("account", account, "risk", name)
        shared = self.settings.section("risk", name) or PluginTable()
        own = table.risk.get(name, PluginTable())
        both = PluginTable(plugin=own.plugin or shared.plugin, **{**shared.keys, **own.keys})
        return self._configured(at, both, at, profile)

    def _executor(self) -> Configured | None:
        """The configured executor where it serves the mode, else the only one that does."""
        mode, wanted = self.settings.mode, self.settings.runtime.executor
        specs = [spec for spec in self.catalogue.specs("executor") if isinstance(spec, ExecutorSpec)]
        serving = [spec.name for spec in specs if mode.value in spec.modes]
        resting = [spec.name for spec in specs if mode.value not in spec.modes]
        if wanted is not None:
            plugin = (self.settings.section("executor", wanted) or PluginTable()).plugin or wanted
            if plugin not in resting:
                return self._named("executor", wanted, ("runtime",))
        tables, ours = self.settings.executor, {chain.executor for chain in self.settings.chain.values()}
        sections = [name for name, table in tables.items() if (table.plugin or name) in serving and name not in ours]
        candidates = sections or [name for name in serving if name not in tables and self._needs_no_section(name)]
        if len(candidates) == 1:
            return self._named("executor", candidates[0], ("runtime",))
        if candidates:
            choice = ", ".join(candidates)
            self._say(("runtime",), f'executor is missing: several serve mode "{mode}"; name one of {choice}')
        elif mode is not Mode.REPLAY:
            self._say(("runtime",), f'no installed executor serves mode "{mode}"; install one, or choose another mode')
        return None

    def _chain_executor(self, chain: str) -> Configured | None:
        """What a chain names, where it serves the mode; what serves the mode, else."""
        wanted, mode = self.settings.chain[chain].executor or "", self.settings.mode
        found = self._named("executor", wanted, ("chain", chain))
        if found is None or not isinstance(found.spec, ExecutorSpec) or mode.value in found.spec.modes:
            return found
        return self._executor()

    def _needs_no_section(self, executor: str) -> bool:
        """Whether a plugin can be used as it is. One that must be told something first, such as a relay, is used only
        where its section stands in the file."""
        fields = config_model(self.catalogue.load(self.catalogue.spec("executor", executor))).model_fields.values()
        return not any(field.is_required() for field in fields)

    def _signs(self, *executors: Configured | None) -> bool:
        """Whether the run's executors need signatures: all do, or none, for there is one kernel for all chains."""
        found = [each for each in executors if each is not None and issubclass(each.cls, Executor)]
        signing = {each.name: each.cls.signs for each in found if issubclass(each.cls, Executor)}
        if len(set(signing.values())) > 1:
            sends = ", ".join(name for name, signs in signing.items() if signs)
            plays = ", ".join(name for name, signs in signing.items() if not signs)
            self._say(("runtime",), f"executor: {sends} sends what is signed and {plays} only plays; use one kind")
        return any(signing.values())

    def _enough(self, feeds: Sequence[Configured]) -> None:
        settings = self.settings
        if not feeds and settings.chain and settings.mode in (Mode.PAPER, Mode.SHADOW, Mode.LIVE):
            self._say((), "has no feed, so nothing would be seen; add a [feed.NAME] section, such as [feed.evm-logs]")
        for name, account in settings.account.items():
            if settings.mode is Mode.LIVE and not (settings.risk or settings.policy or account.risk):
                self._say(("account", name), "trades live without a single risk check; add a [risk.NAME] section")


def _mentions_variable(value: object) -> bool:
    if isinstance(value, str):
        return has_variable(value)
    if isinstance(value, dict):
        return any(_mentions_variable(each) for each in value.values())
    return isinstance(value, list) and any(_mentions_variable(each) for each in value)
