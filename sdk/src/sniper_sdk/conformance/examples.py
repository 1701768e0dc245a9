"""The example config of a plugin: what its README shows, which therefore has to be right."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import importlib_metadata

from sniper.catalogue import Extension, Origin, config_model
from sniper.config import Config

_FENCE = "```"
OF_THE_CORE = frozenset({"plugin", "sizer", "exits", "venue"})
"""Keys of a strategy's section that are not the plugin's own."""


def readme(origin: Origin) -> str:
    """The README of a distribution, as its source or its metadata has it; empty where there is none."""
    if origin.editable:
        file = Path(origin.location) / "README.md"
        return file.read_text() if file.is_file() else ""
    metadata = importlib_metadata.distribution(origin.distribution).metadata
    return str(metadata.get("Description") or metadata.get_payload() or "")  # type: ignore[attr-defined]


def shown_sections(text: str) -> Iterator[dict[str, Any]]:
    """Every TOML block of a README. Raises `tomllib.TOMLDecodeError` for one that is none."""
    for block in text.split(f"{_FENCE}toml\n")[1:]:
        yield tomllib.loads(block.partition(f"\n{_FENCE}")[0])


def example_config(extension: Extension, cls: type) -> Config | None:
    """The config that the README shows under ``[kind.name]``; else the defaults, and for keys without one the first of
    their ``examples``; None where a key has neither. Raises pydantic's ``ValidationError`` for what the model refuses.
    """
    model = config_model(cls)
    kind, name = extension.key
    for document in shown_sections(readme(extension.origin)):
        section = document.get(kind, {}).get(name)
        if section is not None:
            return model.model_validate({key: value for key, value in section.items() if key not in OF_THE_CORE})
    values = {}
    for key, field in model.model_fields.items():
        if field.is_required():
            if not field.examples:
                return None
            values[key] = field.examples[0]
    return model.model_validate(values)
