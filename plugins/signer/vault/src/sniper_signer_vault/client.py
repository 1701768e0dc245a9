"""The signer as the runtime sees it: it holds no key and, once open, no token."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from sniper.signing.client import ProcessConfig, ProcessSigner
from sniper.signing.password import PasswordSource
from sniper_signer_vault.source import VaultSource


class VaultConfig(ProcessConfig):
    """``[signer.vault]``."""

    paths: Annotated[
        tuple[str, ...],
        Field(
            description="Secrets with a key each, under the mount. Empty: the operator runs the signer; only connect."
        ),
    ] = ()
    address: Annotated[str, Field(description="URL of Vault, https unless it is on this machine. With paths.")] = ""
    mount: Annotated[str, Field(description="Where the KV engine of version 2 is mounted.")] = "secret"
    namespace: Annotated[str, Field(description="Namespace, where Vault has them.")] = ""
    authority: Annotated[
        Path | None, Field(description="Certificate authority of Vault; those of the system when left out.")
    ] = None
    token_fd: Annotated[
        int | None, Field(ge=0, description="Descriptor to read the token from; a prompt when it is left out.")
    ] = None

    @model_validator(mode="after")
    def _whole(self) -> "VaultConfig":
        if not bool(self.paths) == bool(self.address) == (self.rules is not None):
            raise ValueError("paths, address and rules go together: give all, or none where the operator runs it")
        return self


class VaultSigner(ProcessSigner):
    """Keys of HashiCorp Vault."""

    package: ClassVar[str] = "sniper_signer_vault"

    def __init__(self, config: VaultConfig, token: PasswordSource | None = None) -> None:
        """``token``: gives it each time that the process is started; None: the config's descriptor, or a prompt."""
        source = VaultSource(
            address=config.address,
            path=config.paths,
            mount=config.mount,
            namespace=config.namespace,
            authority=str(config.authority.absolute()) if config.authority else "",
        )
        super().__init__(config, source if config.paths else None, password=token, password_fd=config.token_fd)
