"""The pages in a real browser: what loads, what a keyboard reaches, what is readable, in light and dark."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from sniper_registry.service.clock import SECOND
from sniper_registry.service.database import Database

from .conftest import PASSWORD, Site
from .looks import CONTRAST, NAMES

INJECT = """() => {
  const script = document.createElement("script");
  script.textContent = "window.ran = 1";
  document.body.append(script);
  return window.ran;
}"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """One of the two is enough for what pages look like."""
    made = Database(f"sqlite:///{tmp_path}/service.sqlite")
    yield made
    made.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_readable_named_and_loads_nothing_from_elsewhere(
    site: Site, chromium: Browser, scheme: str
) -> None:
    context = chromium.new_context(color_scheme=scheme, java_script_enabled=True)
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    for path in (
        "/",
        "/?q=turtle",
        "/publishers",
        "/publishers/ada",
        "/plugins/sniper-strategy-turtle",
        "/plugins/sniper-exit-gone",
        "/plugins/sniper-exit-gone/report",
        "/rate",
    ):
        page.goto(site.origin + path)
        assert page.evaluate(CONTRAST) == [], path
        assert page.evaluate(NAMES) == [], path
    assert all(url.startswith(site.origin) for url in asked)
    assert complaints == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(21, 23, 26)")
    context.close()


def test_a_script_that_got_into_a_page_would_not_run(site: Site, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(site.origin)
    assert page.evaluate(INJECT) is None
    page.close()


def test_search_and_form_work_by_keyboard_and_without_scripts(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.origin)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_label("Search").focus()
    page.keyboard.type("channels")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 found for channels")).to_be_visible()
    page.get_by_role("link", name="sniper-strategy-turtle").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("sniper-strategy-turtle")
    expect(page.get_by_role("table").first).to_contain_text("trends")
    fill(page)
    page.get_by_role("button", name="Write the section").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("[strategy.ema-cross]")
    context.close()


def fill(page: Page) -> None:
    """Every field that must be filled, with its example."""
    for box in page.locator("form.config input:not([type=hidden]):not([type=checkbox])").all():
        example = box.get_attribute("placeholder")
        if not box.input_value() and example:
            box.fill(example)


def test_a_publisher_gets_an_account_in_a_browser(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=True)
    page = context.new_page()
    page.goto(site.origin)
    page.get_by_role("link", name="Sign in").click()
    assert [page.evaluate(check) for check in (CONTRAST, NAMES)] == [[], []]
    page.get_by_role("link", name="Make one").click()
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_label("Name")).to_have_accessible_description(re.compile("lower-case"))
    assert [page.evaluate(check) for check in (CONTRAST, NAMES)] == [[], []]
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up a second factor")
    assert [page.evaluate(check) for check in (CONTRAST, NAMES)] == [[], []]
    seed = page.locator("#seed").inner_text()
    page.get_by_label("Code").fill(pyotp.TOTP(seed).at(site.clock.at // SECOND))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("shown this once")
    page.get_by_role("link", name="to the account").click()
    assert [page.evaluate(check) for check in (CONTRAST, NAMES)] == [[], []]
    page.get_by_role("link", name="Register a key").click()
    assert [page.evaluate(check) for check in (CONTRAST, NAMES)] == [[], []]
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    context.close()


def test_pages_fit_a_phone(site: Site, chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 640})
    for path in ("/", "/plugins/sniper-strategy-turtle", "/plugins/sniper-exit-gone"):
        page.goto(site.origin + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    page.close()
