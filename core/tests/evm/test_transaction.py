import contextlib
import pickle

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.errors import CodecError, SignerError
from sniper.evm import rlp
from sniper.evm.transaction import (
    LegacyTransaction,
    SigningKey,
    Transaction,
    decode_payload,
    decode_signed,
    recover_sender,
    signed,
    transaction_hash,
)

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEYS = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
ADDRESSES = st.none() | st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
U64, U256 = st.integers(0, 2**64 - 1), st.integers(0, 2**256 - 1)
DATA = st.binary(max_size=80) | st.binary(min_size=250, max_size=300)
TYPE_2 = st.builds(
    lambda fees, **fields: Transaction(max_priority_fee=min(fees), max_fee=max(fees), **fields),
    fees=st.tuples(U256, U256),
    chain_id=U64,
    nonce=U64,
    gas=U64,
    to=ADDRESSES,
    value=U256,
    data=DATA,
)
LEGACY = st.builds(
    LegacyTransaction,
    chain_id=st.integers(1, 2**64 - 1),
    nonce=U64,
    gas_price=U256,
    gas=U64,
    to=ADDRESSES,
    value=U256,
    data=DATA,
)
SAMPLE = Transaction(chain_id=1, nonce=0, max_priority_fee=1, max_fee=2, gas=21000, to="0x" + "11" * 20)


def reference(transaction: Transaction | LegacyTransaction) -> dict[str, object]:
    fields: dict[str, object] = {
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "gas": transaction.gas,
        "to": bytes.fromhex(transaction.to[2:]) if transaction.to else b"",
        "value": transaction.value,
        "data": transaction.data,
    }
    if isinstance(transaction, Transaction):
        return fields | {
            "type": 2,
            "maxFeePerGas": transaction.max_fee,
            "maxPriorityFeePerGas": transaction.max_priority_fee,
        }
    return fields | {"gasPrice": transaction.gas_price}


@settings(max_examples=60, deadline=None)
@given(TYPE_2 | LEGACY, KEYS)
def test_signed_bytes_equal_those_of_eth_account(transaction: Transaction | LegacyTransaction, secret: bytes) -> None:
    key = SigningKey(secret)
    payload = transaction.payload()
    raw = signed(payload, key.sign(payload))
    theirs = Account.sign_transaction(reference(transaction), secret)
    assert raw == bytes(theirs.raw_transaction)
    assert transaction_hash(raw) == "0x" + theirs.hash.hex().removeprefix("0x")
    assert recover_sender(raw) == key.address == Account.from_key(secret).address.lower()


@settings(deadline=None)
@given(TYPE_2 | LEGACY)
def test_payload_and_signed_bytes_decode_to_the_same_transaction(transaction: Transaction | LegacyTransaction) -> None:
    payload = transaction.payload()
    signature = SigningKey(b"\x07" * 32).sign(payload)
    assert decode_payload(payload) == transaction
    assert decode_signed(signed(payload, signature)) == (transaction, signature)


@settings(deadline=None)
@given(TYPE_2 | LEGACY, st.data())
def test_a_changed_byte_is_refused_or_belongs_to_another_sender(
    transaction: Transaction | LegacyTransaction, data: st.DataObject
) -> None:
    key = SigningKey(b"\x07" * 32)
    payload = transaction.payload()
    raw = bytearray(signed(payload, key.sign(payload)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(CodecError):
        assert recover_sender(bytes(raw)) != key.address


ITEMS = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=5), max_leaves=8)


@given(ITEMS)
def test_rlp_round_trip(item: rlp.Item) -> None:
    assert rlp.decode(rlp.encode(item)) == item


@given(st.binary(max_size=80))
def test_rlp_accepts_only_the_one_encoding_of_a_value(data: bytes) -> None:
    try:
        item = rlp.decode(data)
    except CodecError:
        return
    assert rlp.encode(item) == data


@given(st.integers(0, 2**256))
def test_rlp_integers_have_no_leading_zeros(value: int) -> None:
    assert rlp.encode_integer(value) == rlp.encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@pytest.mark.parametrize("secret", [b"", b"\0" * 32, b"\xff" * 32, b"\x5a" * 31])
def test_a_wrong_key_is_refused_without_being_shown(secret: bytes) -> None:
    with pytest.raises(SignerError) as caught:
        SigningKey(secret)
    assert "5a5a" not in str(caught.value)
    assert "ZZ" not in str(caught.value)


def test_a_key_shows_its_address_only_and_cannot_be_pickled() -> None:
    key = SigningKey(b"\x5a" * 32)
    assert repr(key) == f"SigningKey({key.address})"
    with pytest.raises(SignerError):
        pickle.dumps(key)


@pytest.mark.parametrize(
    "change",
    [{"nonce": 2**64}, {"nonce": -1}, {"value": 2**256}, {"to": "0x11"}, {"to": "11" * 21}, {"max_priority_fee": 3}],
)
def test_fields_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    fields = {name: getattr(SAMPLE, name) for name in SAMPLE.__struct_fields__}
    with pytest.raises(CodecError):
        Transaction(**{**fields, **change}).payload()


def test_a_legacy_transaction_needs_a_chain_id() -> None:
    with pytest.raises(CodecError, match="replayed"):
        LegacyTransaction(chain_id=0, nonce=0, gas_price=1, gas=21000, to=None).payload()


@pytest.mark.parametrize("signature", [b"", b"\1" * 64, b"\1" * 64 + b"\2"])
def test_a_malformed_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(CodecError):
        signed(SAMPLE.payload(), signature)


def test_a_high_s_is_refused() -> None:
    payload = SAMPLE.payload()
    signature = SigningKey(b"\x07" * 32).sign(payload)
    high = ORDER - int.from_bytes(signature[32:64], "big")
    mirrored = signature[:32] + high.to_bytes(32, "big") + bytes((1 - signature[64],))
    with pytest.raises(CodecError, match="EIP-2"):
        recover_sender(signed(payload, mirrored))
