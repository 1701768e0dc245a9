"""EIP-712: typed data of the kinds that the signer knows, read and hashed by definitions of its own.

What a request says about its types must be what stands here; so nobody can have one thing judged and another hashed.
Sources of the definitions: Permit2 (PermitHash), ERC-2612, Seaport 1.6 (ConsiderationStructs), Safe 1.3 and newer
(``SAFE_TX_TYPEHASH``).
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sniper.errors import CodecError
from sniper.evm.keccak import keccak256

# Any: what a message holds is as its definition says, checked below.
Message = dict[str, Any]
Types = Mapping[str, tuple[tuple[str, str], ...]]


def _types(*structs: str) -> Types:
    """From ``"Name(type field,type field)"``."""
    found = {}
    for struct in structs:
        name, _, fields = struct.rstrip(")").partition("(")
        pairs = [field.split(" ") for field in fields.split(",")]
        found[name] = tuple((field, kind) for kind, field in pairs)
    return found


_DETAILS = "PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)"
_PERMISSIONS = "TokenPermissions(address token,uint256 amount)"

KNOWN: Final[Mapping[str, Types]] = {
    "PermitSingle": _types("PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)", _DETAILS),
    "PermitBatch": _types("PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)", _DETAILS),
    "PermitTransferFrom": _types(
        "PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)", _PERMISSIONS
    ),
    "Permit": _types("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
    "OrderComponents": _types(
        "OrderComponents(address offerer,address zone,OfferItem[] offer,ConsiderationItem[] consideration,"
        "uint8 orderType,uint256 startTime,uint256 endTime,bytes32 zoneHash,uint256 salt,bytes32 conduitKey,"
        "uint256 counter)",
        "OfferItem(uint8 itemType,address token,uint256 identifierOrCriteria,uint256 startAmount,uint256 endAmount)",
        "ConsiderationItem(uint8 itemType,address token,uint256 identifierOrCriteria,uint256 startAmount,"
        "uint256 endAmount,address recipient)",
    ),
    "SafeTx": _types(
        "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,"
        "uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)"
    ),
}
"""By primary type: its structs."""

_MOST_PARTS: Final = 500

_DOMAIN: Final = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
)


class TypedData(NamedTuple):
    """``contract``: lower-case hex, as are all addresses in ``message``. ``digest``: the 32 bytes to sign."""

    kind: str
    chain_id: int
    contract: str
    message: Message
    digest: bytes


def parse(payload: bytes) -> TypedData:
    """JSON as ``eth_signTypedData_v4`` takes it; integers may be decimal or 0x text. Raises `CodecError`."""
    if payload.count(b"[") + payload.count(b"{") > _MOST_PARTS:  # before a parser follows them down
        raise CodecError(f"the typed data has more than {_MOST_PARTS} lists and structs")
    try:
        document = json.loads(payload)
    except ValueError:
        raise CodecError("the typed data is not JSON") from None
    given, domain, message = _parts(document)
    kind = document.get("primaryType")
    types = KNOWN.get(kind) if isinstance(kind, str) else None
    if types is None:
        raise CodecError(f"typed data of type {kind!r} is not known here; known are {', '.join(KNOWN)}")
    fields = tuple((name, of) for name, of in _DOMAIN if name in domain)
    if not {"chainId", "verifyingContract"} <= set(domain) or len(fields) != len(domain):
        raise CodecError("the domain of typed data names chainId and verifyingContract, and nothing that EIP-712 lacks")
    expected = {**types, "EIP712Domain": fields} if "EIP712Domain" in given else dict(types)
    if _described(given) != expected:
        raise CodecError(f"the types of this {kind} are not those of {kind}")
    definitions = {"EIP712Domain": fields}
    where = _value(definitions, "EIP712Domain", domain, "domain")
    what = _value(types, str(kind), message, "message")
    separator = _hash(definitions, "EIP712Domain", where)
    digest = keccak256(b"\x19\x01" + separator + _hash(types, str(kind), what))
    return TypedData(str(kind), where["chainId"], where["verifyingContract"], what, digest)


def _parts(document: Any) -> tuple[Message, Message, Message]:
    parts = [document.get(name) for name in ("types", "domain", "message")] if isinstance(document, dict) else []
    found = [part for part in parts if isinstance(part, dict)]
    if len(found) != 3:
        raise CodecError("typed data has types, primaryType, domain and message")
    return found[0], found[1], found[2]


def document(kind: str, domain: Message, message: Message) -> bytes:
    """What `parse` reads, for a kind that is known. ``bytes`` are written as hex."""
    types = {name: [{"name": field, "type": of} for field, of in fields] for name, fields in KNOWN[kind].items()}
    return json.dumps({"types": types, "primaryType": kind, "domain": domain, "message": message}).encode()


def _described(given: Message) -> dict[str, tuple[tuple[Any, Any], ...]] | None:
    try:
        return {
            name: tuple((field["name"], field["type"]) for field in fields if len(field) == 2)
            for name, fields in given.items()
        }
    except (TypeError, KeyError):
        return None


def _value(types: Types, kind: str, value: Any, where: str) -> Any:
    """The value in one form: ``int``, ``bytes``, ``str``, address in lower case, ``dict`` in order, ``list``."""
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise CodecError(f"{where} is no list")
        return [_value(types, kind[:-2], item, f"{where}[{n}]") for n, item in enumerate(value)]
    if kind in types:
        if not isinstance(value, dict) or set(value) != {name for name, _ in types[kind]}:
            raise CodecError(f"{where} has not the fields of {kind}")
        return {name: _value(types, of, value[name], f"{where}.{name}") for name, of in types[kind]}
    if kind == "string":
        if not isinstance(value, str):
            raise CodecError(f"{where} is no text")
        return value
    if kind.startswith("uint"):
        return _integer(value, int(kind[4:]), where)
    try:
        if not isinstance(value, str) or not value.startswith("0x"):
            raise ValueError
        found = bytes.fromhex(value[2:])
    except ValueError:
        raise CodecError(f"{where} is not hex with 0x") from None
    size = {"address": 20, "bytes32": 32}.get(kind, len(found))
    if len(found) != size:
        raise CodecError(f"{where} has {len(found)} bytes, {kind} has {size}")
    return f"0x{found.hex()}" if kind == "address" else found


def _integer(value: Any, bits: int, where: str) -> int:
    if isinstance(value, str):
        try:
            value = int(value, 16 if value.startswith("0x") else 10)
        except ValueError:
            raise CodecError(f"{where} is no integer") from None
    if type(value) is not int or value < 0 or value >> bits:
        raise CodecError(f"{where} is no integer of {bits} bits")
    return int(value)


def _hash(types: Types, kind: str, value: Message) -> bytes:
    """``hashStruct`` of EIP-712."""
    encoded = b"".join(_encoded(types, of, value[name]) for name, of in types[kind])
    return keccak256(keccak256(_written(types, kind).encode()) + encoded)


def _encoded(types: Types, kind: str, value: Any) -> bytes:
    if kind.endswith("[]"):
        return keccak256(b"".join(_encoded(types, kind[:-2], item) for item in value))
    if kind in types:
        return _hash(types, kind, value)
    if kind == "string":
        return keccak256(value.encode())
    if kind == "bytes":
        return keccak256(value)
    if kind == "address":
        return bytes(12) + bytes.fromhex(value[2:])
    return value if kind == "bytes32" else int(value).to_bytes(32, "big")


def _written(types: Types, kind: str) -> str:
    """``encodeType``: the struct, then those that it refers to by name. None of ours refers further than that."""
    inner = sorted({of.removesuffix("[]") for _, of in types[kind]} & set(types))
    return "".join(f"{name}({','.join(f'{of} {field}' for field, of in types[name])})" for name in (kind, *inner))
