"""Keys of AWS KMS, asked by a process of their own."""

from sniper import SignerSpec, hookimpl


@hookimpl
def sniper_signers() -> list[SignerSpec]:
    return [
        SignerSpec(
            name="kms",
            summary="Keys of AWS KMS, which never leave it, under rules of its own",
            factory="sniper_signer_kms.client:KmsSigner",
        )
    ]
