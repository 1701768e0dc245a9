"""Releases as signals."""

from collections.abc import Mapping

from sniper.events import SignalHeard
from sniper.feed import FeedContext
from sniper.signal import one_line
from sniper.signing.keyfile import read_private
from sniper_feed_releases.config import ReleasesConfig, Repository
from sniper_feed_releases.listing import releases
from sniper_feed_rss.feed import signal
from sniper_feed_rss.newness import Dated, Newness
from sniper_feed_rss.polling import Polling
from sniper_feed_rss.web import Page

ACCEPTS = "application/vnd.github+json, application/json;q=0.9, application/atom+xml;q=0.8"


class Releases(Polling):
    """Follows repositories; ``[feed.releases]``. Raises `KeyFileError` for a token that others may read."""

    config: ReleasesConfig

    def __init__(self, config: ReleasesConfig, context: FeedContext) -> None:
        super().__init__(config, context)
        self._newness = {name: Newness(config.fresh_s) for name in config.repositories}
        self._pages = {name: self._page(repository) for name, repository in config.repositories.items()}

    def pages(self) -> Mapping[str, Page]:
        """One of each repository."""
        return self._pages

    def news(self, source: str, body: bytes, now: int) -> list[SignalHeard]:
        """As `Polling.news`."""
        repository = self.config.repositories[source]
        listed = {each.id: each for each in releases(body, prereleases=repository.prereleases)}
        found = []
        for new in self._newness[source].news([Dated(each.id, each.at) for each in listed.values()], now):
            entry = listed[new.id]._replace(title=one_line(f"{source} {listed[new.id].title}"))
            found.append(signal(f"{self.context.name}.{source}", repository, entry, repository.about, now))
        return found

    def _page(self, repository: Repository) -> Page:
        headers: dict[str, str] = {}
        if repository.token_file is not None:
            token = read_private(repository.token_file.expanduser()).decode(errors="replace").strip()
            headers["Authorization"] = f"Bearer {token}"
        config = self.config
        return Page(repository.url, ACCEPTS, headers, max_bytes=config.max_bytes, timeout_s=config.timeout_s)
