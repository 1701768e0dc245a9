"""Transactions: encode, sign, hash, recover. EIP-1559 (type 2) and legacy with replay protection (EIP-155).

Signing is in two steps, so that a process which holds the key needs nothing but bytes: ``transaction.payload()`` is
what is signed, `SigningKey.sign` turns a payload into a signature, `signed` joins both into what a node takes.
"""

from typing import Final, TypeAlias

import coincurve
from msgspec import Struct

from sniper.errors import CodecError, SignerError
from sniper.evm import rlp
from sniper.evm.keccak import keccak256

__all__ = [
    "LegacyTransaction",
    "Signature",
    "SigningKey",
    "Transaction",
    "decode_payload",
    "decode_signed",
    "recover_sender",
    "signed",
    "transaction",
    "transaction_hash",
]

_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_TYPE_2: Final = b"\x02"

Signature: TypeAlias = bytes
"""65 bytes: r, s (32 each, big-endian), parity of y (0 or 1)."""


class Transaction(Struct, frozen=True, kw_only=True):
    """Type 2. Fees in wei per gas, ``value`` in wei; ``to`` None creates a contract. It carries no access list."""

    chain_id: int
    nonce: int
    max_priority_fee: int
    max_fee: int
    gas: int
    to: str | None
    value: int = 0
    data: bytes = b""

    def payload(self) -> bytes:
        """The bytes whose keccak is signed: ``0x02 || rlp([...])``. Raises `CodecError` when a field does not fit."""
        if self.max_priority_fee > self.max_fee:
            raise CodecError(f"max_priority_fee {self.max_priority_fee} is above max_fee {self.max_fee}")
        body = (
            _integer("chain_id", self.chain_id, 64)
            + _integer("nonce", self.nonce, 64)
            + _integer("max_priority_fee", self.max_priority_fee)
            + _integer("max_fee", self.max_fee)
            + _integer("gas", self.gas, 64)
            + _to(self.to)
            + _integer("value", self.value)
            + rlp.encode(self.data)
            + b"\xc0"
        )
        return _TYPE_2 + rlp.encode_list_header(len(body)) + body


class LegacyTransaction(Struct, frozen=True, kw_only=True):
    """For chains without EIP-1559. ``gas_price`` in wei per gas; whoever judges fees reads it as both of them."""

    chain_id: int
    nonce: int
    gas_price: int
    gas: int
    to: str | None
    value: int = 0
    data: bytes = b""

    @property
    def max_fee(self) -> int:
        """The most that it pays for gas, which is what it pays."""
        return self.gas_price

    @property
    def max_priority_fee(self) -> int:
        """All of it goes to whoever makes the block, where no base fee is burnt."""
        return self.gas_price

    def payload(self) -> bytes:
        """The bytes whose keccak is signed: nine fields, the last three chain id, 0, 0 (EIP-155)."""
        if self.chain_id < 1:
            raise CodecError(f"chain_id {self.chain_id}: a legacy transaction without one could be replayed elsewhere")
        body = (
            _integer("nonce", self.nonce, 64)
            + _integer("gas_price", self.gas_price)
            + _integer("gas", self.gas, 64)
            + _to(self.to)
            + _integer("value", self.value)
            + rlp.encode(self.data)
            + _integer("chain_id", self.chain_id, 64)
            + b"\x80\x80"
        )
        return rlp.encode_list_header(len(body)) + body


def transaction(
    *,
    legacy: bool,
    chain_id: int,
    nonce: int,
    max_priority_fee: int,
    max_fee: int,
    gas: int,
    to: str | None,
    value: int,
    data: bytes,
) -> Transaction | LegacyTransaction:
    """One of either kind. Raises `CodecError` where a legacy one is to have two fees: it has a gas price alone."""
    if not legacy:
        return Transaction(
            chain_id=chain_id,
            nonce=nonce,
            max_priority_fee=max_priority_fee,
            max_fee=max_fee,
            gas=gas,
            to=to,
            value=value,
            data=data,
        )
    if max_priority_fee != max_fee:
        raise CodecError(f"a legacy transaction has one gas price, not {max_priority_fee} and {max_fee}")
    return LegacyTransaction(chain_id=chain_id, nonce=nonce, gas_price=max_fee, gas=gas, to=to, value=value, data=data)


class SigningKey:
    """A private key that signs payloads; shows nothing but its address."""

    __slots__ = ("_key", "address")

    def __init__(self, secret: bytes) -> None:
        """``secret``: 32 bytes. Raises `SignerError`, without the value, when it is no key of secp256k1."""
        if len(secret) != 32 or not 0 < int.from_bytes(secret, "big") < _ORDER:
            raise SignerError(
                "this is no private key: it must be 32 bytes, above zero and below the order of the curve"
            )
        self._key = coincurve.PrivateKey(secret)
        self.address = _address(self._key.public_key)

    def sign(self, payload: bytes) -> Signature:
        """Deterministic (RFC 6979), low s (EIP-2)."""
        return self._key.sign_recoverable(keccak256(payload), hasher=None)

    def __repr__(self) -> str:
        return f"SigningKey({self.address})"

    def __reduce__(self) -> str:
        raise SignerError("a private key does not leave its process")


def signed(payload: bytes, signature: Signature) -> bytes:
    """What ``eth_sendRawTransaction`` takes. Raises `CodecError` when either part is malformed."""
    if len(signature) != 65 or signature[64] > 1:
        raise CodecError("a signature is 65 bytes: r, s, and the parity 0 or 1")
    rest = rlp.encode_integer(int.from_bytes(signature[:32], "big")) + rlp.encode_integer(
        int.from_bytes(signature[32:64], "big")
    )
    if payload[:1] == _TYPE_2:
        body = _body(payload, 1) + rlp.encode_integer(signature[64]) + rest
        return _TYPE_2 + rlp.encode_list_header(len(body)) + body
    transaction = decode_payload(payload)
    v = rlp.encode_integer(transaction.chain_id * 2 + 35 + signature[64])
    tail = len(rlp.encode_integer(transaction.chain_id)) + 2
    body = _body(payload, 0)[:-tail] + v + rest
    return rlp.encode_list_header(len(body)) + body


def transaction_hash(raw: bytes) -> str:
    """The hash by which a node will know these signed bytes."""
    return "0x" + keccak256(raw).hex()


def decode_payload(payload: bytes) -> Transaction | LegacyTransaction:
    """The transaction that ``payload`` asks to sign: what a signer judges. Raises `CodecError` unless canonical."""
    if payload[:1] == _TYPE_2:
        return _type_2(_fields(payload[1:], 9))
    fields = _fields(payload, 9)
    if fields[7] or fields[8]:
        raise CodecError("a legacy payload ends with chain id, 0, 0")
    return _legacy(fields, _number(fields, 6, 64))


def decode_signed(raw: bytes) -> tuple[Transaction | LegacyTransaction, Signature]:
    """The inverse of `signed`. Raises `CodecError` for other transaction types and for unprotected legacy ones."""
    if raw[:1] == _TYPE_2:
        fields = _fields(raw[1:], 12)
        return _type_2(fields[:9]), _signature(_number(fields, 10), _number(fields, 11), _number(fields, 9))
    fields = _fields(raw, 9)
    v = _number(fields, 6, 72)
    if v < 37:
        raise CodecError(f"v {v}: a legacy transaction without replay protection")
    return _legacy(fields, (v - 35) // 2), _signature(_number(fields, 7), _number(fields, 8), (v - 35) % 2)


def recover_sender(raw: bytes) -> str:
    """The address that signed ``raw``. Raises `CodecError` when the signature is none, or has a high s (EIP-2)."""
    transaction, signature = decode_signed(raw)
    if int.from_bytes(signature[32:64], "big") > _ORDER // 2:
        raise CodecError("the signature's s is in the upper half, which EIP-2 forbids")
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature, keccak256(transaction.payload()), hasher=None)
    except ValueError as cause:
        raise CodecError(f"no sender can be recovered: {cause}") from None
    return _address(key)


def _address(key: coincurve.PublicKey) -> str:
    return "0x" + keccak256(key.format(compressed=False)[1:])[12:].hex()


def _integer(name: str, value: int, bits: int = 256) -> bytes:
    if value < 0 or value >> bits:
        raise CodecError(f"{name} {value} does not fit in {bits} bits")
    return rlp.encode_integer(value)


def _to(address: str | None) -> bytes:
    if address is None:
        return b"\x80"
    try:
        raw = bytes.fromhex(address.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != 20 or len(address) != 42:
        raise CodecError(f"to {address!r} is no address")
    return b"\x94" + raw


def _body(payload: bytes, start: int) -> bytes:
    """The encoded items of the list at ``start``, which must fill the payload."""
    if len(payload) <= start or payload[start] < 0xC0:
        raise CodecError("a payload is an RLP list")
    size = payload[start] - 0xC0
    begin = start + 1
    if size > 55:
        begin += size - 55
        size = int.from_bytes(payload[start + 1 : begin], "big")
    if begin + size != len(payload):
        raise CodecError(f"the payload's list has {size} bytes, but {len(payload) - begin} follow")
    return payload[begin:]


def _fields(data: bytes, count: int) -> list[rlp.Item]:
    items = rlp.decode(data)
    if not isinstance(items, list) or len(items) != count:
        raise CodecError(f"expected a list of {count} fields")
    return items


def _bytes(fields: list[rlp.Item], index: int) -> bytes:
    item = fields[index]
    if not isinstance(item, bytes):
        raise CodecError(f"field {index} is a list")
    return item


def _number(fields: list[rlp.Item], index: int, bits: int = 256) -> int:
    item = _bytes(fields, index)
    if len(item) * 8 > bits or item[:1] == b"\0":
        raise CodecError(f"field {index} is no canonical integer of {bits} bits: 0x{item.hex()}")
    return int.from_bytes(item, "big")


def _recipient(fields: list[rlp.Item], index: int) -> str | None:
    item = _bytes(fields, index)
    if item and len(item) != 20:
        raise CodecError(f"field {index} is no address: 0x{item.hex()}")
    return "0x" + item.hex() if item else None


def _type_2(fields: list[rlp.Item]) -> Transaction:
    if fields[8] != []:
        raise CodecError("transactions with an access list are not supported")
    priority, maximum = _number(fields, 2), _number(fields, 3)
    if priority > maximum:
        raise CodecError(f"max_priority_fee {priority} is above max_fee {maximum}")
    return Transaction(
        chain_id=_number(fields, 0, 64),
        nonce=_number(fields, 1, 64),
        max_priority_fee=priority,
        max_fee=maximum,
        gas=_number(fields, 4, 64),
        to=_recipient(fields, 5),
        value=_number(fields, 6),
        data=_bytes(fields, 7),
    )


def _legacy(fields: list[rlp.Item], chain_id: int) -> LegacyTransaction:
    return LegacyTransaction(
        chain_id=chain_id,
        nonce=_number(fields, 0, 64),
        gas_price=_number(fields, 1),
        gas=_number(fields, 2, 64),
        to=_recipient(fields, 3),
        value=_number(fields, 4),
        data=_bytes(fields, 5),
    )


def _signature(r: int, s: int, parity: int) -> Signature:
    if not 0 < r < _ORDER or not 0 < s < _ORDER or parity > 1:
        raise CodecError("r and s must be between zero and the order of the curve, the parity 0 or 1")
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((parity,))
