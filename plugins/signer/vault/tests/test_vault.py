"""A real process, reading from a server that answers as Vault is documented to."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sniper.errors import SignerError
from sniper.signing.errors import KeyFileError, StartError, WrongPassword
from sniper.signing.password import of_text
from sniper_sdk.signer_world import SignerWorld
from sniper_signer_vault.client import VaultConfig, VaultSigner

TOKEN = "hvs.a-token-of-vault"


async def start(config: VaultConfig, token: str = TOKEN, **changes: Any) -> tuple[str, ...]:
    signer = VaultSigner(config.model_copy(update=changes), lambda: of_text(token))
    try:
        await signer.open()
        return await signer.addresses()
    finally:
        await signer.close()


async def test_the_key_is_read_once_from_where_the_config_says(config: VaultConfig, vault: Any) -> None:
    vault.secrets = {"/v1/kv%20one/data/a/b": {"key": f"0x{SignerWorld.key.hex()}\n"}}
    found = await start(config, mount="kv one", paths=("a/b",), namespace="team")
    assert found == (SignerWorld.sender,)
    assert vault.asked == [("/v1/kv%20one/data/a/b", "team")]


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ({"other": "x"}, "no 'key' of 64 hex"),
        ({"key": "no hex, but a secret"}, "no 'key' of 64 hex"),
        ({"key": 5}, "no 'key' of 64 hex"),
        (None, "no 'key' of 64 hex"),
        ({"key": "46" * 31}, "31 bytes"),
        ({"key": "00" * 32}, "holds no key of secp256k1"),
    ],
)
async def test_what_is_no_key_is_said_without_showing_it(
    config: VaultConfig, vault: Any, secret: Any, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    vault.secrets["/v1/secret/data/sniper/main"] = secret
    with pytest.raises(KeyFileError, match=said) as caught:
        await start(config)
    shown = str(caught.value) + "".join(capfd.readouterr())
    assert "a secret" not in shown
    assert "46" * 31 not in shown


async def test_each_refusal_of_vault_is_told_apart_and_never_with_the_token(config: VaultConfig, vault: Any) -> None:
    with pytest.raises(WrongPassword, match="does not let this token read secret/sniper/main") as wrong:
        await start(config, token="hvs.another")
    assert "hvs.another" not in str(wrong.value)
    with pytest.raises(KeyFileError, match="no secret secret/none"):
        await start(config, paths=("none",))
    vault.status = 503
    with pytest.raises(StartError, match="answers 503"):
        await start(config)
    with pytest.raises(StartError, match="cannot be asked: ConnectionRefusedError"):
        await start(config, address="http://127.0.0.1:1")


async def test_a_redirection_does_not_get_the_token(config: VaultConfig, vault: Any) -> None:
    vault.status = 307
    with pytest.raises(SignerError, match="answers 307"):
        await start(config)
    assert [path for path, _ in vault.asked] == ["/v1/secret/data/sniper/main"]


@pytest.mark.parametrize("address", ["http://vault.example:8200", "ftp://127.0.0.1", "vault.example"])
async def test_nothing_is_sent_in_the_clear_over_a_network(config: VaultConfig, address: str) -> None:
    with pytest.raises(StartError, match="https"):
        await start(config, address=address)


async def test_neither_token_nor_key_shows(
    signer: VaultSigner, config: VaultConfig, capfd: pytest.CaptureFixture[str]
) -> None:
    await signer.sign(SignerWorld.entry())
    arguments = await asyncio.to_thread(Path(f"/proc/{signer.pid}/cmdline").read_text)
    seen = arguments + "".join(capfd.readouterr()) + str(vars(signer)) + config.model_dump_json()
    assert TOKEN not in seen
    assert SignerWorld.key.hex() not in seen


def test_paths_address_and_rules_go_together(config: VaultConfig) -> None:
    for left_out in ("paths", "address", "rules"):
        with pytest.raises(ValueError, match="go together"):
            VaultConfig.model_validate(config.model_dump(exclude={left_out}))
