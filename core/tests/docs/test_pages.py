"""Links lead somewhere, tables are complete, and what runs the bot elsewhere knows the names that there are."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from pages import PAGES, ROOT, links, prose

from sniper.catalogue import Catalogue, Extension

FIRST_PARTY = [
    extension
    for extension in Catalogue.discover().extensions
    if (ROOT / "plugins" / extension.spec.kind / extension.spec.name).is_dir()
]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(prose(page)):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / unquote(path)).resolve() if path else page
        assert target.exists(), f"{link}: there is no such file"
        assert ROOT in (target, *target.parents), f"{link}: leads out of the repository"
        if anchor:
            assert anchor in anchors(target), f"{link}: {target.name} has no such heading"


@pytest.mark.parametrize("extension", FIRST_PARTY, ids=lambda extension: extension.id)
def test_the_readme_lists_every_plugin_by_its_own_words(extension: Extension) -> None:
    kind, name = extension.key
    row = f"| {kind} | [{name}](plugins/{kind}/{name}/README.md) | {extension.spec.summary} |"
    assert row in (ROOT / "README.md").read_text().splitlines()


def test_the_readme_lists_no_plugin_that_there_is_not() -> None:
    text = (ROOT / "README.md").read_text()
    rows = re.findall(r"^\| [\w-]+ \| \[[\w-]+\]\(plugins/(.+?)/README", text, re.MULTILINE)
    assert set(rows) == {f"{kind}/{name}" for kind, name in (extension.key for extension in FIRST_PARTY)}
