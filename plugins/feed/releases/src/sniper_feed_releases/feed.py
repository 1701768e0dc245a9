"""Releases as signals."""

import re

from sniper.errors import SniperError
from sniper.events import SignalHeard
from sniper.feed import FeedContext
from sniper.signal import one_line
from sniper.signing.keyfile import read_private
from sniper_feed_releases.config import ReleasesConfig, Repository
from sniper_feed_releases.listing import releases
from sniper_feed_rss.feed import signal
from sniper_feed_rss.newness import Dated, Newness
from sniper_feed_rss.pages import Pages
from sniper_feed_rss.web import Page

ACCEPTS = "application/vnd.github+json, application/json;q=0.9, application/atom+xml;q=0.8"


class BadToken(SniperError, ValueError):
    """A file holds no access token."""

    code = "bad-token"


class Releases(Pages):
    """Follows repositories; ``[feed.releases]``. Raises `KeyFileError` for a token that others may read,
    and `BadToken`."""

    config: ReleasesConfig

    def __init__(self, config: ReleasesConfig, context: FeedContext) -> None:
        super().__init__(config, context, {name: _page(config, each) for name, each in config.repositories.items()})
        self._newness = {name: Newness(config.fresh_s) for name in config.repositories}

    def news(self, source: str, body: bytes, now: int) -> list[SignalHeard]:
        """As `Pages.news`."""
        repository = self.config.repositories[source]
        listed = {each.id: each for each in releases(body, prereleases=repository.prereleases)}
        found = []
        for new in self._newness[source].news([Dated(each.id, each.at) for each in listed.values()], now):
            entry = listed[new.id]._replace(title=one_line(f"{source} {listed[new.id].title}"))
            found.append(signal(f"{self.context.name}.{source}", repository, entry, repository.about, now))
        return found


def _page(config: ReleasesConfig, repository: Repository) -> Page:
    headers: dict[str, str] = {}
    if repository.token_file is not None:
        token = read_private(repository.token_file.expanduser()).decode(errors="replace").strip()
        if not re.fullmatch("[!-~]+", token):
            raise BadToken(f"{repository.token_file} does not hold one word; write the token alone into it")
        headers["Authorization"] = f"Bearer {token}"
    return Page(repository.url, ACCEPTS, headers, max_bytes=config.max_bytes, timeout_s=config.timeout_s)
