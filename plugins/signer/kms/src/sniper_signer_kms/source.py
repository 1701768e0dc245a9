"""Keys of AWS KMS, for the signer's process. They never leave KMS: it signs digests of what the rules let through."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sniper.errors import SignerError
from sniper.signing.errors import StartError
from sniper.signing.key import Key, address_of
from sniper.signing.secret import SecretBuffer
from sniper.signing.source import KeySource
from sniper_signer_kms.der import point, recoverable
from sniper_signer_kms.memory import Signatures

if TYPE_CHECKING:
    from collections.abc import Callable

_CONNECT_S, _READ_S, _ATTEMPTS = 1.0, 2.0, 2
_ALGORITHM: Final = "ECDSA_SHA_256"
"""What KMS calls signing 32 bytes that are a digest already; nothing is hashed with SHA-256."""


class KmsKey(Key):
    """One key of KMS, asked over the network; ``client``: boto3's of KMS. Any: made at run time from AWS's model."""

    locked = True

    def __init__(self, client: Any, key_id: str, signatures: Path) -> None:
        self._client = client
        self._id = key_id
        spki = _asked(StartError, f"the public key of {key_id}", lambda: client.get_public_key(KeyId=key_id))
        self._public = point(spki["PublicKey"])
        self.address = address_of(self._public)
        self._signatures = Signatures(signatures.with_name(f"{signatures.name}-{self.address[2:]}"))
        self._wiped = False

    def sign(self, digest: bytes) -> bytes:
        if self._wiped:
            raise SignerError(f"the key of {self.address} does not sign; it was let go, so open the signer again")
        known = self._signatures.of(digest)
        if known is not None:
            return known
        answer = _asked(
            SignerError,
            f"a signature of {self.address}",
            lambda: self._client.sign(
                KeyId=self._id, Message=digest, MessageType="DIGEST", SigningAlgorithm=_ALGORITHM
            ),
        )
        signature = recoverable(answer["Signature"], digest, self._public)
        self._signatures.add(digest, signature)
        return signature

    def wipe(self) -> None:
        if not self._wiped:
            self._wiped = True
            self._signatures.close()


class KmsSource(KeySource, frozen=True, forbid_unknown_fields=True):
    """``key``: ids, ARNs or aliases of keys with spec ECC_SECG_P256K1. ``signatures``: where those given are kept.

    ``endpoint``, ``profile``, ``credentials``: "" for what AWS's own rules say.
    """

    key: tuple[str, ...]
    region: str
    signatures: str
    endpoint: str = ""
    profile: str = ""
    credentials: str = ""

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--key", required=True, action="append", help="id, ARN or alias; may be repeated")
        parser.add_argument("--region", required=True, help="of the keys, such as eu-central-1")
        parser.add_argument("--signatures", required=True, help="file for the signatures that were given")
        parser.add_argument("--endpoint", default="", help="URL of KMS; default: AWS's own")
        parser.add_argument("--profile", default="", help="section of the credentials file")
        parser.add_argument("--credentials", default="", help="credentials file; default: ~/.aws/credentials")

    def keys(self, secret: SecretBuffer) -> list[Key]:
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]
        from botocore.session import Session  # type: ignore[import-untyped]

        try:
            session = Session(profile=self.profile or None)
            if self.credentials:
                session.set_config_variable("credentials_file", self.credentials)
            client = boto3.session.Session(botocore_session=session, region_name=self.region).client(
                "kms",
                endpoint_url=self.endpoint or None,
                config=Config(
                    connect_timeout=_CONNECT_S, read_timeout=_READ_S, retries={"total_max_attempts": _ATTEMPTS}
                ),
            )
        except (BotoCoreError, ValueError) as error:
            raise StartError(f"KMS cannot be asked: {error}; check region, endpoint and profile") from None
        return [KmsKey(client, key_id, Path(self.signatures)) for key_id in self.key]


def _asked(kind: type[SignerError], what: str, ask: "Callable[[], Any]") -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return ask()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise kind(f"KMS refuses {what}: {code}; check the key's policy and state") from None
    except BotoCoreError as error:
        raise kind(f"KMS does not give {what}: {error}; asking again is harmless") from None
