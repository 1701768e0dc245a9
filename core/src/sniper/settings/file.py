"""Where the config file is, and its TOML. Light: the command line reads it before anything heavy is imported."""

import os
import tomllib
from pathlib import Path
from typing import Any

from sniper.errors import ConfigError

NAME = "sniper.toml"
VARIABLE = "SNIPER_CONFIG"


def locate(given: Path | None = None) -> Path | None:
    """The config file: the given one, else ``$SNIPER_CONFIG``, ``./sniper.toml``, the user's own; None where none is.

    Raises `ConfigError` where a file that was named does not exist.
    """
    named = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is not None:
        if not named.is_file():
            raise ConfigError(f"{named}: there is no such file; write one with: sniper init {named}")
        return named
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return next((path for path in (Path(NAME), home / "sniper" / NAME) if path.is_file()), None)


def demand(given: Path | None = None) -> Path:
    """The same, for commands that need one. Raises `ConfigError` where there is none."""
    found = locate(given)
    if found is None:
        raise ConfigError(f"there is no config file; write {NAME} with: sniper init, or name one with --config FILE")
    return found


def read(path: Path) -> dict[str, Any]:
    """The file's tables. Raises `ConfigError`, with line and column where it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; check its owner and mode") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML: {error}; texts need quotes, tables [brackets]") from error


def disabled(document: dict[str, Any]) -> tuple[str, ...]:
    """``[plugins] disable``, as far as it has the right form; `sniper.settings.model` says where it has not."""
    plugins = document.get("plugins")
    names = plugins.get("disable") if isinstance(plugins, dict) else None
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
