"""A real signer's process with the owner's key, and a service that answers as Safe's is documented to."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from eth_account import Account
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from sniper.evm.keccak import keccak256
from sniper.signer import KillLevel, SignerProposed, SignerRefused, SignerUnreachable, SignRequest
from sniper.signing import keyfile
from sniper.signing.password import of_text
from sniper_sdk.signer_world import SignerWorld as World
from sniper_signer_safe.client import SafeConfig, SafeSigner
from sniper_signer_safe.proposal import checksummed

SAFE = "0x" + "5f" * 20
SERVE = (
    "import sys; from sniper.signing.main import main; from sniper.signing.source import KeySource\n"
    "from sniper.signing.unlock import unlock; from pathlib import Path\n"
    "class Files(KeySource, frozen=True):\n"
    "    secret = 'Password'\n"
    "    keystore: str\n"
    "    @classmethod\n"
    "    def arguments(cls, parser): parser.add_argument('--keystore')\n"
    "    def keys(self, secret): return [unlock(Path(self.keystore), secret)]\n"
    "sys.exit(main('files', Files, sys.argv[1:]))\n"
)
"""A kind of signer in ten lines, so that this package needs no other."""


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    """A running signer with the owner's key and rules for the Safe."""
    with TemporaryDirectory(prefix="signer-", dir="/tmp") as name:
        run = Path(name)
        keyfile.create(run / "key", of_text(World.password), World.key, work_factor=2)
        (run / "rules").write_text(
            f'[accounts]\nalice = ["{World.sender}", "{SAFE}"]\n[chains.{World.chain}]\nmax_fee = 0\n'
            f"max_value = {World.ether}\n"
            f"max_value_per_hour = {9 * World.ether}\nmax_value_per_day = {9 * World.ether}\n"
            f'typed."{SAFE}" = ["SafeTx"]\ncontracts."{World.router}" = {{ "{World.buy}" = {{}} }}\n'
        )
        readable, writable = os.pipe()
        os.write(writable, World.password.encode())
        os.close(writable)
        arguments = ["--keystore", str(run / "key"), "--socket", str(run / "s" / "s"), "--rules", str(run / "rules")]
        with subprocess.Popen(
            [sys.executable, "-c", SERVE, "serve", *arguments, "--password-fd", str(readable)],
            pass_fds=(readable,),
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            os.close(readable)
            assert process.stderr is not None
            assert '"serving"' in process.stderr.readline()
            yield run / "s" / "s"
            process.terminate()
            process.communicate()


class Owners:
    """The service: remembers what is proposed."""

    def __init__(self) -> None:
        self.nonce, self.status = 7, 201
        self.proposed: list[tuple[str, dict[str, Any]]] = []
        self.keys: set[str | None] = set()

    async def told(self, request: web.Request) -> web.Response:
        self.keys.add(request.headers.get("Authorization"))
        return web.json_response({"address": request.match_info["safe"], "nonce": self.nonce, "threshold": 2})

    async def proposal(self, request: web.Request) -> web.Response:
        if self.status == 201:
            self.proposed.append((request.match_info["safe"], await request.json()))
        return web.Response(status=self.status, text="no" if self.status != 201 else "")


@pytest.fixture
async def owners() -> AsyncIterator[tuple[Owners, str]]:
    service, app = Owners(), web.Application()
    app.router.add_get("/api/v1/safes/{safe}/", service.told)
    app.router.add_post("/api/v1/safes/{safe}/multisig-transactions/", service.proposal)
    async with TestServer(app) as server:
        yield service, str(server.make_url("/"))


@pytest.fixture
async def signer(socket: Path, owners: tuple[Owners, str]) -> AsyncIterator[SafeSigner]:
    config = SafeConfig(socket=socket, owner=World.sender, safes=(SAFE,), service=owners[1], service_key="abc")
    signer = SafeSigner(config)
    await signer.open()
    yield signer
    await signer.level(KillLevel.OFF)
    await signer.close()


def entry(**changes: Any) -> SignRequest:
    return World.entry(**{"sender": SAFE, "data": World.buy_data(SAFE), **changes})


async def proposed(signer: SafeSigner, request: SignRequest) -> SignerProposed:
    with pytest.raises(SignerProposed) as caught:
        await signer.sign(request)
    return caught.value


async def test_a_transaction_is_proposed_with_the_owners_signature_and_never_signed(
    signer: SafeSigner, owners: tuple[Owners, str]
) -> None:
    answer = await proposed(signer, entry())
    ((safe, body),) = owners[0].proposed
    assert safe == to_checksum_address(SAFE)
    assert body["nonce"] == 7
    assert body["to"] == to_checksum_address(World.router)
    assert body["sender"] == to_checksum_address(World.sender)
    assert (body["value"], body["operation"], body["data"]) == (str(World.ether // 100), 0, f"0x{entry().data.hex()}")
    domain = {"chainId": World.chain, "verifyingContract": SAFE}
    numbers = ("value", "safeTxGas", "baseGas", "gasPrice")
    message = {
        name: int(body[name]) if name in numbers else body[name]
        for name in (*numbers, "to", "data", "operation", "gasToken", "refundReceiver", "nonce")
    }
    types = {
        "SafeTx": [
            {"name": name, "type": kind}
            for name, kind in (
                ("to", "address"), ("value", "uint256"), ("data", "bytes"), ("operation", "uint8"),
                ("safeTxGas", "uint256"), ("baseGas", "uint256"), ("gasPrice", "uint256"), ("gasToken", "address"),
                ("refundReceiver", "address"), ("nonce", "uint256"),
            )
        ]
    }  # fmt: skip
    expected = Account.sign_typed_data(World.key, domain, types, message)
    assert body["signature"] == f"0x{bytes(expected.signature).hex()}"
    assert body["contractTransactionHash"] == answer.proposal == f"0x{bytes(expected.message_hash).hex()}"
    assert (answer.rule, answer.code) == ("proposed", "signer-proposed")
    assert isinstance(answer, SignerRefused)
    assert owners[0].keys == {"Bearer abc"}


def test_the_types_are_those_of_the_safe_contract() -> None:
    """``SAFE_TX_TYPEHASH`` and ``DOMAIN_SEPARATOR_TYPEHASH`` of Safe.sol."""
    from sniper.signing.typed import KNOWN

    fields = ",".join(f"{kind} {name}" for name, kind in KNOWN["SafeTx"]["SafeTx"])
    assert keccak256(f"SafeTx({fields})".encode()).hex() == (
        "bb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8"
    )
    assert keccak256(b"EIP712Domain(uint256 chainId,address verifyingContract)").hex() == (
        "47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218"
    )


async def test_the_same_again_is_the_same_proposal_whatever_nonce_the_bot_has_in_mind(
    signer: SafeSigner, owners: tuple[Owners, str]
) -> None:
    first = await proposed(signer, entry(nonce=1))
    second = await proposed(signer, entry(nonce=2))
    assert first.proposal == second.proposal
    assert owners[0].proposed[0] == owners[0].proposed[1]


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("key", {"sender": World.sender}),
        ("account", {"account": "bob"}),
        ("chain", {"chain_id": 5}),
        ("max-value", {"value": 2 * World.ether}),
        ("recipient", {"data": World.buy_data(World.sender)}),
        ("destination", {"to": SAFE}),
        ("function", {"data": bytes.fromhex("deadbeef")}),
    ],
)
async def test_the_owners_signer_judges_what_the_safe_is_to_call(
    signer: SafeSigner, owners: tuple[Owners, str], rule: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(SignerRefused) as caught:
        await signer.sign(entry(**changes))
    assert caught.value.rule == rule
    assert not owners[0].proposed


async def test_the_kill_switch_stops_proposals(signer: SafeSigner, owners: tuple[Owners, str]) -> None:
    await signer.level(KillLevel.NO_ENTRIES)
    with pytest.raises(SignerRefused, match="kill-switch"):
        await signer.sign(entry())
    assert not owners[0].proposed


async def test_what_the_service_did_not_take_is_not_called_proposed(
    signer: SafeSigner, owners: tuple[Owners, str]
) -> None:
    owners[0].status = 422
    with pytest.raises(SignerUnreachable, match="answers 422 to POST"):
        await signer.sign(entry())


async def test_a_file_takes_proposals_too(socket: Path, tmp_path: Path) -> None:
    signer = SafeSigner(SafeConfig(socket=socket, owner=World.sender, safes=(SAFE,), file=tmp_path / "p"))
    await signer.open()
    assert await signer.addresses() == (SAFE,)
    found = [await proposed(signer, entry(nonce=nonce)) for nonce in (3, 4)]
    lines = [json.loads(line) for line in (tmp_path / "p").read_text().splitlines()]
    assert [line["nonce"] for line in lines] == [3, 4]
    assert [line["contractTransactionHash"] for line in lines] == [each.proposal for each in found]
    assert (tmp_path / "p").stat().st_mode & 0o777 == 0o600
    await signer.close()


async def test_a_signer_without_the_owners_key_is_no_help(socket: Path, tmp_path: Path) -> None:
    config = SafeConfig(socket=socket, owner=World.stranger, safes=(SAFE,), file=tmp_path / "p")
    with pytest.raises(SignerRefused, match="owner's key"):
        await SafeSigner(config).open()


def test_proposals_go_to_one_place(socket: Path) -> None:
    for places in ({}, {"service": "http://x", "file": "/x"}):
        with pytest.raises(ValueError, match="one of the two"):
            SafeConfig(socket=socket, owner=World.sender, safes=(SAFE,), **places)  # type: ignore[arg-type]


@given(st.integers(0, 2**160 - 1))
def test_addresses_are_written_as_eip_55_says(number: int) -> None:
    assert checksummed(f"0x{number:040x}") == to_checksum_address(f"0x{number:040x}")


def test_a_key_of_the_service_does_not_show(socket: Path) -> None:
    config = SafeConfig(socket=socket, owner=World.sender, safes=(SAFE,), service="http://x", service_key="abc-secret")
    assert "abc-secret" not in repr(config) + str(msgspec.to_builtins(str(vars(SafeSigner(config)))))
