"""Discovery: what is installed, what it offers, and the frozen catalogue of it.

A plugin is a distribution with an entry point in ``sniper.plugins``; the module behind it is light by rule and returns
specs. What a spec names is imported on first use. Nothing here runs while trading.

What lies on the trader's shelf (`sniper.environments`) is listed from what it said of itself in a worker when it was
installed: nothing of it is imported here, unless the trader trusts it.
"""

import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import unquote, urlsplit

import importlib_metadata
import msgspec
import pluggy

from sniper import hooks, specs
from sniper.environments import revocations, trust
from sniper.environments.environment import ISOLATED_KINDS, Environment
from sniper.environments.holding import hold
from sniper.environments.hosting import admit
from sniper.environments.manifest import check
from sniper.environments.shelf import Shelf, shelf_directory
from sniper.errors import PluginError
from sniper.isolation.place import WITHIN_S
from sniper.specs import AppSpec, Spec

if TYPE_CHECKING:
    import click

    from sniper.config import Config

GROUP = "sniper.plugins"
CORE = "sniper-core"

DRIVERS: Mapping[str, str] = {
    "bus": "sniper.buses",
    "lease": "sniper.leases",
    "signer": "sniper.signers",
    "store": "sniper.stores",
}
"""Kinds of which a run uses exactly one, and the entry-point group that stevedore selects it from."""

CONTRACTS: Mapping[str, tuple[str, ...]] = {
    "amm": ("sniper.amm:Amm",),
    "app": ("click:Command",),
    "bus": ("sniper.bus:Bus",),
    "executor": ("sniper.executor:Executor",),
    "exit": ("sniper.exit:Exit",),
    "fee": ("sniper.fee:FeeEstimator",),
    "feed": ("sniper.feed:Feed",),
    "index": ("sniper.index:Index",),
    "lease": ("sniper.lease:LeaseKeeper",),
    "risk": ("sniper.risk:RiskCheck", "sniper.risk:RiskProbe", "sniper.risk:RiskWatch"),
    "router": ("sniper.router:Router",),
    "signer": ("sniper.signer:Signer",),
    "sizer": ("sniper.sizer:Sizer",),
    "store": ("sniper.store:Store",),
    "strategy": ("sniper.strategy:Strategy",),
    "venue": ("sniper.venue:OnChainVenue", "sniper.exchange:Exchange"),
}
"""What a factory of each kind must be: a subclass of one of these (an app: an instance)."""

_RELEASE = re.compile(r"\d+(\.\d+)*")
_BOUNDS = re.compile(r"sniper-core((?:>=|<)\d+(?:\.\d+)*(?:,(?:>=|<)\d+(?:\.\d+)*)*)")
KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
FACTORY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plugin came from.

    plugin       Name of the entry point; ``module`` what it names.
    location     Directory of the distribution; of its source where it is ``editable``.
    first_party  Named in an extra of sniper-core. A plugin cannot claim this of itself: the core vouches for it.
    isolated     Whether it runs in workers alone, and the host imports nothing of it.
    """

    plugin: str
    module: str
    distribution: str
    version: str
    location: str
    editable: bool
    first_party: bool
    isolated: bool = False

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True, slots=True)
class Extension:
    """A spec and where it came from. ``environment``: that of a distribution on the shelf."""

    spec: Spec[Any]
    origin: Origin
    environment: Environment | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.spec.kind, self.spec.name

    @property
    def id(self) -> str:
        """``"kind.name"``: the config section, and what ``[plugins] disable`` takes. A command has its group
        before its name, as in ``"app.plugins-test"``: what users type is unique, its last word need not be."""
        group = f"{self.spec.group}-" if isinstance(self.spec, AppSpec) and self.spec.group else ""
        return f"{self.spec.kind}.{group}{self.spec.name}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a plugin was left out. ``stops``: nothing may start while it lasts."""

    plugin: str
    distribution: str
    message: str
    stops: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """An extension that is installed and may not run, and why: its release was revoked."""

    extension: Extension
    reason: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is installed and enabled, ordered by (kind, name).

    disabled  Extensions that the config switches off.
    waiting   Extensions on the shelf of kinds that no worker runs, of distributions that the trader does not trust.
    refused   Extensions on the shelf that may not run.
    problems  Plugins that were left out.
    unused    Entries of the config's ``disable`` that name nothing.
    """

    extensions: tuple[Extension, ...]
    disabled: tuple[Extension, ...] = ()
    waiting: tuple[Extension, ...] = ()
    refused: tuple[Refusal, ...] = ()
    problems: tuple[Problem, ...] = ()
    unused: tuple[str, ...] = ()

    @classmethod
    def discover(cls, disable: Collection[str] = ()) -> "Catalogue":
        """Read all installed plugins. Raises `PluginError` for a broken first-party plugin and for duplicate names.

        disable  ``"kind.name"`` leaves out one extension; the name of a distribution leaves out all of it, unimported.
        """
        return cls.survey(disable).demand_sound()

    @classmethod
    def survey(cls, disable: Collection[str] = ()) -> "Catalogue":
        """The same, but problems that stop a start are only listed: for ``plugins list`` and ``plugins doctor``."""
        return _survey(disable)

    def demand_sound(self) -> "Catalogue":
        """The catalogue itself. Raises `PluginError` with the problems that stop a start."""
        stops = [problem.message for problem in self.problems if problem.stops]
        if stops:
            raise PluginError("\n".join(stops))
        return self

    def refusal(self, kind: str, name: str) -> Refusal | None:
        """Why an installed extension may not run; None where nothing is said against it."""
        return next((each for each in self.refused if each.extension.key == (kind, name)), None)

    def specs(self, kind: str) -> tuple[Spec[Any], ...]:
        """All enabled specs of one kind, by name."""
        return tuple(extension.spec for extension in self.extensions if extension.spec.kind == kind)

    def spec(self, kind: str, name: str) -> Spec[Any]:
        """The enabled spec of this kind and name. Raises `PluginError`, which says what there is instead."""
        return self.extension(kind, name).spec

    def extension(self, kind: str, name: str) -> Extension:
        """The same with its origin."""
        for extension in self.extensions:
            if extension.key == (kind, name):
                return extension
        if kind not in CONTRACTS:
            raise PluginError(f"there is no kind of plugin {kind!r}{nearest(kind, CONTRACTS)}")
        if any(extension.key == (kind, name) for extension in self.disabled):
            raise PluginError(f"{kind} {name!r} is disabled; remove it from disable under [plugins] in the config")
        refusal = self.refusal(kind, name)
        if refusal:
            raise PluginError(refusal.reason)
        for waiting in self.waiting:
            if waiting.key == (kind, name):
                raise PluginError(
                    f"{kind} {name!r} is of {waiting.origin}, which you do not trust, and plugins of this kind cannot "
                    f"run isolated: it needs explicit trust. See what it is: sniper plugins info {waiting.id}; to let "
                    f"it run in sniper itself: sniper plugins trust {waiting.origin.distribution}"
                )
        names = [spec.name for spec in self.specs(kind)]
        known = f"installed: {', '.join(names)}" if names else "none is installed"
        broken = [problem.plugin for problem in self.problems]
        hint = f"; broken and left out: {', '.join(broken)} (see sniper plugins doctor)" if broken else ""
        raise PluginError(
            f"no {kind} is called {name!r}{nearest(name, names)} ({known}{hint}); "
            f"install the distribution that brings it, usually sniper-{kind}-{name}"
        )

    def load(self, spec: Spec[T], *, worker_s: float = WITHIN_S) -> type[T]:
        """Import the class behind a spec; of an isolated one a class that stands for it, whose work a worker does,
        each call within ``worker_s`` seconds.

        Raises `PluginError` where it is missing or is not of the kind's contract, `EnvironmentChanged` and
        `LicenceError`.
        """
        extension = self._housed(spec)
        if extension and extension.environment and extension.origin.isolated:
            from sniper.isolation.far import far_class

            return far_class(extension.environment, spec, worker_s)
        found = self._driver(spec) if spec.kind in DRIVERS else self._import(spec)
        contracts = tuple(_resolve(contract) for contract in CONTRACTS[spec.kind])
        names = " or ".join(contract.replace(":", ".") for contract in CONTRACTS[spec.kind])
        if not isinstance(found, type) or not issubclass(found, contracts):
            raise self._fault(spec, f"{spec.factory} is no subclass of {names}; derive it from that")
        missing: frozenset[str] = getattr(found, "__abstractmethods__", frozenset())
        if missing:
            raise self._fault(spec, f"{spec.factory} lacks what {names} demands: {', '.join(sorted(missing))}; add it")
        return found

    def command(self, spec: AppSpec) -> "click.Command":
        """Import the command behind an app's spec. Raises `PluginError`."""
        import click

        self._housed(spec)
        found = self._import(spec)
        if not isinstance(found, click.Command):
            raise self._fault(spec, f"{spec.factory} is no click.Command; decorate it with @click.command()")
        return found

    def _housed(self, spec: Spec[Any]) -> Extension | None:
        """The extension of a spec from the shelf, whose files are held and were read again; the host may now import a
        trusted one. Raises `EnvironmentChanged`."""
        extension = next((each for each in self.extensions if each.spec is spec), None)
        if extension is None or extension.environment is None:
            return None
        from sniper.environments import licences

        hold(extension.environment)
        check(extension.environment)
        licences.demand(extension.environment, shelf_directory())
        if not extension.origin.isolated:
            admit(extension.environment)
        return extension

    def _import(self, spec: Spec[Any]) -> Any:
        try:
            return _resolve(spec.factory)
        except Exception as error:
            what = f"{spec.factory} cannot be imported: {type(error).__name__}: {error}"
            raise self._fault(spec, f"{what}; reinstall or upgrade the plugin") from error

    def _driver(self, spec: Spec[Any]) -> Any:
        from stevedore.driver import DriverManager
        from stevedore.exception import NoMatches

        origin = self.extension(spec.kind, spec.name).origin

        class Drivers(DriverManager[Any]):
            def list_entry_points(self) -> list[Any]:
                # stevedore's own list is a cache on disk, keyed by modification times that are cut to 32-bit floats:
                # it stays stale for minutes after an installation. The spec's own distribution must have the entry
                # point, so all the others, which take 10 ms to read, are not asked.
                return list(importlib_metadata.distribution(origin.distribution).entry_points.select(group=group))

        group = DRIVERS[spec.kind]
        try:
            manager = Drivers(group, spec.name, invoke_on_load=False, on_load_failure_callback=_reraise)
        except NoMatches as error:
            remedy = f'add {spec.name} = "{spec.factory}" under [project.entry-points."{group}"]'
            raise self._fault(spec, f"{spec.name!r} is no entry point of {group}; {remedy}") from error
        except Exception as error:
            what = f"{spec.factory} cannot be loaded: {type(error).__name__}: {error}"
            raise self._fault(spec, f"{what}; reinstall or upgrade the plugin") from error
        target = manager[spec.name].entry_point.value
        if target != spec.factory:
            raise self._fault(spec, f"{group} names {target} but the spec names {spec.factory}; make them equal")
        return manager.driver

    def _fault(self, spec: Spec[Any], message: str) -> PluginError:
        origin = next((extension.origin for extension in self.extensions if extension.spec is spec), None)
        return PluginError(f"{f'{origin}: ' if origin else ''}{spec.kind} {spec.name!r}: {message}")


def config_model(cls: type) -> "type[Config]":
    """See `sniper.config.model_of`, which is imported where it is needed: pydantic takes its time."""
    from sniper.config import model_of

    return model_of(cls)


def nearest(name: str, names: Collection[str]) -> str:
    """``"; did you mean 'x'?"``, or nothing where no name is near."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(names), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _resolve(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def _reraise(manager: object, entry_point: object, error: BaseException) -> None:
    raise error


@dataclass(frozen=True, slots=True)
class _Metadata:
    """Of a distribution: its normal name, its version, and the lines of ``Requires-Dist``."""

    name: str
    version: str
    requires: tuple[str, ...]


def _metadata(dist: importlib_metadata.Distribution) -> _Metadata:
    """Read from the header of METADATA. Raises `PluginError` where that names no distribution.

    `Distribution.metadata` is the same, but it is read with the email package, which takes 20 ms of each start.
    """
    header = (dist.read_text("METADATA") or "").partition("\n\n")[0]
    fields = [line.partition(": ") for line in header.splitlines()]
    first = {field: value for field, _, value in reversed(fields)}
    if "Name" not in first or "Version" not in first:
        where = dist.locate_file("")
        raise PluginError(f"the METADATA of a distribution in {where} lacks name or version; reinstall what is there")
    requires = tuple(value for field, _, value in fields if field == "Requires-Dist")
    return _Metadata(_normal(first["Name"]), first["Version"], requires)


@dataclass(frozen=True, slots=True)
class _Core:
    version: str
    first_party: frozenset[str]


def _core() -> _Core:
    try:
        core = importlib_metadata.Distribution.from_name(CORE)
    except importlib_metadata.PackageNotFoundError as error:
        raise PluginError(f"the distribution {CORE} is not installed; install it, or run make setup") from error
    about = _metadata(core)
    optional = [line for line in about.requires if re.search(r"\bextra\b", line)]
    return _Core(about.version, frozenset(_normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in optional))


def _survey(disable: Collection[str]) -> Catalogue:
    core = _core()
    manager = pluggy.PluginManager("sniper")
    manager.add_hookspecs(hooks)
    unused = set(disable)
    found: list[Extension] = []
    problems: list[Problem] = []
    installed = [_origin(entry, core) for entry in importlib_metadata.entry_points(group=GROUP)]
    shelf = Shelf()
    for origin, requires in sorted(installed, key=lambda pair: (pair[0].distribution, pair[0].plugin)):
        if shelf.holds(origin.location):  # a trusted environment, or a dependency in it: see below
            continue
        if origin.distribution in disable:
            unused.discard(origin.distribution)
            continue
        try:
            _check_requirements(origin, requires, core)
            found += [Extension(spec, origin) for spec in _read(origin, manager)]
        except PluginError as error:
            problems.append(Problem(origin.plugin, origin.distribution, str(error), stops=origin.first_party))
    refused: list[Refusal] = []
    for shelved in _shelved(core):
        if isinstance(shelved, Problem):
            problems.append(shelved)
            continue
        origin = (shelved.extension if isinstance(shelved, Refusal) else shelved).origin
        if origin.distribution in disable:
            unused.discard(origin.distribution)
        elif isinstance(shelved, Refusal):
            refused.append(shelved)
        else:
            found.append(shelved)
    reasons = {each.extension.origin.distribution: each.reason for each in refused}
    problems += [Problem(name, name, reason, stops=False) for name, reason in reasons.items()]
    disabled = [extension for extension in found if extension.id in disable]
    enabled = [extension for extension in found if extension.id not in disable]
    waiting = [extension for extension in enabled if _waits(extension)]
    enabled = [extension for extension in enabled if not _waits(extension)]
    return Catalogue(
        extensions=tuple(sorted(_unique(enabled), key=lambda extension: extension.key)),
        disabled=tuple(sorted(disabled, key=lambda extension: extension.key)),
        waiting=tuple(sorted(waiting, key=lambda extension: extension.key)),
        refused=tuple(refused),
        problems=(*problems, *_duplicates(enabled)),
        unused=tuple(sorted(unused - {extension.id for extension in disabled})),
    )


def _waits(extension: Extension) -> bool:
    """Whether it needs the trader's trust, which it does not have."""
    return extension.origin.isolated and extension.spec.kind not in ISOLATED_KINDS


def _shelved(core: _Core) -> Iterator[Extension | Refusal | Problem]:
    """What lies on the shelf. Nothing of it stops a start: exits of what is held must go on. So where it cannot be read
    who is trusted, nobody is; where not what was revoked, everything is refused."""
    shelf = Shelf()
    try:
        names = shelf.names()
    except PluginError as error:
        yield Problem("the shelf", str(shelf.directory), str(error), stops=False)
        return
    if not names:
        return
    words: Mapping[str, trust.Trust] = {}
    known, unknown = revocations.Known(), ""
    try:
        words = trust.given(shelf.directory)
    except PluginError as error:
        yield Problem("words of trust", str(shelf.directory), str(error), stops=False)
    try:
        known = revocations.known(shelf.directory)
    except PluginError as error:
        unknown = str(error)
    for name in names:
        try:
            environment = shelf.demand(name)
            offered = _offered(environment, core, trusted=name in words and words[name].holds(environment))
        except PluginError as error:
            yield Problem(name, name, str(error), stops=False)
            continue
        try:
            known.demand_none(environment)
        except PluginError as error:
            yield from (Refusal(each, str(error)) for each in offered)
            continue
        yield from (Refusal(each, unknown) for each in offered) if unknown else offered


def _offered(environment: Environment, core: _Core, *, trusted: bool) -> list[Extension]:
    """What a distribution on the shelf offers. Raises `PluginError`."""
    origin = Origin(
        plugin=environment.distribution,
        module=environment.modules[0],
        distribution=environment.distribution,
        version=environment.version,
        location=str(environment.site),
        editable=False,
        first_party=False,
        isolated=not trusted,
    )
    _check_requirements(origin, environment.requires, core)
    return [Extension(each.parsed(), origin, environment) for each in environment.offered]


def _origin(entry: importlib_metadata.EntryPoint, core: _Core) -> tuple[Origin, tuple[str, ...]]:
    """Where an entry point came from, and what its distribution requires."""
    dist = entry.dist
    assert isinstance(dist, importlib_metadata.Distribution)  # entry_points() sets it
    about = _metadata(dist)
    direct = dist.origin
    editable = bool(getattr(getattr(direct, "dir_info", None), "editable", False))
    origin = Origin(
        plugin=entry.name,
        module=entry.value,
        distribution=about.name,
        version=about.version,
        location=unquote(urlsplit(direct.url).path) if editable else str(dist.locate_file("")),
        editable=editable,
        first_party=about.name in core.first_party,
    )
    return origin, about.requires


def _check_requirements(origin: Origin, requires: Sequence[str], core: _Core) -> None:
    for line in requires:
        if _normal(line).startswith(CORE) and not _met(line, core.version):
            raise PluginError(
                f"{origin} requires {line}, but {CORE} is {core.version}; upgrade whichever of the two is older"
            )


@cache
def _met(line: str, core: str) -> bool:
    """Whether ``core``, a version of sniper-core, satisfies a line of ``Requires-Dist`` (PEP 508)."""
    bounds = _BOUNDS.fullmatch(line)
    if bounds and _RELEASE.fullmatch(core):
        return all(_within(core, bound) for bound in bounds[1].split(","))
    # Importing packaging takes 45 ms, a quarter of what `sniper --help` takes, so only unusual lines are left to it.
    from packaging.requirements import Requirement

    requirement = Requirement(line)
    if _normal(requirement.name) != CORE or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
        return True
    return requirement.specifier.contains(core, prereleases=True)


def _within(core: str, bound: str) -> bool:
    operator, limit = (">=", bound[2:]) if bound.startswith(">=") else ("<", bound[1:])
    length = max(core.count("."), limit.count(".")) + 1
    have, want = ([*map(int, version.split(".")), *[0] * length][:length] for version in (core, limit))
    return have >= want if operator == ">=" else have < want


def _read(origin: Origin, manager: pluggy.PluginManager) -> list[Spec[Any]]:
    """Import a plugin's own module and call its hooks. Raises `PluginError` for whatever is wrong with it."""
    try:
        module = import_module(origin.module)
    # A module that calls sys.exit when it is imported is broken too, and must not end the process.
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{origin}: {origin.module} cannot be imported: {type(error).__name__}: {error}; "
            f"reinstall or upgrade it, or disable it: disable = [{origin.distribution!r}] under [plugins]"
        ) from error
    _check_names(module, origin)
    try:
        manager.register(module, name=f"{origin.distribution}:{origin.plugin}")
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        if manager.is_registered(module):
            manager.unregister(module)
        raise PluginError(f"{origin}: {error}; compare it with sniper.hooks") from error
    return [spec for caller in manager.get_hookcallers(module) or () for spec in _call(caller, module, origin)]


def _check_names(module: ModuleType, origin: Origin) -> None:
    for name, value in vars(module).items():
        if not name.startswith("sniper_") or not inspect.isfunction(value):
            continue
        if name not in _spec_types():
            raise PluginError(
                f"{origin}: {module.__name__}.{name} is no hook of sniper{nearest(name, _spec_types())}; "
                "rename it, or upgrade sniper-core where the hook is newer"
            )
        if not hasattr(value, "sniper_impl"):
            raise PluginError(f"{origin}: {module.__name__}.{name} is not marked; put @sniper.hookimpl above it")


def _call(caller: pluggy.HookCaller, module: ModuleType, origin: Origin) -> Iterator[Spec[Any]]:
    where = f"{origin}: {module.__name__}.{caller.name}"
    kind = _spec_types()[caller.name]
    # One plugin at a time, so that one that raises takes no other with it.
    for implementation in caller.get_hookimpls():
        if implementation.plugin is not module:
            continue
        if implementation.wrapper or implementation.hookwrapper:
            raise PluginError(f"{where} wraps the answers of other plugins; a plugin may only add specs of its own")
        try:
            answer = list(cast("Callable[[], Sequence[object]]", implementation.function)())
        except Exception as error:
            raise PluginError(f"{where} raised {type(error).__name__}: {error}; report it to its author") from error
        for spec in answer:
            if not isinstance(spec, kind):
                raise PluginError(f"{where} returned {spec!r}; return a list of {kind.__name__}")
            yield _checked(spec, module, where)


def _checked(spec: Spec[Any], module: ModuleType, where: str) -> Spec[Any]:
    try:
        checked: Spec[Any] = msgspec.convert(msgspec.to_builtins(spec), type(spec))
    except (msgspec.ValidationError, TypeError) as error:
        raise PluginError(f"{where}: {type(spec).__name__} {spec.name!r}: {error}") from error
    if not KEBAB.fullmatch(spec.name):
        raise PluginError(f"{where}: the name {spec.name!r} is not kebab-case, such as 'launch-snipe'")
    if not FACTORY.fullmatch(spec.factory):
        raise PluginError(
            f"{where}: the factory {spec.factory!r} of {spec.name!r} is not of the form 'package.module:Class'"
        )
    package = module.__name__.partition(".")[0]
    if spec.factory.partition(":")[0].partition(".")[0] != package:
        raise PluginError(
            f"{where}: the factory {spec.factory!r} of {spec.name!r} lies outside of {package}; keep it inside"
        )
    return checked


@cache
def _spec_types() -> dict[str, type[Spec[Any]]]:
    """The spec type that each hook returns, as `sniper.hooks` declares it."""
    found = {}
    for name, hook in vars(hooks).items():
        if name.startswith("sniper_"):
            returned = re.fullmatch(r"Sequence\[(\w+)\]", hook.__annotations__["return"])
            assert returned, f"{name} must be declared to return a Sequence of one spec type"
            found[name] = getattr(specs, returned[1])
    return found


def _duplicates(extensions: Sequence[Extension]) -> Iterator[Problem]:
    by_id: dict[str, list[Extension]] = {}
    for extension in extensions:
        by_id.setdefault(extension.id, []).append(extension)
    for identifier, same in sorted(by_id.items()):
        if len(same) == 1:
            continue
        origins = [extension.origin for extension in same]
        message = (
            f"{' and '.join(map(str, origins))} both offer {identifier}; uninstall one of them, "
            f"or disable one: disable = [{origins[-1].distribution!r}] under [plugins]"
        )
        # Which of them trades is not for chance to decide, whoever made them.
        yield Problem(origins[-1].plugin, origins[-1].distribution, message, stops=True)


def _unique(extensions: Sequence[Extension]) -> Iterator[Extension]:
    counted = [extension.id for extension in extensions]
    return (extension for extension in extensions if counted.count(extension.id) == 1)


def _normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()
