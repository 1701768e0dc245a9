"""Pictures can be read: by those who do not see them, in light and dark, and with no text out of its box."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pages import BROWSER, PAGES, ROOT
from playwright.sync_api import Page, sync_playwright

PICTURES = sorted((ROOT / "docs/pictures").glob("*.svg"))
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
SVG = "{http://www.w3.org/2000/svg}"
OUT_OF_PLACE = """() => {
  const whole = document.querySelector("svg").viewBox.baseVal;
  const boxes = [...document.querySelectorAll("rect.box")].map(box => box.getBBox());
  return [...document.querySelectorAll("text")].filter(text => {
    const {x, y, width, height} = text.getBBox();
    const inside = box => x >= box.x && x + width <= box.x + box.width;
    const middle = box => y + height / 2 > box.y && y + height / 2 < box.y + box.height;
    const touches = box => x < box.x + box.width && x + width > box.x;
    const of = boxes.filter(box => middle(box) && touches(box));
    return !inside(whole) || y < 0 || y + height > whole.height || of.some(box => !inside(box));
  }).map(text => text.textContent);
}"""


@pytest.fixture(scope="module")
def browsed() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def test_every_picture_is_on_a_page_and_says_what_it_shows() -> None:
    shown = {}
    for page in PAGES:
        for alternative, target in IMAGE.findall(page.read_text()):
            assert len(alternative) > 40, f"{page.name}: {target} needs a text for those who do not see it"
            shown[(page.parent / target).resolve()] = page
    assert sorted(shown) == PICTURES


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_has_a_title_two_schemes_of_colours_and_loads_nothing(picture: Path) -> None:
    root = ElementTree.parse(picture).getroot()
    assert [root.findtext(SVG + name) for name in ("title", "desc")] > ["", ""]
    style = root.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme: dark" in style
    assert re.findall(r"(?:href|src)=|url\((?!#)|@import", picture.read_text()) == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_no_text_of_a_picture_leaves_its_box(picture: Path, browsed: Page) -> None:
    browsed.goto(picture.as_uri())
    assert browsed.evaluate(OUT_OF_PLACE) == []
