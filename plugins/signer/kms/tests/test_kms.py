"""A real process, asking KMS as moto plays it; and what KMS might answer."""

import asyncio
from pathlib import Path
from typing import Any

import coincurve
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.kms.exceptions import AccessDeniedException
from moto.kms.utils import ECDSAPrivateKey

from sniper.errors import SignerError
from sniper.evm.transaction import recover_sender
from sniper.signer import SignerRefused, SignRequest
from sniper.signing.errors import StartError
from sniper.signing.key import CURVE_ORDER
from sniper_signer_kms.client import KmsConfig, KmsSigner
from sniper_signer_kms.der import numbers, point, recoverable
from sniper_signer_kms.memory import MOST, Signatures

keys = st.integers(1, CURVE_ORDER - 1).map(lambda n: coincurve.PrivateKey(n.to_bytes(32, "big")))
digests = st.binary(min_size=32, max_size=32)


def der(r: int, s: int) -> bytes:
    """As X.690 writes it."""
    both = b"".join(
        b"\x02" + bytes((len(text),)) + text for text in (n.to_bytes(n.bit_length() // 8 + 1, "big") for n in (r, s))
    )
    return b"\x30" + bytes((len(both),)) + both


@given(key=keys, digest=digests, high=st.booleans())
def test_every_signature_of_the_key_becomes_one_with_low_s_that_recovers_it(
    key: coincurve.PrivateKey, digest: bytes, high: bool
) -> None:
    own = key.sign_recoverable(digest, hasher=None)
    r, s = int.from_bytes(own[:32], "big"), int.from_bytes(own[32:64], "big")
    given = der(r, CURVE_ORDER - s if high else s)
    assert recoverable(given, digest, key.public_key.format(compressed=False)) == own


@given(key=keys, other=keys, digest=digests, wrong=digests)
def test_a_signature_of_something_else_or_by_another_key_is_not_passed_on(
    key: coincurve.PrivateKey, other: coincurve.PrivateKey, digest: bytes, wrong: bytes
) -> None:
    own = key.sign_recoverable(digest, hasher=None)
    given = der(int.from_bytes(own[:32], "big"), int.from_bytes(own[32:64], "big"))
    public = key.public_key.format(compressed=False)
    if wrong != digest:
        with pytest.raises(SignerError, match="something else"):
            recoverable(given, wrong, public)
    if other.secret != key.secret:
        with pytest.raises(SignerError, match="another key"):
            recoverable(given, digest, other.public_key.format(compressed=False))


@given(st.binary(max_size=80))
def test_bytes_that_are_no_signature_are_an_error_of_ours(data: bytes) -> None:
    try:
        r, s = numbers(data)
    except SignerError:
        return
    assert len(data) <= 72
    assert max(r, s) < 2**264


@pytest.mark.parametrize("answer", [der(0, 1), der(1, 0), der(CURVE_ORDER, 1), der(1, CURVE_ORDER)])
def test_numbers_beyond_the_curve_are_refused(answer: bytes) -> None:
    with pytest.raises(SignerError, match="beyond the order"):
        recoverable(answer, bytes(32), b"\x04" + bytes(64))


def test_a_key_of_another_curve_is_refused(kms: Any) -> None:
    other = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    with pytest.raises(SignerError, match="ECC_SECG_P256K1"):
        point(kms.get_public_key(KeyId=other)["PublicKey"])


async def test_what_kms_signs_is_signed_by_the_address(signer: KmsSigner, allowed: SignRequest, address: str) -> None:
    for nonce in range(8):  # of both parities, and s high and low
        signed = await signer.sign(msgspec.structs.replace(allowed, nonce=nonce))  # type: ignore[type-var]
        assert recover_sender(signed.raw) == address


async def test_kms_is_not_asked_for_what_the_rules_forbid_and_its_no_is_told(
    signer: KmsSigner, allowed: SignRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def refuse(self: object, message: bytes, signing_algorithm: str) -> bytes:
        asked.append(message)
        raise AccessDeniedException("not for you")

    monkeypatch.setattr(ECDSAPrivateKey, "sign", refuse)
    with pytest.raises(SignerRefused, match="max-value"):
        await signer.sign(msgspec.structs.replace(allowed, value=10**30))  # type: ignore[type-var]
    assert not asked
    with pytest.raises(SignerError, match=r"KMS refuses a signature of 0x.*AccessDeniedException"):
        await signer.sign(msgspec.structs.replace(allowed, nonce=77))  # type: ignore[type-var]
    assert len(asked) == 1


async def test_a_key_that_is_not_there_and_a_service_that_is_not_there_stop_the_start(config: KmsConfig) -> None:
    with pytest.raises(StartError, match="NotFoundException"):
        await KmsSigner(config.model_copy(update={"keys": ("no-such-key",)})).open()
    with pytest.raises(StartError, match="KMS does not give the public key"):
        await KmsSigner(config.model_copy(update={"endpoint": "http://127.0.0.1:1"})).open()


async def test_no_credential_shows(signer: KmsSigner, capfd: pytest.CaptureFixture[str], allowed: SignRequest) -> None:
    await signer.sign(allowed)
    started = await asyncio.to_thread(Path(f"/proc/{signer.pid}/cmdline").read_text)
    seen = "".join(capfd.readouterr()) + started + str(vars(signer))
    assert "a-secret-of-aws" not in seen


def test_keys_region_and_rules_go_together(config: KmsConfig) -> None:
    for left_out in ("keys", "region", "rules"):
        fields = config.model_dump(exclude={left_out})
        with pytest.raises(ValueError, match="go together"):
            KmsConfig.model_validate(fields)


def test_signatures_are_remembered_after_a_restart_and_one_that_was_cut_off_is_not(tmp_path: Path) -> None:
    memory = Signatures(tmp_path / "s")
    memory.add(b"a" * 32, b"1" * 65)
    memory.add(b"b" * 32, b"2" * 65)
    memory.close()
    content = (tmp_path / "s").read_bytes()
    (tmp_path / "s").write_bytes(content[:-1])
    again = Signatures(tmp_path / "s")
    assert again.of(b"a" * 32) == b"1" * 65
    assert again.of(b"b" * 32) is None
    again.close()


def test_the_oldest_signature_is_forgotten_first(tmp_path: Path) -> None:
    memory = Signatures(tmp_path / "s")
    for n in range(MOST + 1):
        memory.add(n.to_bytes(32, "big"), bytes(65))
    assert memory.of((0).to_bytes(32, "big")) is None
    assert memory.of((1).to_bytes(32, "big")) == bytes(65)
    memory.close()
