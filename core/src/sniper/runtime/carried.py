"""Arguments and results of a function, as bytes: what travels to a worker process and back, and what is the same
question.

A function says the types of its parameters and of what it returns; they are encoded by the canonical codec, so they are
messages or plain data. A function is carried by its name, and found again by importing its module.
"""

import inspect
import sys
import typing
from collections.abc import Callable, Generator
from functools import lru_cache
from importlib import import_module
from typing import Any

import msgspec

from sniper.codec import decode, encode
from sniper.errors import CodecError, PluginError
from sniper.plugin import Frozen

Function = Callable[..., Any]
"""Any: each function has its own types, which are read from it."""


class Carrier:
    """How the arguments and the result of one function are written and read."""

    def __init__(self, function: Function) -> None:
        self.name = name_of(function)
        self._signature = inspect.signature(function)
        try:
            hints = typing.get_type_hints(function)
        except NameError as error:
            raise PluginError(
                f"{self.name}: {error}; import the types that it names outside of TYPE_CHECKING"
            ) from error
        missing = [name for name in (*self._signature.parameters, "return") if name not in hints]
        if missing:
            raise PluginError(f"{self.name} does not say the type of {', '.join(missing)}: annotate it")
        result = hints.pop("return")
        if typing.get_origin(result) is Generator:
            result = typing.get_args(result)[2]
        fields = [(name, hints[name]) for name in self._signature.parameters]
        self._arguments = _struct("Arguments", fields)
        self._result = _struct("Result", [("value", result)])

    def write(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
        """Raises `CodecError` for arguments of other types, `TypeError` for too many or too few."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return encode(self._arguments(**bound.arguments))

    def read(self, data: bytes) -> dict[str, Any]:
        """The arguments, by name. Raises `CodecError`."""
        return msgspec.structs.asdict(decode(data, self._arguments))

    def write_result(self, value: Any) -> bytes:
        """Raises `CodecError` for a result of another type than the function says."""
        return encode(self._result(value=value))

    def read_result(self, data: bytes) -> Any:
        """Raises `CodecError`."""
        return decode(data, self._result).value


@lru_cache(maxsize=1024)
def carrier(function: Function) -> Carrier:
    """Raises `PluginError` for a function that cannot be carried."""
    return Carrier(function)


def name_of(function: Function) -> str:
    """``"module:name"``. Raises `PluginError` for anything but a function at the top level of a module."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    holder = sys.modules.get(module or "")
    if not inspect.isfunction(function) or holder is None or getattr(holder, name, None) is not function:
        raise PluginError(f"{function!r} cannot run in a worker: give a function at the top level of a module")
    return f"{module}:{name}"


def found(name: str) -> Function:
    """The function of this name. Raises `PluginError`."""
    module, _, attribute = name.partition(":")
    try:
        function = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise PluginError(f"{name} cannot be imported in a worker: {error}") from error
    if not inspect.isfunction(function):
        raise PluginError(f"{name} is no function")
    return function


def _struct(name: str, fields: list[tuple[str, Any]]) -> Any:
    """A message class with these fields. Any: it is made here, so nothing can name it."""
    made = msgspec.defstruct(name, fields, bases=(Frozen,), frozen=True, kw_only=True, array_like=True)
    for field, declared in fields:
        if declared is Any:
            raise PluginError(f"{field} is declared as Any, which cannot travel: say the type")
    return made


__all__ = ["Carrier", "CodecError", "Function", "carrier", "found", "name_of"]
