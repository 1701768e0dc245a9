"""Transactions of a Safe, proposed."""

from sniper import SignerSpec, hookimpl


@hookimpl
def sniper_signers() -> list[SignerSpec]:
    return [
        SignerSpec(
            name="safe",
            summary="Proposes transactions of a Safe to its owners, and signs as one of them",
            factory="sniper_signer_safe.client:SafeSigner",
        )
    ]
