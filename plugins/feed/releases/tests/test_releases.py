"""Releases as a repository's server lists them, on the loopback interface."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from newspaper import NOW, Context, Newspaper, Subscriber, printing
from pydantic import ValidationError

from sniper.events import SignalHeard
from sniper.signing.errors import KeyFileError
from sniper.types import SECOND
from sniper_feed_releases import sniper_feeds
from sniper_feed_releases.config import ReleasesConfig
from sniper_feed_releases.feed import BadToken, Releases
from sniper_feed_releases.listing import releases
from sniper_feed_rss.errors import BadDocument
from sniper_sdk import FeedConformance, PackageConformance

AT = "2027-01-15T08:00:00Z"


def release(id_: int, tag: str, **more: Any) -> dict[str, Any]:
    url = f"https://github.example/acme/r/{tag}"
    return {"id": id_, "tag_name": tag, "name": tag, "html_url": url, "published_at": AT, "assets": [{}], **more}


@pytest.fixture
async def server() -> AsyncIterator[Newspaper]:
    async with printing() as running:
        yield running


@pytest.fixture
def make(server: Newspaper) -> Callable[..., Releases]:
    def made(**options: Any) -> Releases:
        config = ReleasesConfig.model_validate({"repositories": {"acme": {"url": server.url, **options}}})
        object.__setattr__(config, "poll_s", 0.01)
        return Releases(config, Context("releases"))

    return made


@asynccontextmanager
async def read(feed: Releases) -> AsyncIterator[Subscriber]:
    subscriber = Subscriber(feed)
    try:
        yield subscriber
    finally:
        await subscriber.close()


async def test_a_release_is_a_signal_once(server: Newspaper, make: Callable[..., Releases]) -> None:
    old = release(1, "v1", published_at="2027-01-15T07:00:00Z")
    server.body = json.dumps([release(2, "v2", name="The second"), old]).encode()
    async with read(make(about=["ACME"], direction="up", strength_bps=3_000)) as reader:
        (heard,) = await reader.news()
        assert heard == SignalHeard(
            time=heard.time, source="releases.acme", id="2", kind="release", about=("ACME",), direction=1,
            strength=3_000, at=NOW * SECOND, text="acme v2: The second", url="https://github.example/acme/r/v2",
        )  # fmt: skip
        server.body = json.dumps([release(3, "v3"), release(4, "v4-rc", prerelease=True), old]).encode()
        assert [each.text for each in await reader.news()] == ["acme v3"]
        server.body = json.dumps([release(5, "v5", draft=True), release(6, "v6", html_url="ftp://x")]).encode()
        assert [(each.id, each.url) for each in await reader.news()] == [("6", "")]


async def test_pre_releases_count_where_they_are_wanted(server: Newspaper, make: Callable[..., Releases]) -> None:
    server.body = json.dumps([release(4, "v4-rc", prerelease=True)]).encode()
    async with read(make(prereleases=True)) as reader:
        assert [each.id for each in await reader.news()] == ["4"]


async def test_an_atom_document_will_do(server: Newspaper, make: Callable[..., Releases]) -> None:
    server.body = f"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:github.example,2008:Repository/1/v2</id>
        <updated>{AT}</updated><link rel="alternate" href="https://github.example/v2"/><title>v2</title></entry></feed>
        """.encode()
    async with read(make()) as reader:
        (heard,) = await reader.news()
    assert (heard.id, heard.text, heard.at) == ("tag:github.example,2008:Repository/1/v2", "acme v2", NOW * SECOND)


async def test_a_token_is_shown_to_the_server_alone(
    server: Newspaper, make: Callable[..., Releases], tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("a-token-of-mine\n")
    with pytest.raises(KeyFileError, match="chmod 0600"):
        make(token_file=token)
    token.chmod(0o600)
    token.write_text("two words\n")
    with pytest.raises(BadToken, match="does not hold one word"):
        make(token_file=token)
    token.write_text("a-token-of-mine\n")
    server.body = json.dumps([release(1, "v1")]).encode()
    feed = make(token_file=token)
    async with read(feed) as reader:
        await reader.news()
    assert server.asked[0]["Authorization"] == "Bearer a-token-of-mine"
    assert "a-token-of-mine" not in feed.config.model_dump_json()


@pytest.mark.parametrize(
    "body", ["", "{}", "[1]", '[{"id":"x","tag_name":"v"}]', '[{"id":1}]', "[" * 9_999, "<html/>", "\udcff"]
)
def test_what_is_no_list_of_releases_is_refused(body: str) -> None:
    with pytest.raises(BadDocument):
        releases(body.encode(errors="surrogateescape"), prereleases=True)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_no_json_breaks_it(content: Any) -> None:
    body = json.dumps([{"id": 1, "tag_name": "v", "published_at": content, "name": content}]).encode()
    try:
        (entry,) = releases(body, prereleases=False)
    except BadDocument:
        return
    assert entry.at >= 0


def test_a_repository_without_an_address_is_refused() -> None:
    with pytest.raises(ValidationError):
        ReleasesConfig.model_validate({"repositories": {}})


class TestPackage(PackageConformance):
    distribution = "sniper-feed-releases"


class TestReleases(FeedConformance):
    emits = sniper_feeds()[0].emits

    @pytest.fixture
    def make_feed(self, make: Callable[..., Releases]) -> Callable[[Any], Releases]:
        return lambda resume: make()

    @pytest.fixture
    def produce(self, server: Newspaper) -> Callable[[], Any]:
        numbers = iter(range(1, 100))

        async def produced() -> None:
            server.body = json.dumps([release(next(numbers), "v")]).encode()

        return produced
