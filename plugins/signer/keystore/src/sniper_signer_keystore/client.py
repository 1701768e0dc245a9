"""The signer as the runtime sees it: it holds no key and, once open, no password."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from sniper.signing.client import ProcessConfig, ProcessSigner
from sniper.signing.password import PasswordSource
from sniper_signer_keystore.source import KeystoreSource


class KeystoreConfig(ProcessConfig):
    """``[signer.keystore]``."""

    keystores: Annotated[
        tuple[Path, ...],
        Field(
            description="Key files to open with one password. Empty: the operator runs the signer; only connect to it."
        ),
    ] = ()
    password_fd: Annotated[
        int | None, Field(ge=0, description="Descriptor to read the password from; a prompt when it is left out.")
    ] = None

    @model_validator(mode="after")
    def _rules_and_keystores(self) -> "KeystoreConfig":
        if bool(self.keystores) != (self.rules is not None):
            raise ValueError(
                "keystores and rules go together: give both, or neither where the operator runs the signer"
            )
        return self


class KeystoreSigner(ProcessSigner):
    """Keys of encrypted files."""

    package: ClassVar[str] = "sniper_signer_keystore"

    def __init__(self, config: KeystoreConfig, password: PasswordSource | None = None) -> None:
        """``password``: gives it each time that the process is started; None: the config's descriptor, or a prompt."""
        files = tuple(str(path.absolute()) for path in config.keystores)
        super().__init__(
            config,
            KeystoreSource(keystore=files) if files else None,
            password=password,
            password_fd=config.password_fd,
        )
