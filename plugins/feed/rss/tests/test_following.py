"""Sources that answer, change, move, break and come back, on a real server."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientSession, web
from newspaper import NOW, Newspaper
from pydantic import ValidationError
from structlog.testing import capture_logs

from sniper.events import SignalHeard
from sniper.types import SECOND
from sniper_feed_rss import polling
from sniper_feed_rss.config import RssConfig
from sniper_feed_rss.errors import BadAnswer
from sniper_feed_rss.web import Page

Subscribed = Callable[..., Any]


def document(*items: tuple[str, str]) -> bytes:
    dated = "<pubDate>Fri, 15 Jan 2027 08:00:00 GMT</pubDate>"
    listed = "".join(f"<item><title>{title}</title><guid>{id_}</guid>{dated}</item>" for id_, title in items)
    return f"<rss>{listed}</rss>".encode()


async def test_an_announcement_is_a_signal_about_what_its_title_names(paper: Newspaper, subscribed: Subscribed) -> None:
    source = {
        "url": paper.url, "kind": "listing", "pattern": r"Will List .*\(([A-Z0-9, ]+)\)", "about": ["acme:ALL"],
        "direction": "up", "strength_bps": 7_000, "lives_s": 60,
    }  # fmt: skip
    paper.body = document(("2", "Acme Will List A, B and more (AAA, BBB)"), ("1", "Acme Will Delist C (CCC)"))
    async with subscribed({"acme": source}) as reader:
        (heard,) = await reader.news()
    assert heard == SignalHeard(
        time=heard.time, source="rss.acme", id="2", kind="listing", about=("acme:ALL", "AAA", "BBB"), direction=1,
        strength=7_000, at=NOW * SECOND, expires=(NOW + 60) * SECOND, text="Acme Will List A, B and more (AAA, BBB)",
    )  # fmt: skip
    assert heard.time > NOW * SECOND


async def test_what_is_there_already_is_told_once_and_an_unchanged_document_is_not_sent(
    paper: Newspaper, subscribed: Subscribed
) -> None:
    paper.body = document(("1", "one"))
    paper.headers = {"ETag": '"a"', "Last-Modified": "Fri, 15 Jan 2027 08:00:00 GMT"}
    async with subscribed({"acme": {"url": paper.url}}) as reader:
        assert [heard.id for heard in await reader.news()] == ["1"]
        assert await reader.next() == []
        assert paper.asked[1]["If-None-Match"] == '"a"'
        assert paper.asked[1]["If-Modified-Since"] == "Fri, 15 Jan 2027 08:00:00 GMT"
        paper.body, paper.headers = document(("3", "three"), ("2", "two"), ("1", "one")), {"ETag": '"b"'}
        assert [heard.text for heard in await reader.news()] == ["two", "three"]


async def test_a_source_that_fails_holds_up_no_other_and_is_asked_again(
    paper: Newspaper, subscribed: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "LONGEST_PAUSE_S", 0.01)
    bad = "http://127.0.0.1:1/secret-path"
    paper.body = document(("1", "one"))
    with capture_logs() as logged:
        async with subscribed({"gone": {"url": bad}, "here": {"url": paper.url}}) as reader:
            assert [heard.source for heard in await reader.news()] == ["rss.here"]
            paper.body = web.Response(status=500, body=b"<rss>")
            asked = len(paper.asked)
            await reader.until(lambda: len(paper.asked) > asked + 2)
            paper.body = document(("2", "two"))
            assert [heard.id for heard in await reader.news()] == ["2"]
            assert set(reader.feed.failing) == {"gone"}
    told = [(each["event"], each["source"]) for each in logged]
    assert told.count(("a source gives nothing", "here")) == 1, "once, however often it was asked"
    assert ("a source is there again", "here") in told
    assert "secret-path" not in str(logged)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), "it has moved (status 302)"),
        (web.Response(status=404), "status 404"),
        (web.Response(body=b"<rss>" + b" " * 2_000), "larger than 1024 bytes"),
        (web.Response(body=b"<html/>"), "begins with 'html'"),
        (web.Response(body=b'<!DOCTYPE l [<!ENTITY a "x">]><rss>&a;</rss>'), "defines entities"),
    ],
)
async def test_a_bad_answer_is_told_and_gives_nothing(
    paper: Newspaper, subscribed: Subscribed, answer: web.Response, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "LONGEST_PAUSE_S", 0.01)
    paper.body = answer
    async with subscribed({"acme": {"url": paper.url}}, max_bytes=1_024) as reader:
        with capture_logs() as logged:
            await reader.until(lambda: reader.feed.failing)
            assert says in reader.feed.failing["acme"]
            assert says in logged[0]["reason"]
            paper.body = document(("1", "one"))
            assert [heard.id for heard in await reader.news()] == ["1"]
    assert set(paper.paths) == {"/feed"}, "no other page was asked for"


@pytest.mark.parametrize(("wants", "seconds"), [("120", 120), ("99999", 3_600), ("soon", 0), ("-1", 0)])
async def test_what_wants_to_be_left_alone_says_for_how_long(paper: Newspaper, wants: str, seconds: float) -> None:
    paper.body = web.Response(status=429, headers={"Retry-After": wants})
    page = Page(paper.url, "text/xml", {}, max_bytes=1_024, timeout_s=5)
    async with ClientSession() as session:
        with pytest.raises(BadAnswer, match="status 429") as raised:
            await page.read(session)
    assert raised.value.retry_s == seconds


@pytest.mark.parametrize(
    "source",
    [
        {"url": "ftp://x.example/a"},
        {"url": "http://x.example/a"},
        {"url": "https://me:secret@x.example/a"},
        {"url": "https://"},
        {"url": "https://x.example/a", "pattern": "("},
        {"url": "https://x.example/a", "about": ["a b"]},
        {"url": "https://x.example/a", "direction": "moon"},
    ],
)
def test_a_source_that_cannot_be_followed_is_refused(source: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RssConfig.model_validate({"sources": {"acme": source}})
