"""Encrypted key files, in a process of their own."""

from sniper import SignerSpec, hookimpl


@hookimpl
def sniper_signers() -> list[SignerSpec]:
    return [
        SignerSpec(
            name="keystore",
            summary="Encrypted key files, in a process of its own, under rules of its own",
            factory="sniper_signer_keystore.client:KeystoreSigner",
        )
    ]
