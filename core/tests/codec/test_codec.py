"""The canonical codec. ``python test_codec.py`` prints the golden vectors; they change only with the format."""

import math
import os
import subprocess
import sys
import types
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Literal, NewType

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper import codec, events
from sniper.errors import CodecError
from sniper.plugin import Frozen, State

pack = msgspec.msgpack.encode

Account = NewType("Account", str)


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class Point(Frozen):
    x: int
    label: str = ""


class Apple(Frozen, tag="codec-apple/1"):
    weight: int


class Pear(Frozen, tag="codec-pear/1"):
    points: tuple[Point, ...] = ()
    inner: "Apple | Pear | None" = None


class Base(Frozen):
    time: int


class Everything(Base, tag="codec-everything/1"):
    number: int
    ratio: float
    flag: bool
    text: str
    raw: bytes
    account: Account
    price: Decimal
    share: Fraction
    side: Side
    mode: Literal["fast", "slow", 3]
    maybe: int | None
    value: int | str | bool | float
    numbers: list[int]
    pair: tuple[str, int]
    points: tuple[Point, ...]
    fruit: Apple | Pear | None
    by_name: dict[str, int]
    by_key: dict[tuple[int, str], Point]


class Plain(Frozen, tag="codec-plain/1"):
    """Of types that msgspec writes as we do."""

    flag: bool = False
    number: int = 0
    text: str = ""
    raw: bytes = b""
    side: Side = Side.BUY
    mode: Literal["fast", "slow"] = "fast"
    maybe: int | str | None = None
    pair: tuple[str, int] = ("", 0)
    points: tuple[Point, ...] = ()
    names: list[str] = []
    fruit: Apple | Side | None = None


class Pool(State):
    config: object
    reserve: int = 0
    waiting: dict[str, int] = {}
    last: Point | None = None


INTS = st.one_of(
    st.integers(-(2**263), 2**263 - 1),
    st.integers(-300, 300),
    st.sampled_from([2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 2**112 - 1, 2**256 - 1]),
)
TEXT = st.text(max_size=8)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False).filter(lambda d: abs(d.adjusted()) < 400)
FLOATS = st.floats(allow_nan=False)
POINTS = st.builds(Point, x=INTS, label=TEXT)
APPLES = st.builds(Apple, weight=INTS)
FRUIT = st.recursive(
    APPLES | st.builds(Pear),
    lambda inner: st.builds(Pear, points=st.lists(POINTS, max_size=2).map(tuple), inner=inner | st.none()),
    max_leaves=3,
)
EVERYTHING = st.builds(
    Everything,
    time=INTS,
    number=INTS,
    ratio=FLOATS,
    flag=st.booleans(),
    text=TEXT,
    raw=st.binary(max_size=40),
    account=TEXT.map(Account),
    price=DECIMALS,
    share=st.fractions(),
    side=st.sampled_from(Side),
    mode=st.sampled_from(["fast", "slow", 3]),
    maybe=INTS | st.none(),
    value=INTS | TEXT | st.booleans() | FLOATS,
    numbers=st.lists(INTS, max_size=3),
    pair=st.tuples(TEXT, INTS),
    points=st.lists(POINTS, max_size=2).map(tuple),
    fruit=FRUIT | st.none(),
    by_name=st.dictionaries(TEXT, INTS, max_size=4),
    by_key=st.dictionaries(st.tuples(INTS, TEXT), POINTS, max_size=3),
)


PLAIN = st.builds(
    Plain,
    flag=st.booleans(),
    number=INTS,
    text=TEXT,
    raw=st.binary(max_size=40),
    side=st.sampled_from(Side),
    mode=st.sampled_from(["fast", "slow"]),
    maybe=INTS | TEXT | st.none(),
    pair=st.tuples(TEXT, INTS),
    points=st.lists(POINTS, max_size=2).map(tuple),
    names=st.lists(TEXT, max_size=3),
    fruit=APPLES | st.none() | st.just(Side.SELL),
)

GOLDEN = Path(__file__).parent / "golden.txt"


def _structs() -> dict[str, Frozen]:
    def everything(number: int) -> Everything:
        return Everything(
            time=1_700_000_000_000_000_000,
            number=number,
            ratio=-0.5,
            flag=True,
            text="žluťoučký",
            raw=b"\x00\xff",
            account=Account("main"),
            price=Decimal("-1230.4500"),
            share=Fraction(-6, 4),
            side=Side.SELL,
            mode=3,
            maybe=None,
            value="x",
            numbers=[0, -1, 127, 128, 2**64 - 1, 2**64],
            pair=("a", -33),
            points=(Point(x=1), Point(x=2, label="two")),
            fruit=Pear(points=(Point(x=5),), inner=Apple(weight=7)),
            by_name={"zz": 1, "b": 2, "aaa": 3, "": 4},
            by_key={(2, "b"): Point(x=1), (1, "c"): Point(x=2), (-1, "c"): Point(x=3)},
        )

    edges = {
        "zero": 0,
        "int64-min": -(2**63),
        "below-int64": -(2**63) - 1,
        "uint64-max": 2**64 - 1,
        "above-uint64": 2**64,
    }
    edges |= {"uint112-max": 2**112 - 1, "uint256-max": 2**256 - 1, "widest": -(2**263)}
    numbers: dict[str, Frozen] = {f"int {name}": Apple(weight=n) for name, n in edges.items()}
    return {**numbers, "empty pear": Pear(), "everything": everything(2**112 - 1)}


def lines() -> list[str]:
    return [f"{name}: {codec.encode(struct).hex()}" for name, struct in _structs().items()]


def vectors() -> list[tuple[str, Frozen, bytes]]:
    """(name, struct, bytes that the file says)."""
    kept = dict(line.split(": ") for line in GOLDEN.read_text().splitlines())
    structs = _structs()
    assert list(kept) == list(structs)
    return [(name, struct, bytes.fromhex(kept[name])) for name, struct in structs.items()]


def holder(declared: Any, **default: Any) -> Any:
    """A struct class with one field of this type."""
    body = {"__annotations__": {"field": declared}, "__module__": __name__, **default}
    return types.new_class("Holder", (Frozen,), exec_body=lambda namespace: namespace.update(body))


def refused(declared: Any, **default: Any) -> str:
    """What registering a struct with a field of this type says."""
    with pytest.raises(CodecError) as caught:
        codec.register(holder(declared, **default))
    return str(caught.value)


@settings(max_examples=40, deadline=None)
@given(EVERYTHING)
def test_every_value_comes_back_and_has_one_spelling(value: Everything) -> None:
    data = codec.encode(value)
    back = codec.decode(data)
    assert isinstance(back, Everything)
    assert back == value
    assert type(back.value) is type(value.value)
    assert codec.encode(back) == data
    assert codec.decode(data, Everything) == value


@settings(max_examples=60, deadline=None)
@given(PLAIN)
def test_what_msgspec_writes_itself_is_the_same_to_the_byte(value: Plain) -> None:
    data = codec.encode(value)
    assert codec.structs.is_native(Plain)
    assert codec.encode_trusted(value) == data
    assert codec.decode(data) == codec.decode(data, Plain) == value


@settings(max_examples=40, deadline=None)
@given(PLAIN, st.data())
def test_nothing_that_msgspec_would_read_otherwise_gets_through(value: Plain, data: st.DataObject) -> None:
    """Both ways in agree on every byte string: what the closer look refuses, the fast one does not take."""
    changed = bytearray(codec.encode(value))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= data.draw(st.integers(1, 255))
    closer: Any
    try:
        closer = codec.structs.get(Plain).unpack(codec.wire.read(bytes(changed)))
    except CodecError:
        with pytest.raises(CodecError):
            codec.decode(bytes(changed), Plain)
    else:
        assert codec.decode(bytes(changed), Plain) == closer


@pytest.mark.parametrize("wrong", [Apple(weight="5"), Apple(weight=1.0), Plain(flag=1), Plain(fruit=Point(x=1))])
def test_a_trusted_struct_that_breaks_its_types_gives_bytes_that_are_refused(wrong: Frozen) -> None:
    with pytest.raises(CodecError):
        codec.encode(wrong)
    with pytest.raises(CodecError):
        codec.decode(codec.encode_trusted(wrong))


@settings(max_examples=40, deadline=None)
@given(EVERYTHING, st.data())
def test_a_changed_byte_is_refused_or_another_canonical_value(value: Everything, data: st.DataObject) -> None:
    changed = bytearray(codec.encode(value))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        other = codec.decode(bytes(changed), Everything)
    except CodecError:
        return
    assert codec.encode(other) == changed


@given(st.binary(max_size=60))
def test_garbage_is_refused_as_codec_error(data: bytes) -> None:
    with pytest.raises(CodecError):
        codec.decode(data, Everything)


def test_golden_vectors_are_written_and_read_as_they_were() -> None:
    for name, value, data in vectors():
        assert codec.encode(value) == data, name
        assert codec.decode(data) == value, name


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_bytes_do_not_depend_on_the_hash_seed(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}
    printed = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True, check=True)
    assert printed.stdout == GOLDEN.read_text()


def test_the_order_in_which_a_dict_was_filled_leaves_no_trace() -> None:
    one, other = {"b": 1, "a": 2, "": 3}, {"": 3, "a": 2, "b": 1}
    assert codec.encode_state(Pool(config=None, waiting=one)) == codec.encode_state(Pool(config=None, waiting=other))


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (["codec-apple/1", (5).to_bytes(33, "big")], "canonical"),
        (["codec-apple/1", (2**200).to_bytes(32, "big")], "33 bytes"),
        (["codec-apple/1", True], "codec-apple/1.weight: expected an integer"),
        (["codec-apple/1", 1.0], "codec-apple/1.weight"),
        (["codec-apple/1", "1"], "codec-apple/1.weight"),
        (["codec-apple/1"], "codec-apple/1.weight: missing"),
        (["codec-apple/1", 1, 2], "newer version"),
        (["codec-plum/1", 1], "unknown tag 'codec-plum/1'"),
        ([["codec-apple/1"], 1], "starts with a tag"),
        ({"type": "codec-apple/1"}, "starts with a tag"),
        ([], "starts with a tag"),
        (["codec-pear/1", [[1, "a", 2]]], "Point: 3 fields"),
        (["codec-pear/1", [], ["codec-everything/1"]], "codec-pear/1.inner: expected"),
        (["codec-pear/1", {}], "codec-pear/1.points: expected an array"),
    ],
)
def test_wrong_data_is_refused_with_tag_and_field(payload: object, says: str) -> None:
    codec.register(Apple)
    codec.register(Pear)
    with pytest.raises(CodecError) as caught:
        codec.decode(pack(payload))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        pack(["codec-apple/1", 1])[:-1] + b"\xcc\x01",  # 1 as uint8
        pack(["codec-apple/1", 1])[:-1] + b"\xd3" + (1).to_bytes(8, "big"),  # 1 as int64
        b"\xdc\x00\x02" + pack(["codec-apple/1", 1])[1:],  # the array with a 16-bit length
        b"\x92\xd9\x0dcodec-apple/1\x01",  # the tag with an 8-bit length
        pack(["codec-apple/1", 1]) + b"\x00",  # one byte too many
    ],
)
def test_another_spelling_of_the_same_value_is_refused(data: bytes) -> None:
    codec.register(Apple)
    with pytest.raises(CodecError):
        codec.decode(data)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (int, True),
        (int, 2**263),
        (int, 1.0),
        (float, 1),
        (float, math.nan),
        (str, Side.BUY),
        (str, "\ud800"),
        (str, b"x"),
        (Side, "buy"),
        (Literal[1, "a"], True),
        (Literal["a", "b"], "c"),
        (Literal["buy", "sell"], Side.BUY),
        (Decimal, Decimal("NaN")),
        (Decimal, Decimal("1E+5000")),
        (Decimal, 1),
        (tuple[int, ...], [1]),
        (tuple[int, ...], []),
        (list[int], (1,)),
        (list[int], ()),
        (tuple[int, int], (1,)),
        (dict[str, int], {1: 1}),
        (int | None, "x"),
        (Base, Apple(weight=1)),
    ],
)
def test_a_value_that_its_type_does_not_allow_is_not_written(field: Any, value: object) -> None:
    cls = holder(field)
    with pytest.raises(CodecError, match=r"Holder\.field|cannot be written"):
        codec.encode(cls(field=value))


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("1.50", Decimal),
        ("01", Decimal),
        ("-0", Decimal),
        ("1E3", Decimal),
        (".5", Decimal),
        ("Infinity", Decimal),
        ([2, 4], Fraction),
        ([1, -2], Fraction),
        ([1, 0], Fraction),
        ([["b", 1], ["a", 2]], dict[str, int]),
        ([["a", 1], ["a", 1]], dict[str, int]),
        ([[0.0, 1], [-0.0, 1]], dict[float, int]),
        (math.nan, float),
        ("hold", Side),
        ("hold", Literal["buy", "sell"]),
        (True, Literal[1]),
    ],
)
def test_a_second_form_of_a_value_is_not_read(written: object, field: Any) -> None:
    cls = holder(field)
    with pytest.raises(CodecError, match=r"Holder\.field"):
        codec.decode(pack([written]), cls)


def test_any_text_can_be_a_literal() -> None:
    cls = holder(Literal["{v}", "}", 'it\'s "quoted" \\ twice'])
    for text in ("{v}", "}", 'it\'s "quoted" \\ twice'):
        assert codec.decode(codec.encode(cls(field=text)), cls).field == text


def test_equal_decimals_are_written_alike() -> None:
    cls = holder(Decimal)
    for alike in (["1", "1.0", "1.00", "100E-2", "0.01E2"], ["0", "-0", "0.00", "0E+9"], ["1200", "1.2E3"]):
        assert len({codec.encode(cls(field=Decimal(text))) for text in alike}) == 1, alike
    precise = Decimal("1." + "0" * 60 + "1")
    assert codec.decode(codec.encode(cls(field=precise)), cls).field == precise


def test_types_without_an_encoding_are_refused_at_registration() -> None:
    assert "sorted tuple" in refused(set[int])
    assert "sorted tuple" in refused(frozenset[int])
    assert "Any cannot be read back" in refused(Any)
    for field in (object, list, dict, tuple, IntEnum, Path, bytearray):
        assert "Holder.field" in refused(field)
    assert "look alike" in refused(int | bytes)
    assert "look alike" in refused(str | Decimal)
    assert "look alike" in refused(Point | Base)
    assert "look alike" in refused(Apple | tuple[int, ...])
    assert "hashable" in refused(dict[list[int], int])


def test_a_failed_registration_leaves_nothing_behind() -> None:
    class Bad(Frozen, tag="codec-bad/1"):
        field: set[int]

    class Good(Frozen, tag="codec-bad/1"):
        field: int

    with pytest.raises(CodecError):
        codec.register(Bad)
    codec.register(Good)
    assert codec.decode(codec.encode(Good(field=1))) == Good(field=1)


def test_a_tag_means_one_schema() -> None:
    class First(Frozen, tag="codec-twice/1"):
        a: int

    class Alike(Frozen, tag="codec-twice/1"):
        a: int

    class Other(Frozen, tag="codec-twice/1"):
        a: int
        b: int = 0

    codec.register(First)
    codec.register(First)
    codec.register(Alike)
    with pytest.raises(CodecError, match="codec-twice/1"):
        codec.register(Other)
    assert codec.decode(codec.encode(Alike(a=1))) == First(a=1)


def test_fields_added_with_defaults_read_what_was_written_before() -> None:
    class Before(Frozen):
        a: int

    class After(Frozen):
        a: int
        big: int = 2**100
        names: dict[str, int] = {}
        point: Point = Point(x=1)

    old = codec.encode(Before(a=1))
    assert codec.decode(old, After) == After(a=1)
    first, second = codec.decode(old, After), codec.decode(old, After)
    first.names["x"] = 1
    assert second.names == {}
    with pytest.raises(CodecError, match="newer version"):
        codec.decode(codec.encode(After(a=1)), Before)


def test_a_default_that_its_type_does_not_allow_is_found_at_registration() -> None:
    assert "expected int" in refused(int, field="x")


def test_the_state_of_a_plugin_comes_back_without_its_config() -> None:
    config = object()
    pool = Pool(config=config, reserve=2**112, waiting={"b": 1, "a": 2}, last=Point(x=1))
    data = codec.encode_state(pool)
    back = codec.restore_state(Pool, data, config=config)
    assert back == pool
    assert back.config is config
    assert codec.encode_state(back) == data
    with pytest.raises(CodecError, match="config"):
        codec.encode(pool)


def test_a_schema_is_plain_data_and_its_hash_follows_the_wire() -> None:
    class Same(Frozen):
        x: int
        label: str = ""

    class Longer(Frozen):
        x: int
        label: str = ""
        more: int = 0

    assert codec.schema(Pool, skip=("config",))["fields"][0] == {"name": "reserve", "type": "int", "default": 0}
    assert msgspec.json.decode(msgspec.json.encode(codec.schema(Everything))) == codec.schema(Everything)
    assert ["recursive", 0] in codec.schema(Pear)["fields"][1]["type"]
    assert codec.schema_hash(Same) == codec.schema_hash(Point)
    assert codec.schema_hash(Longer) != codec.schema_hash(Point)


def test_json_keeps_large_integers_and_bytes() -> None:
    value = {"n": 2**53 + 1, "small": -5, "raw": b"\x01\xff", "half": Fraction(1, 2), "price": Decimal("1.50")}
    expected = {"n": "9007199254740993", "small": -5, "raw": "0x01ff", "half": "1/2", "price": "1.5"}
    assert codec.to_json(value) == expected
    assert codec.to_json(Pear(inner=Apple(weight=2**70))) == {
        "type": "codec-pear/1",
        "points": [],
        "inner": {"type": "codec-apple/1", "weight": str(2**70)},
    }
    assert codec.to_json({(1, "a"): Side.BUY}) == [[[1, "a"], "buy"]]
    assert codec.to_json([math.inf, True, None]) == ["inf", True, None]
    with pytest.raises(CodecError, match="set"):
        codec.to_json({1, 2})


class Squares:
    """No encoding knows it."""


class Counting(State):
    derived: ClassVar[tuple[str, ...]] = ("squares",)

    config: int
    count: int = 0
    squares: Squares | None = None
    last: int = 0


def test_what_is_derived_is_left_out_and_is_none_again() -> None:
    written = codec.encode_state(Counting(config=1, count=3, squares=Squares(), last=9))
    restored = codec.restore_state(Counting, written, config=2)
    assert (restored.config, restored.count, restored.squares, restored.last) == (2, 3, None, 9)
    assert [field["name"] for field in codec.schema(Counting)["fields"]] == ["config", "count", "last"]


def test_every_event_of_the_core_has_an_encoding() -> None:
    found = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)]
    assert len(found) > 20
    for kind in found:
        codec.register(kind)


if __name__ == "__main__":
    print("\n".join(lines()))


class Mixed(Frozen, tag="codec-mixed/1"):
    """A union that msgspec does not take: it holds text and bytes to be one kind."""

    value: str | bytes = ""


def test_a_class_that_msgspec_cannot_read_is_read_by_us_and_keeps_no_other_from_being_read() -> None:
    for struct in (Mixed(value="text"), Mixed(value=b"bytes"), Apple(weight=7)):
        assert codec.decode(codec.encode(struct)) == struct
    assert not codec.structs.is_native(Mixed)
    assert codec.structs.is_native(Apple)
