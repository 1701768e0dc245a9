"""All registries that the trader added, as one source of plugins."""

from pathlib import Path

from sniper.index import Found, Index, Release, ReleaseUnknown, Revocation


class RegistryIndex(Index):
    """The registries of this user. Without any it knows of no release."""

    def search(self, text: str) -> tuple[Found, ...]:
        return ()

    def releases(self, name: str) -> tuple[Release, ...]:
        raise _unknown(name)

    def find(self, name: str, version: str | None = None) -> Release:
        raise _unknown(name)

    def fetch(self, release: Release, into: Path) -> Path:
        raise _unknown(release.name)

    def revoked(self) -> tuple[Revocation, ...]:
        return ()


def _unknown(name: str) -> ReleaseUnknown:
    return ReleaseUnknown(f"nobody can be asked for {name}: no registry was added")
