"""The config section of releases."""

from pathlib import Path

from pydantic import Field

from sniper_feed_rss.config import Announces, Asks, Kind, Name, WebPage


class Repository(Announces):
    kind: Kind = Field("release", description="kind of its signals")
    url: WebPage = Field(
        description="its releases: https://api.github.com/repos/OWNER/NAME/releases, as Gitea has them, too, or the "
        "Atom document https://github.com/OWNER/NAME/releases.atom"
    )
    prereleases: bool = Field(
        False, description="whether those that are marked as such count; an Atom document does not say which are"
    )
    token_file: Path | None = Field(
        None,
        description="file with an access token, readable by nobody else; few questions are free without",
    )


class ReleasesConfig(Asks):
    repositories: dict[Name, Repository] = Field(min_length=1, description="what is followed, by name")
