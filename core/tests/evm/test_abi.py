import subprocess
import sys

import pytest
from eth_abi.abi import decode as reference_decode
from eth_abi.abi import encode as reference_encode
from hypothesis import given
from hypothesis import strategies as st

from sniper.errors import CodecError
from sniper.evm.abi import event, event_topic, function, function_selector, keccak256

ALICE, BOB = "0x" + "a1" * 20, "0x" + "b0" * 20
SYNC = event("Sync(uint112 reserve0, uint112 reserve1)")
TRANSFER = event("Transfer(address indexed from, address indexed to, uint256 value)")


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def topic(address: str) -> str:
    return "0x" + "00" * 12 + address[2:]


def values(type_: str) -> st.SearchStrategy[object]:
    if type_.endswith("[]"):
        return st.lists(values(type_[:-2]), max_size=3).map(tuple)
    if type_.endswith("]"):
        base, size = type_[:-1].rsplit("[", 1)
        return st.tuples(*[values(base)] * int(size))
    if type_.startswith("("):
        return st.tuples(*[values(part) for part in type_[1:-1].split(",")])
    match type_:
        case "address":
            return st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
        case "bool":
            return st.booleans()
        case "bytes":
            return st.binary(max_size=70)
        case "string":
            return st.text(max_size=40)
    if type_.startswith("bytes"):
        return st.binary(min_size=int(type_[5:]), max_size=int(type_[5:]))
    bits = int(type_.lstrip("uint"))
    low, high = (0, 2**bits - 1) if type_.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return st.integers(low, high)


ELEMENTARY = ["uint8", "uint112", "uint256", "int8", "int24", "int256", "address", "bool", "bytes4", "bytes32"]
STATIC = st.sampled_from([*ELEMENTARY, "uint112[2]", "(address,uint24)", "(int24,bool)[2]"])
ANY = st.one_of(
    STATIC, st.sampled_from(["bytes", "string", "address[]", "uint256[][]", "(bytes,address)", "string[2]"])
)


@st.composite
def typed(draw: st.DrawFn, types: st.SearchStrategy[str]) -> tuple[list[str], tuple[object, ...]]:
    chosen = draw(st.lists(types, max_size=4))
    return chosen, tuple(draw(values(type_)) for type_ in chosen)


@given(typed(ANY))
def test_codec_agrees_with_eth_abi(case: tuple[list[str], tuple[object, ...]]) -> None:
    types, arguments = case
    text = ",".join(types)
    codec = function(f"f({text})({text})")
    encoded = reference_encode(types, arguments)
    assert codec.encode(*arguments) == codec.selector + encoded
    assert codec.decode(encoded) == arguments == reference_decode(types, encoded)
    assert codec.decode_call(codec.encode(*arguments)) == arguments


@given(typed(STATIC), st.data())
def test_static_decoder_never_accepts_what_it_would_not_encode(
    case: tuple[list[str], tuple[object, ...]], data: st.DataObject
) -> None:
    types, arguments = case
    codec = function(f"f({','.join(types)})({','.join(types)})")
    encoded = bytearray(codec.encode(*arguments)[4:])
    if encoded:
        position = data.draw(st.integers(0, len(encoded) - 1))
        encoded[position] ^= data.draw(st.integers(1, 255))
    try:
        decoded = codec.decode(bytes(encoded))
    except CodecError:
        return
    assert codec.encode(*decoded)[4:] == bytes(encoded)


@given(st.binary(max_size=200))
def test_garbage_is_a_codec_error_and_nothing_else(data: bytes) -> None:
    for signature in ("f()(uint112,address)", "f()(string)", "f()(uint256[],bytes)", "f()((bytes,address)[])"):
        try:
            function(signature).decode(data)
        except CodecError:
            continue


def test_known_selectors_and_topics() -> None:
    assert function_selector("transfer(address to, uint amount)(bool)").hex() == "a9059cbb"
    assert function_selector("balanceOf(address)(uint256)").hex() == "70a08231"
    assert event_topic("Sync(uint112 reserve0, uint112 reserve1)").startswith("0x1c411e9a96e071241c2f21f7726b17ae")
    assert TRANSFER.topic == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    v3 = "exactInputSingle((address,address b,uint24 fee,address to,uint256 i,uint256 o,uint160 p) params)(uint256)"
    assert function_selector(v3).hex() == "04e45aaf"
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_event_gives_parameters_in_their_order_whether_indexed_or_not() -> None:
    created = event("PairCreated(address indexed token0, address indexed token1, address pair, uint256)")
    pair = "0x" + "cc" * 20
    log = (created.topic, topic(ALICE), topic(BOB)), word(int(pair, 16)) + word(7)
    assert created.decode(*log) == (ALICE, BOB, pair, 7)
    mixed = event("Mixed(uint256 first, address indexed second, int24 third, bytes32 indexed fourth)")
    log = (mixed.topic, topic(BOB), "0x" + "ff" * 32), word(1) + word(2**256 - 5)
    assert mixed.decode(*log) == (1, BOB, -5, b"\xff" * 32)


def test_event_with_dynamic_data_and_a_hashed_topic() -> None:
    named = event("Named(string indexed name, address owner, string text, uint8 indexed kind)")
    hashed = "0x" + keccak256(b"moon").hex()
    data = reference_encode(["address", "string"], [ALICE, "to the moon"])
    assert named.decode((named.topic, hashed, "0x" + word(9).hex()), data) == (hashed, ALICE, "to the moon", 9)


@pytest.mark.parametrize(
    ("topics", "data"),
    [
        ((), word(1) + word(2)),
        ((TRANSFER.topic,), word(1) + word(2)),
        ((SYNC.topic, SYNC.topic), word(1) + word(2)),
        ((SYNC.topic,), word(1)),
        ((SYNC.topic,), word(1) + word(2) + b"\0"),
        ((SYNC.topic,), word(1) + word(2**112)),
    ],
)
def test_a_log_that_is_not_this_event_is_refused(topics: tuple[str, ...], data: bytes) -> None:
    with pytest.raises(CodecError):
        SYNC.decode(topics, data)


@pytest.mark.parametrize(
    "bad", ["0x" + "ff" * 32, "0x00", topic(ALICE)[:-1] + "g", topic(ALICE) + "00", "0x" + " " * 64]
)
def test_a_dirty_or_malformed_topic_is_refused(bad: str) -> None:
    with pytest.raises(CodecError):
        TRANSFER.decode((TRANSFER.topic, bad, topic(BOB)), word(1))


def test_an_erc721_transfer_is_not_read_as_an_erc20_one() -> None:
    with pytest.raises(CodecError, match="expected 3"):
        TRANSFER.decode((TRANSFER.topic, topic(ALICE), topic(BOB), "0x" + word(1).hex()), b"")


@pytest.mark.parametrize(
    ("signature", "arguments"),
    [
        ("f(uint8)", (256,)),
        ("f(uint8)", (-1,)),
        ("f(int8)", (128,)),
        ("f(uint256)", ("1",)),
        ("f(uint256)", (1.0,)),
        ("f(uint256)", ()),
        ("f(address)", ("0x" + "a1" * 19,)),
        ("f(address)", ("0x" + "a1" * 19 + " a",)),
        ("f(address)", ("a1" * 21,)),
        ("f(bool)", (1,)),
        ("f(bytes4)", (b"abc",)),
        ("f(bytes)", ("abc",)),
        ("f(uint8[2])", ((1,),)),
        ("f((uint8,uint8))", (5,)),
        ("f(address[])", (["0x"],)),
    ],
)
def test_values_that_do_not_fit_are_refused(signature: str, arguments: tuple[object, ...]) -> None:
    expected = TypeError if arguments == () else CodecError
    with pytest.raises(expected):
        function(signature).encode(*arguments)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "f",
        "f(",
        "f(uint7)",
        "f(uint264)",
        "f(bytes33)",
        "f(uint256,)",
        "f(foo)",
        "f()()()",
        "f(uint8[0])",
        "f(a b c)",
        "f() x",
    ],
)
def test_a_text_that_is_no_signature_is_refused_with_its_position(text: str) -> None:
    with pytest.raises(CodecError, match="position"):
        function(text)


def test_indexed_belongs_to_events_only() -> None:
    with pytest.raises(CodecError, match="indexed"):
        function("f(uint256 indexed a)")
    with pytest.raises(CodecError, match="three"):
        event("E(uint8 indexed, uint8 indexed, uint8 indexed, uint8 indexed)")


def test_calldata_of_another_function_is_refused() -> None:
    approve, transfer = function("approve(address,uint256)(bool)"), function("transfer(address,uint256)(bool)")
    with pytest.raises(CodecError, match="no call of transfer"):
        transfer.decode_call(approve.encode(ALICE, 1))


def test_neither_web3_nor_eth_abi_is_imported_for_static_types() -> None:
    code = (
        "import sys, sniper.evm.rpc, sniper.evm.simulate, sniper.evm.receipts\n"
        "from sniper.evm.abi import event, function\n"
        "event('Sync(uint112,uint112)'); function('swap(uint256,address[],bytes)(uint256)')\n"
        "print([name for name in ('web3', 'eth_abi', 'eth_account') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
