"""Human signatures, parsed: ``"Sync(uint112 reserve0, uint112 reserve1)"``, ``"balanceOf(address)(uint256)"``.

The types are those of the Solidity ABI specification ("Types" and "Function Selector"); a second parenthesis holds the
results of a function. Parameter names are allowed and dropped; ``uint`` and ``int`` mean their 256-bit forms.
"""

import re
from enum import Enum
from typing import NamedTuple

from sniper.errors import CodecError

__all__ = ["Kind", "Parameter", "Signature", "Type", "parse"]

_TOKEN = re.compile(r"\s*(?:([A-Za-z_$][\w$]*)|(\[\d*\])|([(),]))")
_ELEMENTARY = re.compile(r"(uint|int|bytes)(\d+)")


class Kind(Enum):
    UINT = "uint"
    INT = "int"
    ADDRESS = "address"
    BOOL = "bool"
    FIXED_BYTES = "bytesN"
    BYTES = "bytes"
    STRING = "string"
    TUPLE = "tuple"
    ARRAY = "array"


class Type(NamedTuple):
    """One ABI type. ``size``: bits of an integer, bytes of ``bytesN``, length of an array (None when it is dynamic)."""

    kind: Kind
    text: str
    size: int | None = None
    parts: tuple["Type", ...] = ()

    @property
    def dynamic(self) -> bool:
        if self.kind is Kind.ARRAY:
            return self.size is None or self.parts[0].dynamic
        return self.kind in (Kind.BYTES, Kind.STRING) or any(part.dynamic for part in self.parts)

    @property
    def words(self) -> int:
        """How many 32-byte words the head takes."""
        if self.dynamic:
            return 1
        if self.kind is Kind.ARRAY:
            return (self.size or 0) * self.parts[0].words
        return sum(part.words for part in self.parts) if self.kind is Kind.TUPLE else 1


class Parameter(NamedTuple):
    type: Type
    indexed: bool


class Signature(NamedTuple):
    name: str
    parameters: tuple[Parameter, ...]
    results: tuple[Parameter, ...]

    @property
    def canonical(self) -> str:
        """What is hashed for a selector or a topic."""
        return f"{self.name}({','.join(parameter.type.text for parameter in self.parameters)})"


def parse(text: str) -> Signature:
    """Raises `CodecError` with the position when ``text`` is no signature."""
    reader = _Reader(text)
    name = reader.word()
    if name is None:
        raise reader.error("a name")
    parameters = reader.parameters()
    results = () if reader.done else reader.parameters()
    if not reader.done:
        raise reader.error("the end")
    return Signature(name, parameters, results)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def error(self, expected: str) -> CodecError:
        return CodecError(
            f"{self.text!r} is no ABI signature: expected {expected} at position {self.position}; "
            'write it like "balanceOf(address)(uint256)"'
        )

    @property
    def done(self) -> bool:
        return not self.text[self.position :].strip()

    def take(self, group: int) -> str | None:
        match = _TOKEN.match(self.text, self.position)
        if match is None or match.group(group) is None:
            return None
        self.position = match.end()
        return str(match.group(group))

    def word(self) -> str | None:
        return self.take(1)

    def punctuation(self, *wanted: str) -> str:
        start = self.position
        found = self.take(3)
        if found not in wanted:
            self.position = start
            raise self.error(" or ".join(wanted))
        return found

    def parameters(self) -> tuple[Parameter, ...]:
        self.punctuation("(")
        start = self.position
        if self.take(3) == ")":
            return ()
        self.position = start
        found = []
        while True:
            type_ = self.type()
            label = self.word()
            indexed = label == "indexed"
            if indexed:
                self.word()
            found.append(Parameter(type_, indexed))
            if self.punctuation(",", ")") == ")":
                return tuple(found)

    def type(self) -> Type:
        start = self.position
        word = self.word()
        if word is None or word == "tuple":
            parts = tuple(parameter.type for parameter in self.parameters())
            result = Type(Kind.TUPLE, f"({','.join(part.text for part in parts)})", None, parts)
        else:
            elementary = _elementary(word)
            if elementary is None:
                self.position = start
                raise self.error("an ABI type")
            result = elementary
        while (brackets := self.take(2)) is not None:
            size = int(brackets[1:-1]) if brackets != "[]" else None
            if size == 0:
                raise self.error("an array length above 0 before")
            result = Type(Kind.ARRAY, result.text + brackets, size, (result,))
        return result


def _elementary(word: str) -> Type | None:
    match word:
        case "uint" | "int":
            return Type(Kind(word), f"{word}256", 256)
        case "address" | "bool" | "bytes" | "string":
            return Type(Kind(word), word)
    match = _ELEMENTARY.fullmatch(word)
    if match is None or match[2].startswith("0"):
        return None
    size = int(match[2])
    if match[1] == "bytes":
        return Type(Kind.FIXED_BYTES, word, size) if size <= 32 else None
    return Type(Kind(match[1]), word, size) if size <= 256 and size % 8 == 0 else None
