"""Uploads on their way: files that wait in a directory of the service's own until somebody decides.

An upload is there whole or not at all: its directory gets its name last. What a killed process left behind is swept up.
"""

import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from sniper_registry.repository.submission import Submission

_PART = ".part-"


class Staging:
    """Keeps submissions below a directory, each under a key."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, submission: Submission, claim: bytes) -> str:
        """Keep a submission, with the level that its publisher claims. Returns its key."""
        key = secrets.token_hex(16)
        part = self.directory / f"{_PART}{key}"
        part.mkdir(mode=0o700)
        try:
            for name, data in (
                (submission.filename, submission.wheel),
                ("role.json", submission.metadata),
                ("release.json", submission.release),
                ("level.json", claim),
            ):
                with (part / name).open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            part.rename(self.directory / key)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        return key

    def get(self, key: str, publisher: str, filename: str) -> Submission:
        """Raises `OSError` where it is gone."""
        place = self.directory / key
        return Submission(
            publisher=publisher,
            metadata=(place / "role.json").read_bytes(),
            filename=filename,
            wheel=(place / filename).read_bytes(),
            release=(place / "release.json").read_bytes(),
        )

    def release(self, key: str) -> bytes:
        """How its publisher describes it. Raises `OSError` where it is gone."""
        return (self.directory / key / "release.json").read_bytes()

    def claim(self, key: str) -> bytes:
        """The level file that came with it; empty where none did."""
        return (self.directory / key / "level.json").read_bytes()

    def wheel(self, key: str, filename: str) -> Path:
        """Where its wheel lies."""
        return self.directory / key / filename

    def drop(self, key: str) -> None:
        """Forget it, if it is there."""
        shutil.rmtree(self.directory / key, ignore_errors=True)

    def sweep(self, wanted: Iterable[str]) -> None:
        """Forget all but these."""
        keep = set(wanted)
        for each in self.directory.iterdir():
            if each.name not in keep:
                shutil.rmtree(each, ignore_errors=True)
