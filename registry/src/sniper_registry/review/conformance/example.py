"""The config that a release is tried with: what its own texts show, else its defaults."""

import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sniper_registry.catalogue.source import readme
from sniper_registry.results.declared import ResultsError, from_wheel
from sniper_sdk.builders import INSTRUMENT
from sniper_sdk.conformance.examples import OF_THE_CORE, shown_sections

COINS = ("ETH", "SOL", "XRP", "ADA", "DOT", "LTC", "UNI")
"""Of an example's further instruments."""


def example_section(
    wheel: Path, kind: str, name: str, schema: Mapping[str, Any]
) -> dict[str, Any] | None:  # Any: TOML, and JSON schema
    """The section of its README; else of a strategy that of its ``results.toml``; else the defaults, and for keys
    without one the first of their ``examples``. None where a key has neither."""
    for section in _shown(wheel, kind, name):
        return {key: value for key, value in section.items() if key not in OF_THE_CORE}
    values: dict[str, Any] = {}
    for key in schema.get("required", ()):
        examples = schema.get("properties", {}).get(key, {}).get("examples")
        if not examples:
            return None
        values[key] = examples[0]
    return values


def _shown(wheel: Path, kind: str, name: str) -> Iterator[dict[str, Any]]:
    try:
        for document in shown_sections(readme(wheel)):
            section = document.get(kind, {}).get(name) if isinstance(document.get(kind, {}), dict) else None
            if isinstance(section, dict):
                yield section
    except (tomllib.TOMLDecodeError, RecursionError):  # a README that shows another thing than TOML shows no example
        pass
    if kind == "strategy":
        try:
            declared = from_wheel(wheel)
        except (ResultsError, zipfile.BadZipFile):
            return
        exchange = INSTRUMENT.partition(":")[0]
        of_the_world = [INSTRUMENT, *(f"{exchange}:{coin}/USDT" for coin in COINS)]
        if declared.strategy == name:
            yield tomllib.loads(declared.config(of_the_world))["strategy"][name]
