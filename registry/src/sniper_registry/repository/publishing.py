"""From a wheel to a published release in one step, for who has the repository at hand."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from securesystemslib.signer import Signer

from sniper.catalogue import CORE
from sniper.errors import said
from sniper.index import Release
from sniper_registry.errors import PublishRefused
from sniper_registry.places import LONGEST_NOTE
from sniper_registry.repository.repository import LEVELS, Repository
from sniper_registry.repository.submission import described
from sniper_registry.requirements import lines_of
from sniper_registry.wheel import Wheel, read


def publish_wheel(
    repository: Repository,
    file: Path,
    signers: Sequence[Signer],
    *,
    lock: Path | None = None,
    level_file: Path | None = None,
    changelog: Path | None = None,
    similar: bool = False,
) -> Release:
    """Publish the wheel in ``file`` for the publisher whose keys sign. Raises `PublishRefused`; nothing is changed
    then.

    lock        A requirements file with hashes; None: uv resolves what the wheel requires.
    level_file  What ``sniper plugins test --write`` wrote of the same code: the level that the operator awards.
    similar     Whether the name may be like one of another publisher.
    """
    wheel = read(file)
    owners = {repository.publisher_with(signer.public_key.keyid) for signer in signers}
    if len(owners) != 1 or (publisher := owners.pop()) is None:
        raise PublishRefused(
            "this key is one of no publisher here, or not all are of one; the operator admits keys with sniper "
            "registry publisher"
        )
    level = _level(level_file, wheel, file) if level_file else ""
    release = described(
        wheel,
        publisher=publisher,
        requires=lines_of(_text(lock)) if lock else locked(wheel),
        published_at=int(repository.clock() * 10**9),
        changelog=_text(changelog).strip() if changelog else "",
    )
    release = repository.publish(wheel, release, *signers, similar=similar)
    if level:
        repository.award(release.name, release.version, level)
    return msgspec.convert({**msgspec.to_builtins(release), "level": level}, Release)


def locked(wheel: Wheel) -> tuple[str, ...]:
    """What a wheel requires and all that this requires in turn, pinned with hashes, from wheels alone: uv resolves it
    by the package indexes of its own config. Raises `PublishRefused`."""
    if not wheel.requires:
        return ()
    with tempfile.TemporaryDirectory(prefix="sniper-lock-") as folder:
        wanted = Path(folder) / "wanted.in"
        wanted.write_text("\n".join(wheel.requires) + "\n")
        options = [
            "--generate-hashes",
            "--no-header",
            "--no-annotate",
            "--only-binary=:all:",
            "--universal",
            "--strip-extras",
        ]
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *options, str(wanted)]
        done = subprocess.run(
            [*command, "--no-emit-package", CORE], capture_output=True, text=True, check=False, cwd=folder
        )
    if done.returncode:
        raise PublishRefused(
            f"uv cannot resolve what {wheel.name} requires ({', '.join(wheel.requires)}); give a lock with --lock:\n"
            f"{done.stderr.strip()[-2000:]}"
        )
    return lines_of(done.stdout)


def _level(file: Path, wheel: Wheel, path: Path) -> str:
    """The level of a level file. Raises `PublishRefused` where it is of other code."""
    try:
        from sniper_sdk.levels.statement import contents_of_wheel
    except ImportError as error:
        raise PublishRefused("a level file is compared by the sdk; install sniper-sdk, or leave --level out") from error
    try:
        told: Any = json.loads(_text(file))  # Any: JSON
        level, of = told["level"], (told["distribution"], told["version"], told["contents"])
    except (ValueError, KeyError, TypeError) as error:
        raise PublishRefused(f"{file} is no level file; sniper plugins test --write makes one") from error
    if level not in LEVELS[1:]:
        raise PublishRefused(f"{file} names the level {level!r}, which there is not")
    if of != (wheel.name, wheel.version, contents_of_wheel(path)):
        raise PublishRefused(
            f"{file} is of other code than {wheel.filename}; run sniper plugins test on what you build"
        )
    return str(level)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > LONGEST_NOTE:
            raise PublishRefused(f"{file} has more than {LONGEST_NOTE} bytes; shorten it")
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise PublishRefused(f"{file} cannot be read: {said(error)}") from error
