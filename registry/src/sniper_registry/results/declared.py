"""How a strategy is to be tried: ``results.toml`` in its package.

    [strategy.acme]
    instrument = "{instrument}"
    size = "10"

    [vary]
    fast = "5:30:5"

The section is what a trader would write, with ``{instrument}`` for the market's own; what is not in it has its
default. ``vary`` names the parameters that are searched, as ``sniper optimise --vary`` takes them. Nothing else may
stand there: fees, cash, fills and the market are the registry's.
"""

import re
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import tomlkit

from sniper.errors import SniperError

FILE: Final = "results.toml"
LONGEST: Final = 64 << 10
MOST_VARIED: Final = 6
INSTRUMENT: Final = "{instrument}"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,60}")
_KEY: Final = re.compile(r"[a-z][a-z0-9_.]{0,60}")
_RANGE: Final = re.compile(r"-?[0-9.]{1,20}:-?[0-9.]{1,20}(:[0-9.]{1,20}|:log)?")


class ResultsError(SniperError, ValueError):
    """Results cannot be computed."""

    code: ClassVar[str] = "results"


@dataclass(frozen=True)
class Declared:
    """``section``: of the config; ``vary``: ``LOW:HIGH[:STEP|:log]`` by its keys."""

    strategy: str
    section: dict[str, Any]  # Any: TOML
    vary: dict[str, str]

    def config(self, instrument: str) -> str:
        """The section for an instrument, as TOML."""
        document = tomlkit.document()
        outer = tomlkit.table(is_super_table=True)
        outer.add(self.strategy, _filled(self.section, instrument))
        document.add("strategy", outer)
        return tomlkit.dumps(document)

    def varied(self) -> tuple[str, ...]:
        """As ``--vary`` takes them."""
        return tuple(f"strategy.{self.strategy}.{key}={text}" for key, text in self.vary.items())


def from_wheel(wheel: Path) -> Declared:
    """What a wheel declares. Raises `ResultsError`."""
    try:
        with zipfile.ZipFile(wheel) as opened:
            found = [each for each in opened.infolist() if re.fullmatch(rf"[^/]+/{re.escape(FILE)}", each.filename)]
            if len(found) != 1:
                raise ResultsError(
                    f"{wheel.name} holds {len(found)} files {FILE} in a package, and results need one; "
                    f"write how the strategy is to be tried into it"
                )
            if found[0].file_size > LONGEST:
                raise ResultsError(f"{FILE} has {found[0].file_size:,} bytes; {LONGEST:,} are allowed")
            text = opened.read(found[0]).decode()
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise ResultsError(f"{wheel}: {error}; name a wheel") from error
    return parsed(text)


def parsed(text: str) -> Declared:
    """What a ``results.toml`` says. Raises `ResultsError`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ResultsError(f"{FILE} is not TOML: {error}") from error
    others = sorted(set(document) - {"strategy", "vary"})
    if others:
        raise ResultsError(f"{FILE}: {', '.join(others)} may not stand there; only [strategy.NAME] and [vary] may")
    sections = document.get("strategy")
    if not isinstance(sections, dict) or len(sections) != 1:
        raise ResultsError(f"{FILE} needs one section [strategy.NAME]: a result is one strategy's")
    [(name, section)] = sections.items()
    if not _NAME.fullmatch(name) or not isinstance(section, dict):
        raise ResultsError(f"{FILE}: {name!r} is no section of a strategy; write [strategy.NAME]")
    if INSTRUMENT not in _texts(section):
        raise ResultsError(f'{FILE}: no key of [strategy.{name}] is "{INSTRUMENT}", so it would not trade the market')
    return Declared(name, section, _vary(document.get("vary", {})))


def _vary(table: object) -> dict[str, str]:
    if not isinstance(table, dict) or len(table) > MOST_VARIED:
        raise ResultsError(f"{FILE}: [vary] is a table of {MOST_VARIED} parameters at most")
    for key, value in table.items():
        if not _KEY.fullmatch(key) or not isinstance(value, str) or not _RANGE.fullmatch(value):
            raise ResultsError(f'{FILE}: vary {key} = {value!r} is no range; write such as fast = "5:30:5"')
    return dict(table)


def _texts(value: object) -> set[str]:
    if isinstance(value, dict):
        return {text for each in value.values() for text in _texts(each)}
    if isinstance(value, list):
        return {text for each in value for text in _texts(each)}
    return {value} if isinstance(value, str) else set()


def _filled(value: Any, instrument: str) -> Any:  # Any: TOML
    if isinstance(value, dict):
        return {key: _filled(each, instrument) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, instrument) for each in value]
    return instrument if value == INSTRUMENT else value
