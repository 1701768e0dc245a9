"""What is wrong with a config file, in words: file, section, key, value, and what to do."""

import json
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from sniper.catalogue import nearest
from sniper.settings.secrets import SECRET_KEY


def complaint(source: Path, section: Sequence[str], message: str) -> str:
    """One line: ``file: [section] message``."""
    return f"{source}: [{'.'.join(section)}] {message}" if section else f"{source}: {message}"


def complaints(
    error: ValidationError, source: Path, section: Sequence[str], model: type[BaseModel], document: Any
) -> Iterator[str]:
    """One line for each mistake.

    section   Where ``model`` begins in the file, such as ``("risk", "limits")``.
    document  The tables below it, as they were read. Any: TOML.
    """
    for mistake in error.errors(include_url=False):
        location = tuple(mistake["loc"])
        if not location:  # of a whole section, which may name several mistakes
            for line in _reason(mistake).splitlines():
                yield complaint(source, section, line)
            continue
        tables, keys = _split(location, document)
        field, siblings = _field(model, location)
        yield complaint(source, (*section, *tables), _message(mistake, keys, field, siblings))


def _message(mistake: Any, keys: Sequence[str | int], field: FieldInfo | None, siblings: Sequence[str]) -> str:
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in keys).lstrip(".")
    what = f" ({field.description.rstrip('.')})" if field and field.description else ""
    if mistake["type"] == "missing":
        return f"{key} is missing; set it{what}"
    secret = SECRET_KEY.search(key.lower()) or (field and _is_secret(field.annotation))
    value = "(hidden)" if secret else _shown(mistake["input"])
    if mistake["type"] == "extra_forbidden":
        known = ", ".join(siblings) or "none"
        return f"{key} = {value}: unknown key{nearest(str(keys[-1]), siblings)} (known: {known})"
    return f"{key} = {value}: {_reason(mistake)}{what}"


def _reason(mistake: Any) -> str:
    message = str(mistake["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _shown(value: object) -> str:
    """As TOML writes it, nearly, cut to a readable length."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"


def _split(location: Sequence[str | int], document: Any) -> tuple[list[str], list[str | int]]:
    """The tables that a location passes through, and the key in the last of them."""
    tables: list[str] = []
    here = document
    for position, part in enumerate(location):
        inner = here.get(part) if isinstance(here, dict) else None
        if not isinstance(inner, dict) or position == len(location) - 1:
            # pydantic adds names of its own (union members, validators) behind what stands in the file.
            return tables, _real(location[position:], here)
        tables.append(str(part))
        here = inner
    return tables, []


def _real(keys: Sequence[str | int], here: Any) -> list[str | int]:
    found: list[str | int] = [keys[0]]
    value = here.get(keys[0]) if isinstance(here, dict) else None
    for part in keys[1:]:
        if not (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            break
        found.append(part)
        value = value[part]
    return found


def _field(model: type[BaseModel], location: Sequence[str | int]) -> tuple[FieldInfo | None, list[str]]:
    """The field at a location, and the keys that its table knows."""
    here: type[BaseModel] | None = model
    field: FieldInfo | None = None
    parts = iter(location)
    for part in parts:
        if here is None:
            break
        siblings = [name for name in here.model_fields if not name.startswith("_")]
        field = here.model_fields.get(str(part))
        if field is None:
            return None, siblings
        inner = _inner(field.annotation)
        if inner is not None and typing.get_origin(field.annotation) is dict:
            next(parts, None)
        here = inner
    return field, siblings


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The model behind an annotation such as ``dict[str, Model]`` or ``Model | None``."""
    candidates = typing.get_args(annotation) or (annotation,)
    models = [each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel)]
    return models[0] if models else None


def _is_secret(annotation: Any) -> bool:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return any(_is_secret(each) for each in typing.get_args(annotation))
    return annotation in (SecretStr, SecretBytes)
