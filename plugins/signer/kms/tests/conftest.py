from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from moto.kms.utils import ECDSAPrivateKey
from moto.server import ThreadedMotoServer

from sniper.signer import SignRequest
from sniper.signing.key import address_of
from sniper_sdk.signer_world import SignerWorld
from sniper_signer_kms.client import KmsConfig, KmsSigner
from sniper_signer_kms.der import point


def _sign_a_digest(self: Any, message: bytes, signing_algorithm: str) -> bytes:
    """As AWS documents MessageType DIGEST; moto would hash it once more."""
    signature: bytes = self.private_key.sign(message, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    return signature


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """KMS, as moto plays it."""
    patch = pytest.MonkeyPatch()
    patch.setattr(ECDSAPrivateKey, "sign", _sign_a_digest)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()
    patch.undo()


@pytest.fixture(scope="session")
def kms(endpoint: str) -> Any:
    return boto3.client(
        "kms", region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id="id", aws_secret_access_key="secret"
    )


@pytest.fixture(scope="session")
def key_id(kms: Any) -> str:
    created = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_SECG_P256K1")
    return str(created["KeyMetadata"]["KeyId"])


@pytest.fixture(scope="session")
def address(kms: Any, key_id: str) -> str:
    return address_of(point(kms.get_public_key(KeyId=key_id)["PublicKey"]))


@pytest.fixture
def config(endpoint: str, key_id: str, address: str) -> Iterator[KmsConfig]:
    rules = SignerWorld.rules()
    rules["accounts"] = {"alice": [address]}
    with TemporaryDirectory(prefix="signer-", dir="/tmp") as name:
        credentials = Path(name) / "credentials"
        credentials.write_text("[default]\naws_access_key_id = id\naws_secret_access_key = a-secret-of-aws\n")
        directory = Path(name) / "run"
        yield KmsConfig(
            socket=directory / "s.sock",
            keys=(key_id,),
            region="us-east-1",
            endpoint=endpoint,
            credentials=credentials,
            rules=rules,
        )


@pytest.fixture
async def signer(config: KmsConfig) -> AsyncIterator[KmsSigner]:
    signer = KmsSigner(config)
    await signer.open()
    yield signer
    await signer.close()


@pytest.fixture
def allowed(address: str) -> SignRequest:
    return SignerWorld.entry(sender=address, value=1, data=SignerWorld.buy_data(address))
