"""Python made at run time: one function per struct class, without a loop or a call where a value needs none."""

from collections.abc import Callable, Iterable
from typing import Any


def convert(variable: str, function: str, as_is: str | None) -> str:
    """The line that converts a variable, unless ``as_is`` holds for it."""
    call = f"{variable} = {function}({variable})"
    return f" {call}" if as_is is None else f" if not ({as_is.format(v=variable)}): {call}"


def make(lines: list[str], names: dict[str, Any]) -> Callable[..., Any]:
    """Compile one function ``made``. Its text holds field names, numbers and the repr of tags and of the texts of a
    Literal, nothing else."""
    exec("\n".join(lines), names)  # noqa: S102
    made: Callable[..., Any] = names["made"]
    return made


def each(function: Callable[[Any], Any], as_is: str | None) -> Callable[[Iterable[Any]], list[Any]]:
    """A function that converts each of many values."""
    item = "f(v)" if as_is is None else f"v if {as_is.format(v='v')} else f(v)"
    return make(["def made(values):", f" return [{item} for v in values]"], {"f": function})
