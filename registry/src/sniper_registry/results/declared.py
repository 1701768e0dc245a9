"""How a strategy is to be tried: ``results.toml`` in its package.

    [strategy.acme]
    instrument = "{instrument}"
    size = "10"

    [vary]
    fast = "5:30:5"

The section is what a trader would write, with ``{instrument}`` for the market's own; what is not in it has its
default. A strategy of several has ``{instrument}``, ``{instrument:2}`` and so on, up to 8; ``{base:2}`` is the coin of
the second, also as a key, and ``{exchange}`` the place of all. ``vary`` names the parameters that are searched, as
``sniper optimise --vary`` takes them. Nothing else may stand there: fees, cash, fills and the market are the
registry's.
"""

import re
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import tomlkit

from sniper.errors import SniperError
from sniper_registry.wheel import UNPACKING

FILE: Final = "results.toml"
LONGEST: Final = 64 << 10
MOST_VARIED: Final = 6
INSTRUMENT: Final = "{instrument}"
MOST_INSTRUMENTS: Final = 8
_BLANK: Final = re.compile(r"\{(instrument|base)(?::([1-9][0-9]?))?\}|\{(exchange)\}")
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

    @property
    def instruments(self) -> int:
        """How many it trades."""
        return _numbered(self.section)

    def config(self, instruments: Sequence[str]) -> str:
        """The section for these instruments (such as ``binance:BTC/USDT``), all of one exchange, as TOML."""
        document = tomlkit.document()
        outer = tomlkit.table(is_super_table=True)
        outer.add(self.strategy, _filled(self.section, instruments))
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
    except ResultsError:
        raise
    except UNPACKING as error:
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
    if not _numbered(section):
        raise ResultsError(f'{FILE}: no key of [strategy.{name}] is "{INSTRUMENT}", so it would not trade the market')
    if _numbered(section) > MOST_INSTRUMENTS:
        raise ResultsError(f"{FILE}: a market has {MOST_INSTRUMENTS} instruments at most, not {_numbered(section)}")
    return Declared(name, section, _vary(document.get("vary", {})))


def _vary(table: object) -> dict[str, str]:
    if not isinstance(table, dict) or len(table) > MOST_VARIED:
        raise ResultsError(f"{FILE}: [vary] is a table of {MOST_VARIED} parameters at most")
    for key, value in table.items():
        if not _KEY.fullmatch(key) or not isinstance(value, str) or not _RANGE.fullmatch(value):
            raise ResultsError(f'{FILE}: vary {key} = {value!r} is no range; write such as fast = "5:30:5"')
    return dict(table)


def _numbered(section: object) -> int:
    """The greatest number of an instrument that stands there; 0: none does."""
    found = [_BLANK.fullmatch(text) for text in _texts(section)]
    return max((int(each[2] or 1) for each in found if each and each[1]), default=0)


def _texts(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {text for each in value.values() for text in _texts(each)}
    if isinstance(value, list):
        return {text for each in value for text in _texts(each)}
    return {value} if isinstance(value, str) else set()


def _filled(value: Any, instruments: Sequence[str]) -> Any:  # Any: TOML
    if isinstance(value, dict):
        return {_filled(key, instruments): _filled(each, instruments) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, instruments) for each in value]
    blank = _BLANK.fullmatch(value) if isinstance(value, str) else None
    if blank is None:
        return value
    if blank[3]:
        return instruments[0].partition(":")[0]
    instrument = instruments[int(blank[2] or 1) - 1]
    return instrument if blank[1] == "instrument" else instrument.partition(":")[2].partition("/")[0]
