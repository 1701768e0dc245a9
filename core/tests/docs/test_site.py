"""The site is built as CI builds it: everything leads somewhere, and nothing comes from elsewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pages import BROWSER, ROOT
from playwright.sync_api import Page, sync_playwright

CONFIG = ROOT / "docs/site/mkdocs.yml"
OUTSIDE = re.compile(r"(?:https?:)?//")
LOADING = {"script": "src", "img": "src", "iframe": "src", "link": "href"}


@dataclass
class Shown(HTMLParser):
    """What a built page has: anchors, links, what it loads, and its text outside of code."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    code: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        self.code += tag in {"code", "script", "style"}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in LOADING and LOADING[tag] in values and values.get("rel") not in {"prev", "next", "canonical"}:
            self.loaded.append(values[LOADING[tag]])

    def handle_endtag(self, tag: str) -> None:
        self.code -= tag in {"code", "script", "style"}

    def handle_data(self, data: str) -> None:
        if not self.code:
            self.text.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    command = (sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(CONFIG), "--site-dir")
    done = subprocess.run([*command, str(directory)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def shown(site: Path) -> dict[Path, Shown]:
    pages = {}
    for file in sorted(site.rglob("*.html")):
        if file.name != "404.html":  # which a server shows at any address, so it counts from the root
            pages[file] = Shown()
            pages[file].feed(file.read_text())
    return pages


@pytest.fixture(scope="module")
def browsed() -> Iterator[Page]:
    """A page of Chromium that may read files and nothing else."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page()
        page.route(lambda address: not address.startswith("file:"), lambda route: route.abort())
        yield page
        browser.close()


def test_every_page_of_docs_is_on_the_site(site: Path) -> None:
    written = {page.relative_to(ROOT / "docs").with_suffix(".html") for page in (ROOT / "docs").rglob("*.md")}
    assert {page for page in written if not (site / page).is_file()} == set()


def test_every_link_and_anchor_of_the_site_leads_somewhere(shown: dict[Path, Shown]) -> None:
    broken = []
    for file, page in shown.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if not target.is_file():
                broken.append(f"{file.name}: {link}")
            elif parts.fragment and target in shown and unquote(parts.fragment) not in shown[target].ids:
                broken.append(f"{file.name}: {link} has no such anchor")
    assert broken == []
    assert sum(len(page.links) for page in shown.values()) > 1_000


def test_no_page_loads_anything_from_elsewhere(site: Path, shown: dict[Path, Shown]) -> None:
    assert {source for page in shown.values() for source in page.loaded if OUTSIDE.match(source)} == set()
    styles = "".join(file.read_text() for file in site.rglob("*.css"))
    assert styles
    assert re.findall(r"@import[^;]*//[^;]*|url\(['\"]?(?:https?:)?//[^)]*", styles) == []


def test_lists_tables_and_fences_are_shown_as_such(shown: dict[Path, Shown]) -> None:
    for file, page in shown.items():
        assert not re.search(r"^\s*(?:```|\| --- |[-*] \w|\d\. \w)", "".join(page.text), re.MULTILINE), file


def test_code_in_a_list_stays_in_its_item(site: Path) -> None:
    guide = (site / "guide.html").read_text()
    (steps,) = re.findall(r'<h2 id="live">.*?<ol>(.*?)</ol>', guide, re.DOTALL)
    assert steps.count("<li>") == 6
    assert steps.count("<pre>") == 3


def test_search_finds_pages_without_a_server_and_nothing_is_asked_of_the_network(site: Path, browsed: Page) -> None:
    asked: list[str] = []
    errors: list[str] = []
    browsed.on("request", lambda request: asked.append(request.url))
    browsed.on("pageerror", lambda error: errors.append(str(error)))
    browsed.goto((site / "guide.html").as_uri())
    browsed.keyboard.press("/")
    browsed.keyboard.type("reconcile")
    browsed.wait_for_selector(".md-search-result__item a[href*='guide.html']")
    assert [address for address in asked if not address.startswith("file:")] == []
    assert errors == []


def test_colours_can_be_switched(site: Path, browsed: Page) -> None:
    browsed.goto((site / "guide.html").as_uri())
    before = browsed.locator("body").get_attribute("data-md-color-scheme")
    browsed.locator("label[for^=__palette]:visible").click()
    assert {before, browsed.locator("body").get_attribute("data-md-color-scheme")} == {"default", "slate"}
