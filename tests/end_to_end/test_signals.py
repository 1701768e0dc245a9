"""A signed post leads a running bot to an intent: through the webhook, the journal, the pipeline and a strategy."""

import asyncio
import hmac
import json
import time
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
from stand import Stand

from sniper.cli import main
from sniper.events import SignalHeard
from sniper.kernel import facts as f

SECRET = "5" * 40


@pytest.fixture
def signalled(stand: Stand) -> Stand:
    """In paper mode, with a strategy that follows signals, and a webhook with two senders."""
    senders = {}
    for name in ("desk", "other"):
        path = stand.directory / f"{name}.secret"
        path.write_text(name + SECRET)
        path.chmod(0o600)
        senders[name] = {"secret_file": str(path)}
    stand.document["mode"] = "paper"
    stand.document["feed"]["webhook"] = {"listen": f"unix:{stand.directory}/hook.sock", "senders": senders}
    stand.add_strategy("follower", stand.traders[0].name)
    stand.document["account"][stand.traders[0].name]["strategies"] = ["follower"]
    return stand


async def post(stand: Stand, sender: str, **content: Any) -> int:
    body, at = json.dumps(content).encode(), str(int(time.time()))
    signature = hmac.new((sender + SECRET).encode(), at.encode() + b"." + body, sha256).hexdigest()
    headers = {"X-Sniper-Timestamp": at, "X-Sniper-Signature": f"sha256={signature}"}
    connector = aiohttp.UnixConnector(f"{stand.directory}/hook.sock")
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.post(f"http://webhook/{sender}", data=body, headers=headers) as answer,
    ):
        return answer.status


async def test_a_signed_post_leads_to_an_intent_once_and_why_tells_it(
    signalled: Stand, capsys: pytest.CaptureFixture[str]
) -> None:
    stand = signalled
    await stand.start()
    launch = stand.market.launch()
    await stand.until(lambda record: record.head == stand.chain.block_number())
    said = {"id": "a1", "about": [launch.token], "direction": "up", "strength_bps": 8_000, "text": "breakout"}
    assert await post(stand, "desk", **said) == 202
    await stand.until(lambda record: record.all(f.OrderPlaced))
    (formed,) = stand.record.all(f.IntentFormed)
    assert (formed.token, formed.reason, formed.cause) == (
        launch.asset(stand.chain), "webhook.desk/a1: 8000 bps by 1", "signal/1 id webhook.desk/a1",
    )  # fmt: skip
    (heard,) = stand.record.all(SignalHeard)
    assert heard.time >= heard.at
    assert await asyncio.to_thread(main, ["--config", str(stand.config), "why", formed.intent]) == 0
    assert "signal webhook.desk/a1: alert of" in capsys.readouterr().out

    await stand.restart()
    assert await post(stand, "desk", **said) == 202, "the feed has forgotten it"
    assert await post(stand, "other", **said | {"id": "b1"}) == 202
    await stand.until(lambda record: len(record.all(SignalHeard)) == 3)
    assert len(stand.record.all(f.IntentFormed)) == 1, "the kernel has not"
    assert await stand.replayed() == 0
    assert SECRET not in stand.bot.words()


async def test_where_two_sources_are_wanted_one_is_not_enough(signalled: Stand) -> None:
    stand = signalled
    stand.document["signals"] = {"sources": 2, "weights": {"webhook": 5_000}}
    await stand.start()
    launch = stand.market.launch()
    await stand.until(lambda record: record.head == stand.chain.block_number())
    said = {"about": [launch.token], "direction": "up", "strength_bps": 6_000}
    assert await post(stand, "desk", **said) == 202
    await stand.until(lambda record: record.all(SignalHeard))
    await stand.restart()
    assert not stand.record.all(f.IntentFormed)
    assert await post(stand, "other", **said) == 202
    await stand.until(lambda record: record.all(f.IntentFormed))
    assert stand.record.all(f.IntentFormed)[0].reason.endswith(": 5100 bps by 2")
    assert await stand.replayed() == 0
