"""The signed state of a registry, as far as it proves itself from the root that the trader trusts.

The walk from root to targets is python-tuf's (`tuf.ngclient.Updater`); here are the clock, the sizes, and what a
trader is told where something is wrong.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    RepositoryError,
    SlowRetrievalError,
    UnsignedMetadataError,
)
from tuf.api.metadata import DelegatedRole, Root, Snapshot, Targets
from tuf.ngclient import Updater, UpdaterConfig

from sniper.errors import said
from sniper.index import RegistryError, RegistryRefused, RegistryUnreachable
from sniper_registry.client.fetching import Fetcher
from sniper_registry.places import LONGEST_ROLE, LONGEST_ROOT, LONGEST_TIMESTAMP, METADATA, TARGETS


class Trusted(Updater):
    """One look at a registry: `refresh` once, then read.

    where  The address or directory of the registry. ``kept``: where metadata are kept from one time to the next.
    root   The bytes of the root that trust begins with; None: the one that is kept.
    """

    def __init__(
        self, where: str, kept: Path, fetcher: Fetcher, clock: Callable[[], float], root: bytes | None = None
    ) -> None:
        kept.mkdir(parents=True, exist_ok=True)
        base = where.rstrip("/")
        super().__init__(
            str(kept),
            f"{base}/{METADATA}/",
            target_base_url=f"{base}/{TARGETS}/",
            fetcher=fetcher,
            config=UpdaterConfig(
                root_max_length=LONGEST_ROOT,
                timestamp_max_length=LONGEST_TIMESTAMP,
                snapshot_max_length=LONGEST_ROLE,
                targets_max_length=LONGEST_ROLE,
            ),
            bootstrap=root,
        )
        # The updater reads the clock once, when it is made, and offers no other way to give it one.
        self._trusted_set.reference_time = datetime.fromtimestamp(clock(), UTC)

    @property
    def root(self) -> Root:
        return self._trusted_set.root

    @property
    def snapshot(self) -> Snapshot:
        return self._trusted_set.snapshot

    @property
    def timestamp_version(self) -> int:
        return self._trusted_set.timestamp.version

    @property
    def expires(self) -> datetime:
        """Until when this state may be used."""
        return min(self._trusted_set.timestamp.expires, self.snapshot.expires, self.operator.expires)

    @property
    def operator(self) -> Targets:
        return self._trusted_set.targets

    def delegated(self) -> dict[str, DelegatedRole]:
        """All roles that the operator lets sign."""
        delegations = self.operator.delegations
        return delegations.roles or {} if delegations else {}

    def role(self, name: str) -> Targets | None:
        """What a delegated role signed; None where it has signed nothing yet."""
        if f"{name}.json" not in self.snapshot.meta:
            return None
        return self._load_targets(name, Targets.type)


@contextmanager
def judged(where: str) -> Iterator[None]:
    """Turn what tuf raises into what a trader is told: unreachable, or refused and why. What goes wrong with files of
    this machine counts as unreachable."""
    try:
        yield
    except RegistryError:
        raise
    except OSError as error:
        raise RegistryUnreachable(
            f"what is kept of {where} cannot be read or written: {error}; look at the rights of that file, and at the "
            "room on its disk"
        ) from error
    except DownloadLengthMismatchError as error:
        raise RegistryRefused(
            f"{where} sends more than it may ({said(error)}): it is broken or under attack; nothing was taken from it"
        ) from error
    except SlowRetrievalError as error:
        raise RegistryUnreachable(f"{where} is too slow: {said(error)}; try another mirror") from error
    except DownloadHTTPError as error:
        raise RegistryUnreachable(
            f"{where} does not have all of it: {said(error)}; try later, or another mirror"
        ) from error
    except DownloadError as error:
        raise RegistryUnreachable(f"{where} cannot be reached: {said(error)}; try later, or another mirror") from error
    except ExpiredMetadataError as error:
        raise RegistryRefused(
            f"{where} shows a state that is too old ({said(error)}): it is not kept up, or somebody holds back what is "
            "new; try another mirror"
        ) from error
    except BadVersionNumberError as error:
        raise RegistryRefused(
            f"{where} shows an older state than you have seen ({said(error)}): somebody takes you back to what was "
            "replaced; try another mirror"
        ) from error
    except UnsignedMetadataError as error:
        raise RegistryRefused(
            f"{where} is not signed by whom it has to be ({said(error)}): it was changed, or a key was taken away; "
            "nothing was taken from it"
        ) from error
    except RepositoryError as error:
        raise RegistryRefused(
            f"{where} does not fit together ({said(error)}): it was changed; nothing was taken from it"
        ) from error
