"""Keys of HashiCorp Vault, in a process of their own."""

from sniper import SignerSpec, hookimpl


@hookimpl
def sniper_signers() -> list[SignerSpec]:
    return [
        SignerSpec(
            name="vault",
            summary="Keys of HashiCorp Vault (KV 2), in a process of its own, under rules of its own",
            factory="sniper_signer_vault.client:VaultSigner",
        )
    ]
