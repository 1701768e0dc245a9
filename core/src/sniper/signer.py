"""Write a signer: the one place that holds keys, and that says no.

A signer does not trust who asks: it builds the transaction from the request itself,
judges that transaction by rules of its own, and signs it or refuses. The config of a signer is not imported from here:
a signer's process imports this page and must stay small.
"""

from abc import ABC, abstractmethod
from typing import Literal

from sniper.errors import SignerError
from sniper.plugin import Frozen
from sniper.types import KillLevel

__all__ = [
    "KillLevel",
    "Purpose",
    "SignRequest",
    "Signed",
    "Signer",
    "SignerProposed",
    "SignerRefused",
    "SignerUnreachable",
    "TypedRequest",
    "TypedSigned",
]

Purpose = Literal["entry", "exit", "approve", "cancel", "transfer"]
"""What a transaction is meant to do. ``cancel`` is a transfer of nothing to oneself that takes the place of a nonce,
``transfer`` one of something to a wallet that the signer's rules name."""


class SignRequest(Frozen):
    """One transaction to sign, and what it is meant to do.

    account    The tenant on whose behalf; only its own senders may sign for it.
    sender     Address whose key signs, lower-case hex, as is ``to``.
    max_fee    Wei per gas, as is ``max_priority_fee``.
    value      Wei.
    fence      Token of the lease under which it is asked for; 0 where none is held. A signer remembers the highest one
               of each account, durably, and refuses lower ones.
    legacy     Whether it is of type 0 (EIP-155), for a chain without a base fee, and not of type 2 (EIP-1559): then
               ``max_fee`` and ``max_priority_fee`` both are its gas price.
    """

    account: str
    sender: str
    chain_id: int
    nonce: int
    max_priority_fee: int
    max_fee: int
    gas: int
    to: str
    value: int
    data: bytes
    purpose: Purpose
    fence: int = 0
    legacy: bool = False


class Signed(Frozen):
    """A signed transaction: the bytes to broadcast, and their Keccak-256 (``0x…``), which is the transaction's id."""

    raw: bytes
    tx_hash: str


class TypedRequest(Frozen):
    """EIP-712 typed data to sign.

    data     JSON as ``eth_signTypedData_v4`` takes it: types, primaryType, domain, message.
    purpose  ``approve`` for permits, ``entry`` or ``exit`` for what trades.

    The other fields are those of `SignRequest`.
    """

    account: str
    sender: str
    data: bytes
    purpose: Purpose
    fence: int = 0


class TypedSigned(Frozen):
    """``signature``: 65 bytes, r, s, v (27 or 28), as contracts take it. ``digest``: ``0x…`` of what was signed."""

    signature: bytes
    digest: str


class SignerRefused(SignerError):
    """A rule of the signer forbids this transaction. Asking again changes nothing until the rule or the request does.

    rule   Which one, kebab-case.
    value  What the request holds, ``limit`` what is allowed, both as text that a person can read.
    """

    code = "signer-refused"

    def __init__(self, rule: str, value: str, limit: str, remedy: str) -> None:
        super().__init__(f"the signer refuses by rule {rule!r}: {value}, allowed: {limit}; {remedy}")
        self.rule = rule
        self.value = value
        self.limit = limit
        self.remedy = remedy


class SignerProposed(SignerRefused):
    """There are no signed bytes, because others have to agree first: it was handed to them. To whoever wanted to send
    it, that is a refusal.

    proposal  What they know it by, such as the hash of a Safe's transaction (``0x…``).
    """

    code = "signer-proposed"

    def __init__(self, proposal: str, value: str, limit: str, remedy: str) -> None:
        super().__init__("proposed", value, limit, remedy)
        self.proposal = proposal


class SignerUnreachable(SignerError):
    """The signer does not answer. Nothing is known about a request that was under way; asking again is harmless,
    because equal requests give equal bytes."""

    code = "signer-unreachable"


class Signer(ABC):
    """Holds keys and signs. One per run; shared by all accounts."""

    @abstractmethod
    async def open(self) -> None:
        """Make it ready: start or find its process, unlock. Raises `SignerError` where that is impossible."""

    @abstractmethod
    async def addresses(self) -> tuple[str, ...]:
        """The addresses that it can sign for, lower-case hex."""

    @abstractmethod
    async def sign(self, request: SignRequest) -> Signed:
        """Sign it, or raise `SignerRefused` (or its `SignerProposed`) or `SignerUnreachable`. Equal requests give equal
        bytes (RFC 6979).

        It may as well be a ``def`` that returns an awaitable, and has the request on its way by then; whatever is wrong
        is raised where that is awaited.
        """

    async def sign_typed(self, request: TypedRequest) -> TypedSigned:
        """Sign EIP-712 typed data. Raises as `sign` does, and `SignerRefused` where it signs none at all."""
        raise SignerRefused(
            "typed-data", "a request to sign typed data", "transactions", "use a signer that reads typed data"
        )

    @abstractmethod
    async def level(self, level: KillLevel) -> None:
        """Set the kill switch inside the signer, for all accounts, from the next request on."""

    @abstractmethod
    async def close(self) -> None:
        """Forget the keys. A closed signer can be opened again."""
