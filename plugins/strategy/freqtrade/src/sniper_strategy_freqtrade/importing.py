"""Loads a strategy file as it is: what it imports of freqtrade is this adapter's `surface`.

The file runs with an import function of its own, so nothing is put under freqtrade's names for the rest of the process,
and an import inside of a method, which happens while the strategy runs, is answered as well. Its code is trusted as any
plugin that the host imports; see docs/freqtrade.md.
"""

import builtins
import sys
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from sniper_strategy_freqtrade import parameter_file
from sniper_strategy_freqtrade.errors import BadStrategy
from sniper_strategy_freqtrade.surface.interface import IStrategy

_OURS: Final = "sniper_strategy_freqtrade.surface"
MODULES: Final[Mapping[str, str]] = {
    "freqtrade.constants": "constants",
    "freqtrade.data.dataprovider": "dataprovider",
    "freqtrade.enums": "enums",
    "freqtrade.exceptions": "exceptions",
    "freqtrade.exchange": "exchange",
    "freqtrade.exchange.exchange_utils": "exchange",
    "freqtrade.persistence": "persistence",
    "freqtrade.persistence.trade_model": "persistence",
    "freqtrade.strategy": "strategy",
    "freqtrade.strategy.hyper": "parameters",
    "freqtrade.strategy.informative_decorator": "informative",
    "freqtrade.strategy.interface": "interface",
    "freqtrade.strategy.parameters": "parameters",
    "freqtrade.strategy.strategy_helper": "strategy",
    "freqtrade.vendor.qtpylib.indicators": "qtpylib",
    "technical.qtpylib": "qtpylib",
}
"""Modules that a strategy may import, and which of the surface each is."""
_FOUND: Final = "_sniper_found_parameters"
_ROOTS: Final = ("freqtrade", "technical")


class _Imports:
    """The import function of one strategy file. ``directory``: modules beside it are its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._built: dict[str, ModuleType] = {}
        self._beside: dict[str, ModuleType] = {}
        self.builtins = {**vars(builtins), "__import__": self}

    def __call__(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        root = name.partition(".")[0]
        if level == 0 and root in _ROOTS:
            found = self._surface(name, fromlist or ())
            return found if fromlist else self._package(root)
        if level <= 1 and "." not in name and name and (self._directory / f"{name}.py").is_file():
            return self._sibling(name)
        return builtins.__import__(name, globals, locals, fromlist or (), level)

    def _surface(self, name: str, wanted: Sequence[str]) -> ModuleType:
        if name not in MODULES and not any(each.startswith(f"{name}.") for each in MODULES):
            raise BadStrategy(f"it imports {name}, which is not there; there are {', '.join(sorted(MODULES))}")
        found = self._package(name)
        for attribute in wanted:
            if attribute != "*" and not hasattr(found, attribute):
                raise BadStrategy(f"it imports {attribute} from {name}, which is not there: see docs/freqtrade.md")
        return found

    def _package(self, name: str) -> ModuleType:
        """A module of that name, with those below it."""
        if name not in self._built:
            module = ModuleType(name)
            if name in MODULES:
                ours = vars(import_module(f"{_OURS}.{MODULES[name]}"))
                vars(module).update({key: value for key, value in ours.items() if key[0] != "_"})
            self._built[name] = module
            for below in {each[len(name) + 1 :].partition(".")[0] for each in MODULES if each.startswith(f"{name}.")}:
                setattr(module, below, self._package(f"{name}.{below}"))
        return self._built[name]

    def _sibling(self, name: str) -> ModuleType:
        if name not in self._beside:
            self._beside[name] = ModuleType(name)
            self.run(self._directory / f"{name}.py", self._beside[name])
        return self._beside[name]

    def run(self, path: Path, module: ModuleType) -> None:
        module.__file__ = str(path)
        vars(module)["__builtins__"] = self.builtins
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))  # noqa: S102  (what loading is)


def load(path: Path, name: str = "") -> type[IStrategy]:
    """The strategy of a file; ``name``: which, where it has several. What is beside it of found parameters is read as
    well, and `made` gives it to each instance.

    Raises `BadStrategy` for a file that does not load or holds no strategy, and for one of an older interface.
    """
    if not path.is_file():
        raise BadStrategy(f"{path}: there is no such file")
    module = ModuleType(f"sniper_freqtrade_{sha256(str(path).encode()).hexdigest()[:12]}")
    sys.modules[module.__name__] = module  # dataclasses look there for the names of annotations
    try:
        _Imports(path.parent).run(path, module)
    except BadStrategy as error:
        raise BadStrategy(f"{path}: {error}") from error
    except Exception as error:  # whatever the file's own code raises
        raise BadStrategy(f"{path} does not load: {type(error).__name__}: {error}") from error
    found = {each.__name__: each for each in _strategies(module)}
    if name and name not in found:
        raise BadStrategy(f"{path} has no strategy {name!r}; it has {', '.join(sorted(found)) or 'none'}")
    if not name and len(found) != 1:
        raise BadStrategy(
            f"{path} has {len(found)} strategies ({', '.join(sorted(found)) or 'a class derived from IStrategy'} is "
            "expected): name one"
        )
    strategy = found[name or next(iter(found))]
    _of_version_three(path, strategy)
    vars(module)[_FOUND] = parameter_file.read(path, strategy.__name__)
    return strategy


def _strategies(module: ModuleType) -> Iterator[type[IStrategy]]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, IStrategy) and value.__module__ == module.__name__:
            yield value


_OLD: Final = {
    "populate_buy_trend": "populate_entry_trend",
    "populate_sell_trend": "populate_exit_trend",
    "custom_sell": "custom_exit",
    "check_buy_timeout": "check_entry_timeout",
    "check_sell_timeout": "check_exit_timeout",
    "ticker_interval": "timeframe",
    "use_sell_signal": "use_exit_signal",
    "sell_profit_only": "exit_profit_only",
    "ignore_roi_if_buy_signal": "ignore_roi_if_entry_signal",
}
"""Names of versions 1 and 2, and what they are called in version 3."""


def _of_version_three(path: Path, strategy: type[IStrategy]) -> None:
    old = [f"{name} is called {new} now" for name, new in _OLD.items() if hasattr(strategy, name)]
    if strategy.INTERFACE_VERSION != 3 or old:
        version = f"INTERFACE_VERSION is {strategy.INTERFACE_VERSION}" if strategy.INTERFACE_VERSION != 3 else ""
        raise BadStrategy(
            f"{path}: {strategy.__name__} is not of interface version 3: {'; '.join(filter(None, (version, *old)))}. "
            "freqtrade strategy-updater rewrites such files"
        )
    missing = [name for name in ("timeframe", "stoploss") if not hasattr(strategy, name)]
    if "populate_entry_trend" not in {key for each in strategy.__mro__[:-2] for key in vars(each)}:
        missing.append("populate_entry_trend")
    if missing:
        raise BadStrategy(f"{path}: {strategy.__name__} lacks {', '.join(missing)}")


def made(strategy: type[IStrategy], config: dict[str, Any]) -> IStrategy:
    """An instance of it, with its parameters. Any: a config of freqtrade's.

    Raises `BadStrategy` where its constructor does, and for parameters that make no sense.
    """
    try:
        found = strategy(config)
    except Exception as error:  # the strategy's own code
        raise BadStrategy(f"{strategy.__name__} cannot be made: {type(error).__name__}: {error}") from error
    parameter_file.apply(found, vars(sys.modules.get(strategy.__module__, builtins)).get(_FOUND, {}))
    return found
