"""Signs for Safes: as one of their owners, and never more than a proposal."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr, StringConstraints, model_validator

from sniper.config import Config
from sniper.signer import (
    KillLevel,
    Signed,
    Signer,
    SignerProposed,
    SignerRefused,
    SignRequest,
    TypedRequest,
    TypedSigned,
)
from sniper.signing.client import ProcessConfig, ProcessSigner
from sniper_signer_safe.proposal import body, typed_data
from sniper_signer_safe.service import Board, File, Service

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class SafeConfig(Config):
    """``[signer.safe]``."""

    socket: Annotated[
        Path,
        Field(
            description="Where a signer with the owner's key listens, of whatever kind, which the operator runs.",
            examples=["/run/user/1000/sniper/socket"],
        ),
    ]
    owner: Annotated[
        Address,
        Field(description="The owner whose key that is.", examples=["0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"]),
    ]
    safes: Annotated[
        tuple[Address, ...],
        Field(
            min_length=1,
            description="Safes that are traded from.",
            examples=[["0x5fbdb2315678afecb367f032d93f642f64180aa3"]],
        ),
    ]
    service: Annotated[str | None, Field(description="URL of a Safe Transaction Service for this chain.")] = None
    service_key: Annotated[SecretStr | None, Field(description="Bearer token for the service.")] = None
    file: Annotated[
        Path | None,
        Field(description="File for proposals instead, one line of JSON each.", examples=["/home/me/proposals"]),
    ] = None

    @model_validator(mode="after")
    def _one_board(self) -> "SafeConfig":
        if (self.service is None) == (self.file is None):
            raise ValueError("proposals go to a service or to a file: give one of the two")
        return self


class _Owner(ProcessSigner):
    """The owner's signer, which runs already."""

    package: ClassVar[str] = ""


class SafeSigner(Signer):
    """`addresses` are the Safes. `sign` hands a proposal to the owners and raises `SignerProposed`, always."""

    def __init__(self, config: SafeConfig) -> None:
        self._config = config
        self._owner = _Owner(ProcessConfig(socket=config.socket), None)
        key = config.service_key.get_secret_value() if config.service_key else None
        self._board: Board = Service(config.service, key) if config.service else File(Path(str(config.file)))

    async def open(self) -> None:
        await self._owner.open()
        held = await self._owner.addresses()
        if self._config.owner not in held:
            raise SignerRefused(
                "key",
                f"owner {self._config.owner}",
                ", ".join(held) or "no key",
                f"start the signer on {self._config.socket} with the owner's key",
            )

    async def addresses(self) -> tuple[str, ...]:
        return self._config.safes

    async def sign(self, request: SignRequest) -> Signed:
        if request.sender not in self._config.safes:
            raise SignerRefused(
                "key", f"sender {request.sender}", ", ".join(self._config.safes), "list the Safe under safes"
            )
        nonce = await self._board.nonce(request)
        asked = TypedRequest(
            account=request.account,
            sender=self._config.owner,
            data=typed_data(request, nonce),
            purpose=request.purpose,
            fence=request.fence,
        )
        signed = await self._owner.sign_typed(asked)
        proposal = body(request, nonce, signed.digest, self._config.owner, signed.signature)
        await self._board.propose(request.sender, proposal)
        raise SignerProposed(
            signed.digest,
            f"transaction {nonce} of Safe {request.sender}, {signed.digest}",
            "what its owners confirm",
            "it was proposed and waits for them; whoever confirms last executes it",
        )

    async def sign_typed(self, request: TypedRequest) -> TypedSigned:
        raise SignerRefused(
            "typed-data", "typed data for a Safe", "transactions", "a Safe signs messages by its owners' agreement"
        )

    async def level(self, level: KillLevel) -> None:
        await self._owner.level(level)

    async def close(self) -> None:
        await self._owner.close()
        await self._board.close()
