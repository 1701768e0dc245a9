"""The signer as the runtime sees it: it asks a process, and that process asks KMS."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from sniper.signing.client import ProcessConfig, ProcessSigner
from sniper_signer_kms.source import KmsSource


class KmsConfig(ProcessConfig):
    """``[signer.kms]``."""

    keys: Annotated[
        tuple[str, ...],
        Field(
            description="Ids, ARNs or aliases of keys with spec ECC_SECG_P256K1. Empty: the operator runs the signer;"
            " only connect to it."
        ),
    ] = ()
    region: Annotated[str, Field(description="Region of the keys. Only with keys.")] = ""
    endpoint: Annotated[str, Field(description="URL of KMS where it is not AWS's own, such as a VPC endpoint.")] = ""
    profile: Annotated[str, Field(description="Section of the credentials file; AWS's own choice when left out.")] = ""
    credentials: Annotated[
        Path | None,
        Field(description="Credentials file; ~/.aws/credentials or the machine's role when it is left out."),
    ] = None

    @model_validator(mode="after")
    def _whole(self) -> "KmsConfig":
        if not bool(self.keys) == bool(self.region) == (self.rules is not None):
            raise ValueError("keys, region and rules go together: give all, or none where the operator runs the signer")
        return self


class KmsSigner(ProcessSigner):
    """Keys of AWS KMS."""

    package: ClassVar[str] = "sniper_signer_kms"

    def __init__(self, config: KmsConfig) -> None:
        source = KmsSource(
            key=config.keys,
            region=config.region,
            signatures=str(config.socket.absolute().with_suffix(".signatures")),
            endpoint=config.endpoint,
            profile=config.profile,
            credentials=str(config.credentials.absolute()) if config.credentials else "",
        )
        super().__init__(config, source if config.keys else None)
