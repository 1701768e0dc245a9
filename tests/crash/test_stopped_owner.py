"""A run that is stopped (SIGSTOP), loses its leases to another one and wakes up (SIGCONT) has no second effect."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stand import PASSWORD, Stand
from stand.bot import Bot
from stand.record import Record
from stand.stand import toml

from sniper.events import Started
from sniper.journal import Reader, verify
from sniper.journal.segments import Kind
from sniper.runtime.records import read_record, register_events
from sniper.signer import SignerRefused, SignRequest
from sniper_signer_keystore.client import KeystoreConfig, KeystoreSigner

DEADLINE_S = 45
LEASE_S = 60


@pytest.fixture
def short(stand: Stand) -> Stand:
    """Leases that end soon."""
    stand.document["account"]["main"]["execution"]["deadline_s"] = DEADLINE_S
    stand.document["runtime"] = {"lease_s": LEASE_S}
    return stand


@pytest.fixture
async def signer(short: Stand) -> AsyncIterator[None]:
    """One that the operator runs: it outlives any run, and is asked by both."""
    section = short.document["signer"]["keystore"]
    rules = short.directory / "rules.toml"
    rules.write_text(toml(section.pop("rules")))
    (key,) = section.pop("keystores")
    del section["password_fd"]
    words = ("--keystore", key, "--socket", section["socket"], "--rules", str(rules), "--password-fd", "0")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sniper_signer_keystore", "serve", *words),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(PASSWORD)
    process.stdin.close()
    said = await process.stderr.readline()
    assert b"serving" in said, said
    yield
    process.terminate()
    await process.wait()


def fences(journal: Path) -> list[int]:
    """The token of each start, oldest first."""
    register_events()
    with Reader(journal) as reader:
        structs = [read_record(record) for _, record in reader.records() if record.kind == Kind.INPUT]
    return [dict(struct.fences)["main"] for struct in structs if isinstance(struct, Started)]


async def ask_the_signer(stand: Stand, fence: int) -> None:
    """Ask it under this token for what its rules permit: a cancellation."""
    signer = KeystoreSigner(KeystoreConfig(socket=Path(stand.document["signer"]["keystore"]["socket"])))
    await signer.open()
    try:
        await signer.sign(
            SignRequest(
                account="main",
                sender=stand.owner,
                chain_id=stand.chain.chain_id,
                nonce=stand.nonce(),
                max_priority_fee=1,
                max_fee=10**10,
                gas=21_000,
                to=stand.owner,
                value=0,
                data=b"",
                purpose="cancel",
                fence=fence,
            )
        )
    finally:
        await signer.close()


@pytest.mark.usefixtures("signer")
async def test_a_stopped_owner_that_wakes_up_after_a_takeover_has_no_effect(short: Stand) -> None:
    stand = short
    stand.chain.mine()  # its clock stood still since its state was written
    await stand.start()
    first = await stand.hold_a_launch()
    old, began = stand.bot, fences(stand.journal)
    os.kill(old.pid, signal.SIGSTOP)
    new = Bot(stand.directory / "new.log")
    try:
        # What the old owner will see first when it wakes up, and would buy at once.
        second = stand.market.launch("PlainToken")
        stand.chain.mine()
        await new.start(stand.write(), "--standby", environment=stand.environment)
        stand.bot = new
        await Record(stand.journal).until(lambda record: len(fences(stand.journal)) > len(began), new, within_s=120)
        stand.forget()  # the newest segment is another file now
        asset = second.asset(stand.chain)
        await stand.mine_until(lambda record: asset in record.books["main"].positions)
        await stand.mine_until(lambda record: not record.books["main"].orders)
        tokens = fences(stand.journal)
        assert len(tokens) == len(began) + 1
        assert tokens == sorted(set(tokens)), f"tokens were {tokens}"

        with pytest.raises(SignerRefused, match=f"token {tokens[0]} of account 'main'"):
            await ask_the_signer(stand, tokens[0])

        sent, position = stand.nonce(), stand.record.entries[-1][0]
        os.kill(old.pid, signal.SIGCONT)
        ended = await old.ended()
        assert ended.code != 0
        assert "lease" in ended.words, ended.words[-2000:]

        await stand.mine(3)
        assert stand.nonce() == sent, "the old owner sent a transaction"
        assert stand.differences() == []
        assert stand.record.entries[-1][0] > position
        assert len(fences(stand.journal)) == len(tokens), "the old owner wrote to the journal"
        for launch in (first, second):
            assert stand.record.entries_of("main")[launch.asset(stand.chain)] == 1
        assert verify(stand.journal).ok
        await stand.sell(first)  # the new owner still trades
        assert stand.differences() == []
    finally:
        for bot in (old, new):
            if bot.running:
                os.kill(bot.pid, signal.SIGCONT)
                await bot.kill()
