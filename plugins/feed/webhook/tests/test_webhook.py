"""Posts to a webhook that runs, through HTTP as anybody would send them."""

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from running_webhook import NOW, Context, Hook
from structlog.testing import capture_logs

from sniper.errors import ConfigError
from sniper.events import SignalHeard
from sniper.types import BPS, SECOND
from sniper_feed_webhook import feed as server
from sniper_feed_webhook.config import WebhookConfig
from sniper_feed_webhook.errors import BadSecret, Unauthorised
from sniper_feed_webhook.feed import SIGNATURE, TIMESTAMP, Webhook

Hooks = Callable[..., Any]
SAYS = {"id": "a1", "about": ["PEPE"], "direction": "up", "strength_bps": 8_000, "text": "break\nout"}
CHART = {"ticker": "BTCUSDT.P", "exchange": "BINANCE", "action": "sell", "time": "2027-01-15T08:00:00Z", "price": 1.5}


async def test_a_signed_post_is_a_signal_known_when_it_arrived(hooks: Hooks) -> None:
    async with hooks() as hook:
        hook.feed.context.time += 5 * SECOND
        more = {"kind": "news", "at": "2027-01-15T09:00:01+01:00", "lives_s": 60, "url": "https://a.example/1"}
        assert await hook.post(SAYS | more) == (202, {"id": "a1", "repeated": False})
        assert await hook.next() == SignalHeard(
            time=(NOW + 5) * SECOND,
            source="webhook.desk",
            id="a1",
            kind="news",
            about=("PEPE",),
            direction=1,
            strength=8_000,
            at=(NOW + 1) * SECOND,
            expires=(NOW + 61) * SECOND,
            text="break out",
            url="https://a.example/1",
        )
        assert await hook.post({"text": "hello"}, sender="other", at=NOW - 3) == (
            202,
            {"id": (heard := await hook.next()).id, "repeated": False},
        )
        assert (heard.source, heard.kind, heard.at, heard.expires, heard.strength, heard.direction) == (
            "webhook.other", "alert", (NOW - 3) * SECOND, 0, BPS, 0,
        )  # fmt: skip


async def test_the_same_post_is_heard_once_and_another_one_of_its_id_is_refused(hooks: Hooks) -> None:
    async with hooks() as hook:
        assert (await hook.post(SAYS))[0] == 202
        assert await hook.post(SAYS, at=NOW - 1) == (200, {"id": "a1", "repeated": True})
        assert (await hook.post(SAYS | {"direction": "down"}))[0] == 409
        assert (await hook.post(SAYS, sender="other"))[0] == 202, "ids are the sender's own"
        assert (await hook.post({"about": ["BTC"]}))[0] == 202
        assert (await hook.post({"about": ["BTC"]}))[0] == 200, "without an id its time and content are one"
        assert (await hook.post({"about": ["BTC"]}, at=NOW + 1))[0] == 202
        sources = [(await hook.next()).source for _ in range(4)]
        assert sources == ["webhook.desk", "webhook.other", "webhook.desk", "webhook.desk"]
        assert hook.heard.empty()


async def test_what_nobody_signed_is_refused_and_says_not_why(hooks: Hooks) -> None:
    async with hooks() as hook:
        body = b'{"about":["PEPE"]}'
        stamp = str(NOW)
        good = hook.sign("desk", stamp, body)
        answers = [
            await hook.post(body, **{SIGNATURE: None}),
            await hook.post(body, **{TIMESTAMP: None}),
            await hook.post(body, **{SIGNATURE: good[:-1] + ("0" if good[-1] != "0" else "1")}),
            await hook.post(body, **{SIGNATURE: "nonsense \xe9"}),
            await hook.post(body + b" ", **{SIGNATURE: good}),
            await hook.post(body, at=NOW + 1, **{SIGNATURE: good}),
            await hook.post(body, **{TIMESTAMP: "1e9", SIGNATURE: hook.sign("desk", "1e9", body)}),
            await hook.post(body, sender="other", **{SIGNATURE: good}),
            await hook.post(body, sender="nobody"),
        ]
        assert {status for status, _ in answers} == {401}
        assert len({answer["error"] for _, answer in answers}) == 1
        assert hook.heard.empty()


@pytest.mark.parametrize("off", [-61, 61])
async def test_a_signature_of_another_time_is_refused(hooks: Hooks, off: int) -> None:
    async with hooks() as hook:
        status, answer = await hook.post(SAYS, at=NOW + off)
        assert (status, "60 s off" in answer["error"]) == (401, True)
        assert (await hook.post(SAYS, at=NOW + (60 if off > 0 else -60)))[0] == 202


async def test_a_recorded_post_that_is_played_again_does_nothing_as_long_as_its_time_counts(
    config: dict[str, Any], secrets: dict[str, str]
) -> None:
    feed = Webhook(WebhookConfig.model_validate(config | {"rate_per_s": 20, "burst": 1}), Context())
    body = b'{"about":["A"]}'
    taken = 0
    signature = Hook.signature(secrets["desk"], str(NOW), body)
    assert feed._door.admit("desk", body, str(NOW), signature, NOW * SECOND, 0.0)[1]
    for number in range(60 * 20):  # as many as may come in the meantime
        now, other = NOW + number // 20, b'{"about":["A"],"id":"%d"}' % number
        signed = Hook.signature(secrets["desk"], str(now), other)
        taken += feed._door.admit("desk", other, str(now), signed, now * SECOND, 1 + number / 19)[1]
    assert taken == 60 * 20
    assert not feed._door.admit("desk", body, str(NOW), signature, (NOW + 60) * SECOND, 100.0)[1]
    with pytest.raises(Unauthorised):
        feed._door.admit("desk", body, str(NOW), signature, (NOW + 61) * SECOND, 200.0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is not what is posted here"),
        (b"\xff", "it is not what is posted here"),
        (b"[" * 10_000, "it is not what is posted here"),
        ([], "Expected `object`"),
        ({}, "it names nothing"),
        ({"about": "PEPE"}, "$.about"),
        ({"about": ["A"] * 17}, "$.about"),
        ({"about": ["A B"]}, "about is 'A B'"),
        ({"about": ["A"], "sure": 1}, "unknown field `sure`"),
        ({"about": ["A"], "strength_bps": 10_001}, "$.strength_bps"),
        ({"about": ["A"], "strength_bps": 0.5}, "$.strength_bps"),
        ({"about": ["A"], "direction": "moon"}, "$.direction"),
        ({"about": ["A"], "kind": "No Kind"}, "kind is 'No Kind'"),
        ({"about": ["A"], "id": "a b"}, "id is 'a b'"),
        ({"about": ["A"], "at": "today"}, "at is no time"),
        ({"about": ["A"], "at": "2027-01-15T08:00:00"}, "at names no zone"),
        ({"about": ["A"], "at": "1945-01-15T08:00:00Z"}, "at is before 1970"),
        ({"about": ["A"], "url": "javascript:alert(1)"}, "url is none"),
        ({"about": ["A"], "text": "x" * 2_001}, "$.text"),
    ],
)
async def test_what_is_no_signal_is_refused_by_its_field(hooks: Hooks, content: object, says: str) -> None:
    async with hooks() as hook:
        status, answer = await hook.post(content)
        assert (status, says in answer["error"]) == (400, True), answer
        assert (await hook.post(SAYS))[0] == 202
        assert (await hook.next()).id == "a1"


async def test_text_of_strangers_is_cut_and_made_one_line(hooks: Hooks) -> None:
    async with hooks() as hook:
        await hook.post(SAYS | {"text": "\x1b[31m" + "x" * 1_990})
        heard = await hook.next()
        assert len(heard.text) == 500
        assert "\x1b" not in heard.text


async def test_what_is_too_large_or_too_much_is_turned_away(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    async with hooks(max_bytes=256, burst=2, rate_per_s=0.001) as hook:
        assert (await hook.post({"about": ["A"], "text": "x" * 300}))[0] == 413
        assert [(await hook.post({"about": ["A"], "id": str(n)}))[0] for n in range(3)] == [202, 202, 429]
        assert (await hook.post({"about": ["A"]}, sender="other"))[0] == 202, "each sender has its own rate"
        assert (await hook.post({"about": ["A"]}, sender="desk", **{SIGNATURE: "x"}))[0] == 401
    monkeypatch.setattr(server, "MOST_WAITING", 1)
    async with hooks() as hook:
        monkeypatch.setattr(hook.feed._heard, "full", lambda: True)
        assert (await hook.post(SAYS))[0] == 503
        monkeypatch.undo()
        assert (await hook.post(SAYS))[0] == 202, "what was turned away was not heard"


async def test_a_body_that_does_not_come_is_not_waited_for(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "READ_S", 0.05)
    async with hooks() as hook:
        reader, writer = await asyncio.open_connection("127.0.0.1", hook.feed.port)
        writer.write(b"POST /desk HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        async with asyncio.timeout(10):
            assert b"408" in await reader.readline()
        writer.close()


async def test_other_methods_and_paths_are_not_there(hooks: Hooks) -> None:
    async with hooks() as hook:
        async with hook.client.get(f"{hook.base}/desk") as answer:
            assert answer.status == 405
        async with hook.client.post(f"{hook.base}/desk/more") as answer:
            assert answer.status == 404


async def test_an_alert_of_tradingview_comes_in_by_its_token(hooks: Hooks) -> None:
    async with hooks() as hook:
        alert = CHART | {"token": hook.secrets["charts"]}
        bare: dict[str, str | None] = {TIMESTAMP: None, SIGNATURE: None}
        assert (await hook.post(alert, sender="charts", **bare))[0] == 202
        heard = await hook.next()
        assert (heard.source, heard.about, heard.direction, heard.at) == (
            "webhook.charts", ("binance:BTCUSDT",), -1, NOW * SECOND,
        )  # fmt: skip
        assert hook.secrets["charts"] not in repr(heard)
        assert (await hook.post(alert, sender="charts", **bare))[0] == 200
        assert (await hook.post(alert, sender="charts", at=NOW + 5))[0] == 200, "a header that nobody signed"
        assert (await hook.post(alert | {"token": "c"}, sender="charts", **bare))[0] == 401
        assert (await hook.post(CHART, sender="charts", **bare))[0] == 401
        assert (await hook.post(alert | {"time": "2027-01-15T08:02:00Z"}, sender="charts", **bare))[0] == 401
        assert (await hook.post(alert | {"ticker": 5}, sender="charts", **bare))[0] == 400


async def test_it_listens_on_a_socket_that_others_cannot_open(hooks: Hooks, tmp_path: Path) -> None:
    path = tmp_path / "hook.sock"
    async with hooks(listen=f"unix:{path}") as hook:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert (await hook.post(SAYS))[0] == 202
    async with hooks(listen=f"unix:{path}") as hook:
        assert (await hook.post(SAYS))[0] == 202


async def test_a_port_that_is_taken_is_named_and_one_that_was_let_go_can_be_had_again(hooks: Hooks) -> None:
    async with hooks() as hook:
        listen = f"127.0.0.1:{hook.feed.port}"
        with pytest.raises(ConfigError, match=f"listen {listen} cannot be used"):
            async with hooks(listen=listen):
                pass
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(listen.rpartition(":")[2]))
    async with hooks(listen=listen) as hook:
        assert (await hook.post(SAYS))[0] == 202


async def test_refusals_are_counted_in_the_log_without_what_was_posted(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hooks() as hook:
        with capture_logs() as logged:
            await hook.post({"about": ["SECRET PLAN"]})
            await hook.post(SAYS, **{SIGNATURE: "forged"})
            await hook.post(SAYS)
            await hook.next()
    assert logged == [
        {
            "event": "posts were refused",
            "feed": "webhook",
            "by_status": {"400": 1, "401": 1},
            "log_level": "warning",
        }
    ]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.chmod(0o644), "has mode 0644"),
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_text("short"), "at least 32 characters"),
        (lambda path: path.write_text("two words " * 8), "at least 32 characters"),
        (lambda path: path.write_text("o" * 40), "have the same secret"),
    ],
)
def test_a_secret_that_is_none_is_refused_without_being_shown(
    config: dict[str, Any], spoil: Callable[[Path], Any], message: str
) -> None:
    spoil(Path(config["senders"]["desk"]["secret_file"]))
    with pytest.raises(BadSecret, match=message) as raised:
        Webhook(WebhookConfig.model_validate(config), Context())
    assert "two words two" not in str(raised.value)
    assert "oooo" not in str(raised.value)


@pytest.mark.parametrize("listen", ["0.0.0.0:80", "127.0.0.1", "127.0.0.1:70000", "unix:hook.sock", "a.example:80"])
def test_it_listens_to_this_machine_alone(config: dict[str, Any], listen: str) -> None:
    with pytest.raises(ValidationError):
        WebhookConfig.model_validate(config | {"listen": listen})


def test_a_token_is_for_those_alone_who_cannot_sign(config: dict[str, Any]) -> None:
    config["senders"]["desk"]["authenticates"] = "token"
    with pytest.raises(ValidationError, match="sign everything else"):
        WebhookConfig.model_validate(config)
