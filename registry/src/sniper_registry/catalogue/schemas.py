"""The config schemas of a release, read off its wheel in a worker: the catalogue imports nothing of it."""

import configparser
import logging
import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from sniper.catalogue import GROUP
from sniper.errors import SniperError
from sniper.isolation.describing import describe
from sniper.isolation.place import Place
from sniper_registry.review.archive import LARGEST_WHOLE

_log = logging.getLogger(__name__)

LARGEST_SCHEMA = 256 << 10
"""Characters."""


def schemas(wheel: Path, name: str) -> dict[str, Mapping[str, Any]]:  # Any: JSON
    """By config section, such as ``strategy.ema-cross``; nothing where the wheel cannot be described.

    A release with dependencies of its own cannot: they are not fetched for a form. Nor can one where the kernel lacks
    what a worker needs. The page then shows no form, and loses nothing else.
    """
    package, kind = name.replace("-", "_"), name.split("-")[1]
    with tempfile.TemporaryDirectory(prefix="sniper-schemas-") as directory:
        try:
            modules = _unpack(wheel, package, Path(directory))
            offered = describe(Place(name=name, paths=(directory,)), modules).offered
        except SniperError:
            return {}
        except Exception:  # nothing that a wheel holds may cost more than its own form
            _log.warning("%s is shown without a form", wheel.name, exc_info=True)
            return {}
    return {
        f"{kind}.{each.spec.get('name')}": each.schema
        for each in offered
        if each.schema.get("properties") and len(str(each.schema)) <= LARGEST_SCHEMA
    }


def _unpack(wheel: Path, package: str, into: Path) -> tuple[str, ...]:
    """Write the package's plain files, and nothing outside of it. Returns the modules of its entry points."""
    with zipfile.ZipFile(wheel) as archive:
        members = [each for each in archive.infolist() if each.filename.startswith(f"{package}/") and not each.is_dir()]
        if sum(each.file_size for each in members) > LARGEST_WHOLE:
            raise ValueError("the wheel unpacks to too much")
        for each in members:
            path = PurePosixPath(each.filename)
            if ".." in path.parts or "\\" in each.filename:
                raise ValueError("a path leads out of the wheel")
            target = into.joinpath(*path.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(each))
        points = [each for each in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/entry_points\.txt", each)]
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        parser.read_string(archive.read(points[0]).decode() if points else "")
        return tuple(parser[GROUP].values()) if parser.has_section(GROUP) else ()
