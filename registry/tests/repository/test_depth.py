import sys
from pathlib import Path

import pytest
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Timestamp

from sniper.depth import DEEPEST
from sniper_registry.client.fetching import DirectoryFetcher


def test_brackets_without_an_end_are_an_error_and_end_no_process(tmp_path: Path) -> None:
    (tmp_path / "timestamp.json").write_bytes(b"[" * 500_000)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        content = DirectoryFetcher().download_bytes(str(tmp_path / "timestamp.json"), 500_000)
        assert sys.getrecursionlimit() <= DEEPEST
        with pytest.raises(RepositoryError):
            Metadata[Timestamp].from_bytes(content)
    finally:
        sys.setrecursionlimit(before)
