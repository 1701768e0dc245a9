"""A probe in a worker looks through the host and judges what it saw, with what was granted and nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from released import risk

from sniper.config import model_of
from sniper.errors import CallReverted, PermissionDenied
from sniper.io import Fetched
from sniper.isolation.network import Requests
from sniper.isolation.risk import FarEvidence, far_risk
from sniper.kernel.entries import Check, _evidence_type
from sniper_sdk.builders import entry, view

PATIENT_S = 30.0
OWNED = """
    from sniper.errors import CallReverted
    from sniper.risk import Config, Entry, Evidence, Findings, Io, RiskProbe, View, must
    from sniper.types import split_asset

    class AcmeConfig(Config):
        how: str = "owner"

    class Owner(Evidence):
        address: str | None
        told: bytes = b""

    class Acme(RiskProbe[Owner]):
        config: AcmeConfig

        async def probe(self, intent: Entry, io: Io) -> Owner:
            if self.config.how == "fetch":
                found = await io.fetch("https://api.acme.com/token", headers=[("X-Key", "${secret:acme-key}")])
                return Owner(address=None, told=found.body)
            if self.config.how == "sleep":
                import asyncio
                await asyncio.sleep(1)
            if self.config.how == "fork":
                await io.fork(intent.chain_id)
            chain = await io.chain(5 if self.config.how == "elsewhere" else intent.chain_id)
            try:
                (owner,) = await chain.read(split_asset(intent.token)[1], "owner()(address)")
            except CallReverted:
                return Owner(address=None)
            return Owner(address=owner)

        def judge(self, intent: Entry, view: View, found: Owner) -> Findings:
            yield must("renounced", found.address is None, note=str(found.address))
            yield must("seen", True, note=found.told.decode())
"""


class Chain:
    """Says who owns a token."""

    block = 7

    def __init__(self, owner: str | None) -> None:
        self.owner = owner

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        if self.owner is None:
            raise CallReverted(f"{signature} of {address} reverted")
        return (self.owner,)


class Io:
    """Of a run, as far as a probe in a worker is concerned."""

    def __init__(self, owner: str | None) -> None:
        self.owner = owner

    async def chain(self, chain_id: int) -> Chain:
        return Chain(self.owner)


def probe(directory: Path, how: str = "owner", permissions: Sequence[str] = ()) -> Any:
    from dataclasses import replace

    environment, spec = risk(directory, OWNED)
    cls: Any = far_risk(replace(environment, permissions=tuple(permissions)), spec, within_s=PATIENT_S)
    return cls(config=model_of(cls).model_validate({"how": how}))


@pytest.mark.parametrize(("owner", "ok"), [("0x" + "11" * 20, False), (None, True)])
async def test_it_reads_the_chain_and_judges_what_it_read(tmp_path: Path, owner: str | None, ok: bool) -> None:
    made = probe(tmp_path)
    assert _evidence_type(Check("acme", made, policy=False)) is FarEvidence
    found = await made.probe(entry(), Io(owner))
    assert [finding.ok for finding in made.judge(entry(), view(), found)] == [ok, True]


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ("elsewhere", PermissionDenied, "and no other"),
        ("fork", PermissionDenied, "needs explicit trust"),
        ("sleep", Exception, "no running event loop"),
        ("fetch", PermissionDenied, "the secret 'acme-key' was not granted|api.acme.com:443 was not granted"),
    ],
)
async def test_it_does_nothing_else(tmp_path: Path, how: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        await probe(tmp_path, how).probe(entry(), Io(None))


async def test_it_fetches_what_was_granted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetch(self: Requests, url: str, method: str, headers: Any, body: bytes) -> Fetched:
        assert (url, method, headers, body) == (
            "https://api.acme.com/token",
            "GET",
            [("X-Key", "${secret:acme-key}")],
            b"",
        )
        return Fetched(status=200, headers=(("A", "b"),), body=b"all is well")

    monkeypatch.setattr(Requests, "fetch", fetch)
    made = probe(tmp_path, "fetch", ("network:api.acme.com", "secret:acme-key"))
    found = await made.probe(entry(), Io(None))
    assert [finding.note for finding in made.judge(entry(), view(), found)] == ["None", "all is well"]
