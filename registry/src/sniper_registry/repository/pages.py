"""Pages for pip and uv: PEP 503 and PEP 691, with metadata files (PEP 658, 714) and revoked releases as yanked (PEP
592).

They say nothing that is not signed, and are not signed themselves: who needs to trust them makes a mirror, which writes
them anew from what it verified.
"""

import html
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from packaging.version import Version

API: Final = "1.1"


class Page(NamedTuple):
    """One file on a page.

    sha256, metadata_sha256  Of the wheel, and of the metadata beside it.
    requires_python          Empty: any.
    yanked                   Why it was revoked; empty: it was not.
    """

    version: str
    filename: str
    sha256: str
    size: int
    metadata_sha256: str
    requires_python: str
    yanked: str


def project_page(name: str, files: Iterable[Page]) -> dict[str, str]:
    """The two pages of a distribution, by path below ``simple/``."""
    ordered = sorted(files, key=lambda each: (Version(each.version), each.filename))
    anchors = [_anchor(name, each) for each in ordered]
    document = {
        "meta": {"api-version": API},
        "name": name,
        "versions": [each.version for each in ordered],
        "files": [_file(name, each) for each in ordered],
    }
    return {f"{name}/index.html": _html(name, anchors), f"{name}/index.json": _json(document)}


def root_page(names: Iterable[str]) -> dict[str, str]:
    """The two pages that list all distributions."""
    ordered = sorted(names)
    anchors = [f'<a href="{html.escape(name)}/">{html.escape(name)}</a>' for name in ordered]
    document = {"meta": {"api-version": API}, "projects": [{"name": name} for name in ordered]}
    return {"index.html": _html("Plugins", anchors), "index.json": _json(document)}


def _anchor(name: str, file: Page) -> str:
    attributes = {
        "href": f"{_url(name, file)}#sha256={file.sha256}",
        "data-core-metadata": f"sha256={file.metadata_sha256}",
        "data-dist-info-metadata": f"sha256={file.metadata_sha256}",
    }
    if file.requires_python:
        attributes["data-requires-python"] = file.requires_python
    if file.yanked:
        attributes["data-yanked"] = file.yanked
    said = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<a {said}>{html.escape(file.filename)}</a>"


def _file(name: str, file: Page) -> Mapping[str, Any]:  # Any: JSON
    return {
        "filename": file.filename,
        "url": _url(name, file),
        "hashes": {"sha256": file.sha256},
        "size": file.size,
        "core-metadata": {"sha256": file.metadata_sha256},
        "yanked": file.yanked or False,
        **({"requires-python": file.requires_python} if file.requires_python else {}),
    }


def _url(name: str, file: Page) -> str:
    return f"../../packages/{name}/{file.filename}"


def _html(title: str, anchors: list[str]) -> str:
    body = "".join(f"{anchor}<br>\n" for anchor in anchors)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="pypi:repository-version" content="{API}">\n<title>{html.escape(title)}</title>\n</head>\n'
        f"<body>\n<h1>{html.escape(title)}</h1>\n{body}</body>\n</html>\n"
    )


def _json(document: Mapping[str, Any]) -> str:  # Any: JSON
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n"
