"""Contract calls and events as bytes: selectors, topics, and codecs compiled once per signature.

Layout: Solidity ABI specification, "Formal Specification of the Encoding" and "Events". Static results and events are
decoded by generated straight-line code (about 1 µs for a pool's Sync); results with dynamic types go through eth_abi,
which is imported only when such a signature is compiled. Encoding is complete here.

Decoding is strict: static data must have exactly the length of its types, and bits outside a type must be zero (or the
sign). A node or a contract that returns something else is told apart from a right answer instead of half-read.

Values: uintN and intN are ``int``; address and the topic of an indexed dynamic parameter are lower-case ``0x`` strings;
bytes and bytesN are ``bytes``; arrays and structs are tuples.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, cast

from sniper.errors import CodecError
from sniper.evm.keccak import keccak256
from sniper.evm.signature import Kind, Parameter, Type, parse

__all__ = ["Event", "Function", "event", "event_topic", "function", "function_selector", "keccak256"]

# Any: what a signature's types decode to is known only at run time.
Decoder = Callable[[bytes], tuple[Any, ...]]
Encoder = Callable[[Any], bytes]

_FAILURES: Final = (TypeError, ValueError, AttributeError, OverflowError, KeyError)


class Function:
    """A compiled function.

    ``encode(*arguments)`` is the calldata; ``decode(return_data)`` the results, a tuple even for one; ``decode_call``
    the arguments of calldata, selector included. All raise `CodecError`.
    """

    __slots__ = ("_decode_inputs", "_inputs", "decode", "encode", "selector", "signature")

    signature: str
    selector: bytes
    encode: Callable[..., bytes]
    decode: Decoder

    def __init__(self, signature: str) -> None:
        parsed = parse(signature)
        for parameter in parsed.parameters + parsed.results:
            if parameter.indexed:
                raise CodecError(f"{signature!r}: only an event's parameters can be indexed")
        self.signature = parsed.canonical
        self.selector = keccak256(parsed.canonical.encode())[:4]
        inputs = [parameter.type for parameter in parsed.parameters]
        self.encode = _call_encoder(self.signature, self.selector, inputs)
        self.decode = _decoder(f"results of {self.signature}", [result.type for result in parsed.results])
        self._inputs = inputs
        self._decode_inputs: Decoder | None = None

    def decode_call(self, calldata: bytes) -> tuple[Any, ...]:
        """Compiled on first use: most functions are only ever called."""
        if calldata[:4] != self.selector:
            raise CodecError(
                f"calldata 0x{calldata[:4].hex()}… is no call of {self.signature} (0x{self.selector.hex()})"
            )
        if self._decode_inputs is None:
            self._decode_inputs = _decoder(f"arguments of {self.signature}", self._inputs)
        return self._decode_inputs(calldata[4:])

    def __repr__(self) -> str:
        return f"function({self.signature!r})"


class Event:
    """A compiled event.

    ``topic`` is the first topic of its logs; ``decode(topics, data)`` gives all parameters in the order of the
    signature, or raises `CodecError` for another event's log (ERC-20 and ERC-721 share Transfer's topic but not the
    number of topics).
    """

    __slots__ = ("decode", "signature", "topic")

    signature: str
    topic: str
    decode: Callable[[tuple[str, ...], bytes], tuple[Any, ...]]

    def __init__(self, signature: str) -> None:
        parsed = parse(signature)
        if parsed.results:
            raise CodecError(f"{signature!r}: an event has no results")
        if sum(parameter.indexed for parameter in parsed.parameters) > 3:
            raise CodecError(f"{signature!r}: at most three parameters can be indexed")
        self.signature = parsed.canonical
        self.topic = "0x" + keccak256(parsed.canonical.encode()).hex()
        self.decode = _event_decoder(self.signature, self.topic, parsed.parameters)

    def __repr__(self) -> str:
        return f"event({self.signature!r})"


@lru_cache(maxsize=4096)
def function(signature: str) -> Function:
    """``"balanceOf(address)(uint256)"``, compiled once and kept."""
    return Function(signature)


@lru_cache(maxsize=4096)
def event(signature: str) -> Event:
    """``"Transfer(address indexed from, address indexed to, uint256 value)"``, compiled once and kept."""
    return Event(signature)


def function_selector(signature: str) -> bytes:
    """The four bytes before a call's arguments."""
    return function(signature).selector


def event_topic(signature: str) -> str:
    """The first topic of an event's logs."""
    return event(signature).topic


# Encoding


def _call_encoder(signature: str, selector: bytes, types: Sequence[Type]) -> Callable[..., bytes]:
    """Heads are straight-line code, since a swap is encoded between an event and its order."""
    names = [f"a{index}" for index in range(len(types))]
    space: dict[str, Any] = {"_zeros": _ZERO_RUNS, "_selector": selector}
    lines, heads, tails = [], ["_selector"], []
    size = sum(type_.words for type_ in types) * 32
    offset = str(size)
    for name, type_ in zip(names, types, strict=True):
        if type_.kind is Kind.UINT and type_.size:
            padding = 32 - type_.size // 8
            heads.append((f"_zeros[{padding}] + " if padding else "") + f"{name}.to_bytes({type_.size // 8}, 'big')")
            continue
        space[f"e_{name}"] = _encoder(type_)
        if not type_.dynamic:
            heads.append(f"e_{name}({name})")
            continue
        lines.append(f"  t_{name} = e_{name}({name})")
        heads.append(f"({offset}).to_bytes(32, 'big')")
        offset += f" + len(t_{name})"
        tails.append(f"t_{name}")
    space["_refuse"] = lambda arguments, cause: CodecError(f"{signature} cannot be called with {arguments!r}: {cause}")
    space["_failures"] = _FAILURES
    return _generated(
        f"encode {signature}",
        [
            f"def encode({', '.join([*names, '/']) if names else ''}):",
            " try:",
            *lines,
            f"  return {' + '.join(heads + tails)}",
            " except _failures as cause:",
            f"  raise _refuse(({''.join(name + ', ' for name in names)}), cause) from None",
        ],
        space,
    )


def _encoder(type_: Type) -> Encoder:
    size = type_.size or 0
    match type_.kind:
        case Kind.UINT:
            padding, width = bytes(32 - size // 8), size // 8
            return lambda value: padding + value.to_bytes(width, "big")
        case Kind.INT:
            return _int_encoder(size // 8)
        case Kind.ADDRESS:
            return _address_word
        case Kind.BOOL:
            return _bool_word
        case Kind.FIXED_BYTES:
            return _fixed_bytes_encoder(size)
        case Kind.BYTES:
            return _bytes_tail
        case Kind.STRING:
            return lambda value: _bytes_tail(value.encode())
        case Kind.TUPLE:
            return _sequence_encoder(type_.parts)
        case Kind.ARRAY:
            return _array_encoder(type_)


def _int_encoder(width: int) -> Encoder:
    positive, negative = bytes(32 - width), b"\xff" * (32 - width)

    def encode(value: int) -> bytes:
        return (negative if value < 0 else positive) + value.to_bytes(width, "big", signed=True)

    return encode


@lru_cache(maxsize=4096)
def _address_word(value: str) -> bytes:
    if len(value) != 42 or value[:2] != "0x":
        raise ValueError(f"{value!r} is no address")
    raw = bytes.fromhex(value[2:])
    if len(raw) != 20:
        raise ValueError(f"{value!r} is no address")
    return bytes(12) + raw


def _bool_word(value: bool) -> bytes:
    if value is not True and value is not False:
        raise TypeError(f"{value!r} is no bool")
    return value.to_bytes(32, "big")


def _fixed_bytes_encoder(size: int) -> Encoder:
    padding = bytes(32 - size)

    def encode(value: bytes) -> bytes:
        if not isinstance(value, bytes) or len(value) != size:
            raise ValueError(f"{value!r} is not {size} bytes")
        return value + padding

    return encode


def _bytes_tail(value: bytes) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"{value!r} is not bytes")
    return len(value).to_bytes(32, "big") + value + bytes(-len(value) % 32)


def _sequence_encoder(types: Sequence[Type]) -> Encoder:
    encoders = [(type_.dynamic, _encoder(type_)) for type_ in types]
    head_size = sum(type_.words for type_ in types) * 32

    def encode(values: Sequence[Any]) -> bytes:
        if len(values) != len(encoders) or isinstance(values, str | bytes):
            raise ValueError(f"{values!r} does not have {len(encoders)} members")
        heads, tails, offset = [], [], head_size
        for (dynamic, encoder), value in zip(encoders, values, strict=True):
            part = encoder(value)
            if dynamic:
                heads.append(offset.to_bytes(32, "big"))
                tails.append(part)
                offset += len(part)
            else:
                heads.append(part)
        return b"".join(heads + tails)

    return encode


def _array_encoder(type_: Type) -> Encoder:
    element = type_.parts[0]
    if type_.size is not None:
        return _sequence_encoder([element] * type_.size)
    if element.dynamic:
        return lambda values: len(values).to_bytes(32, "big") + _sequence_encoder([element] * len(values))(values)
    encoder = _encoder(element)

    def encode(values: Sequence[Any]) -> bytes:
        return len(values).to_bytes(32, "big") + b"".join([encoder(value) for value in values])

    return encode


# Decoding


def _decoder(what: str, types: Sequence[Type]) -> Decoder:
    if any(type_.dynamic for type_ in types):
        return _dynamic_decoder(what, types)
    size = sum(type_.words for type_ in types) * 32
    lines: list[str] = []
    expressions, offset = [], 0
    for type_ in types:
        expressions.append(_read(type_, offset, lines))
        offset += type_.words * 32
    return _generated(
        f"decode {what}",
        [
            "def decode(data):",
            f" if len(data) != {size}:",
            "  raise _wrong_length(data)",
            *lines,
            f" return ({''.join(expression + ', ' for expression in expressions)})",
        ],
        {**_READING, "_wrong_length": _wrong_length(what, size), "_dirty": _dirty(what)},
    )


def _event_decoder(
    signature: str, topic: str, parameters: Sequence[Parameter]
) -> Callable[[tuple[str, ...], bytes], tuple[Any, ...]]:
    """Topics and data are read as one buffer, topics first, so that both take the same straight-line code."""
    what = f"log of {signature}"
    topics = 1 + sum(parameter.indexed for parameter in parameters)
    plain = [parameter.type for parameter in parameters if not parameter.indexed]
    dynamic = any(type_.dynamic for type_ in plain)
    lines: list[str] = []
    expressions = []
    topic_offset, data_offset, position = 0, (topics - 1) * 32, 0
    for parameter in parameters:
        if parameter.indexed:
            # The topic of a dynamic, array or struct parameter is a hash of the value, which it does not reveal.
            hashed = parameter.type.dynamic or parameter.type.parts
            type_ = Type(Kind.FIXED_BYTES, "bytes32", 32) if hashed else parameter.type
            expression = _read(type_, topic_offset, lines)
            expressions.append(f"'0x' + {expression}.hex()" if hashed else expression)
            topic_offset += 32
        elif dynamic:
            expressions.append(f"rest[{position}]")
            position += 1
        else:
            expressions.append(_read(parameter.type, data_offset, lines))
            data_offset += parameter.type.words * 32
    size = (topics - 1) * 32 if dynamic else data_offset
    indexed = "".join(f"topics[{index}][2:]" + (" + " if index < topics - 1 else "") for index in range(1, topics))
    return _generated(
        f"decode {what}",
        [
            "def decode(topics, data):",
            f" if len(topics) != {topics} or topics[0] != _topic:",
            "  raise _other_event(topics)",
            *([" rest = _rest(data)"] if dynamic else []),
            *(
                [
                    " try:",
                    f"  data = bytes.fromhex({indexed})" + ("" if dynamic else " + data"),
                    " except ValueError:",
                    "  raise _other_event(topics) from None",
                ]
                if indexed
                else []
            ),
            *([] if dynamic and not indexed else [f" if len(data) != {size}:", "  raise _wrong_length(data)"]),
            *lines,
            f" return ({''.join(expression + ', ' for expression in expressions)})",
        ],
        {
            **_READING,
            "_topic": topic,
            "_rest": _decoder(what, plain) if dynamic else None,
            "_other_event": lambda found: CodecError(
                f"topics {found!r} are not those of {signature}: expected {topics} of 32 bytes, the first {topic}"
            ),
            "_wrong_length": _wrong_length(what, size),
            "_dirty": _dirty(what),
        },
    )


def _read(type_: Type, offset: int, lines: list[str]) -> str:
    """Append the lines that read and check the static type at ``offset``; return the expression of its value."""
    if type_.parts:
        parts = type_.parts * (type_.size or 1) if type_.kind is Kind.ARRAY else type_.parts
        expressions = []
        for part in parts:
            expressions.append(_read(part, offset, lines))
            offset += part.words * 32
        return f"({''.join(expression + ', ' for expression in expressions)})"
    name, word, size = f"w{offset}", f"data[{offset}:{offset + 32}]", type_.size or 0
    dirty = f"  raise _dirty({type_.text!r}, {word})"
    match type_.kind:
        case Kind.UINT:
            lines.append(f" {name} = _int({word}, 'big')")
            if size < 256:
                lines += [f" if {name} > {(1 << size) - 1}:", dirty]
        case Kind.INT:
            lines.append(f" {name} = _int({word}, 'big', signed=True)")
            if size < 256:
                lines += [f" if not {-(1 << size - 1)} <= {name} < {1 << size - 1}:", dirty]
        case Kind.ADDRESS:
            lines += [f" if data[{offset}:{offset + 12}] != _zeros[12]:", dirty]
            return f"'0x' + data[{offset + 12}:{offset + 32}].hex()"
        case Kind.BOOL:
            lines += [f" {name} = _int({word}, 'big')", f" if {name} > 1:", dirty]
            return f"{name} == 1"
        case Kind.FIXED_BYTES:
            if size < 32:
                lines += [f" if data[{offset + size}:{offset + 32}] != _zeros[{32 - size}]:", dirty]
            return f"data[{offset}:{offset + size}]"
        case _:
            raise AssertionError(f"{type_.text} is not static")
    return name


def _dynamic_decoder(what: str, types: Sequence[Type]) -> Decoder:
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    texts = [type_.text for type_ in types]

    def decode_dynamic(data: bytes) -> tuple[Any, ...]:
        try:
            return tuple(decode(texts, data))
        except (DecodingError, OverflowError, ValueError) as cause:
            raise CodecError(f"{what}: {_excerpt(data)} is no ({','.join(texts)}): {cause}") from None

    return decode_dynamic


_ZERO_RUNS: Final = tuple(bytes(size) for size in range(33))
_READING: Final[dict[str, Any]] = {"_int": int.from_bytes, "_zeros": _ZERO_RUNS}


def _wrong_length(what: str, size: int) -> Callable[[bytes], CodecError]:
    return lambda data: CodecError(f"{what}: expected {size} bytes, got {len(data)}: {_excerpt(data)}")


def _dirty(what: str) -> Callable[[str, bytes], CodecError]:
    return lambda text, word: CodecError(f"{what}: 0x{word.hex()} is no {text}")


def _excerpt(data: bytes) -> str:
    return f"0x{data[:64].hex()}" + ("…" if len(data) > 64 else "")


def _generated(name: str, lines: Sequence[str], space: dict[str, Any]) -> Callable[..., Any]:
    """The one function that ``lines`` define. They hold type widths and offsets, never a caller's text."""
    exec(compile("\n".join(lines), f"<{name}>", "exec"), space)  # noqa: S102
    return cast("Callable[..., Any]", space[lines[0].split("(")[0].removeprefix("def ")])
