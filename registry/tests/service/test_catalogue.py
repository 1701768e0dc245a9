"""The catalogue's pages, filled from a repository, on both databases."""

import re
import sqlite3
import tomllib
import zipfile
from pathlib import Path

import pytest

from sniper.index import Release, ReleaseUnknown
from sniper_registry.catalogue import reading
from sniper_registry.catalogue.permissions import difference, told
from sniper_registry.catalogue.source import Described, readme
from sniper_registry.catalogue.words import MOST_WORDS, query, words
from sniper_registry.service.clock import WallClock
from sniper_registry.service.marketplace import Marketplace, Settings
from sniper_registry.service.tables import Base

from .conftest import Site
from .published import Shelf, release

PAGES = (
    "/",
    "/?q=turtle",
    "/?kind=risk",
    "/publishers",
    "/publishers/ada",
    "/plugins/sniper-strategy-turtle",
    "/plugins/sniper-risk-shell",
    "/plugins/sniper-exit-gone",
    "/plugins/sniper-amm-turtle-curve",
)


def names(text: str) -> list[str]:
    return re.findall(r'<h3><a href="/plugins/([^"]+)"', text)


def test_the_newest_release_is_first_and_what_was_revoked_is_not_listed(site: Site) -> None:
    page = site.browser().get("/")
    assert page.status == 200
    assert names(page.text) == ["sniper-risk-shell", "sniper-strategy-turtle", "sniper-amm-turtle-curve"]


@pytest.mark.databases
def test_a_search_is_ordered_by_where_the_words_stand_and_then_by_name(site: Site) -> None:
    assert names(site.browser().get("/?q=turtle").text) == ["sniper-amm-turtle-curve", "sniper-strategy-turtle"]
    assert names(site.browser().get("/?q=CHANNELS").text) == ["sniper-strategy-turtle"], "from the description"
    assert names(site.browser().get("/?q=turtle+curve").text) == ["sniper-amm-turtle-curve"], "all words must be there"
    assert names(site.browser().get("/?q=turtlecurve").text) == ["sniper-amm-turtle-curve"]
    assert names(site.browser().get("/?q=tur&kind=strategy").text) == ["sniper-strategy-turtle"]
    assert "Nothing was found" in site.browser().get("/?q=50%25").text
    assert "Nothing was found" in site.browser().get("/?q=%22%27%3B--ab").text


def test_a_name_counts_more_than_a_summary_and_a_whole_word_more_than_its_beginning(site: Site) -> None:
    site.shelf.held += [
        release("sniper-exit-aaa", summary="slow as a turtle"),
        release("sniper-exit-turtles", summary="x"),
    ]
    site.market.rebuild()
    assert names(site.browser().get("/?q=turtle").text) == [
        "sniper-amm-turtle-curve",
        "sniper-strategy-turtle",
        "sniper-exit-turtles",
        "sniper-exit-aaa",
    ]


def test_words_are_folded_and_few() -> None:
    assert words("Straße ＦＵＬＬ a x_y") == ["strasse", "full"]
    assert len(query("aa bb cc dd ee ff gg hh aa")) == MOST_WORDS


def test_a_list_is_turned_page_by_page(site: Site) -> None:
    site.shelf.held += [release(f"sniper-exit-number{number:02}", day=-number) for number in range(30)]
    site.market.rebuild()
    first, second = (site.browser().get(f"/?q=number&kind=exit&page={page}") for page in (1, 2))
    assert 'rel="next" href="/?q=number&amp;kind=exit&amp;page=2"' in first.text
    assert len(names(first.text)) == reading.PAGE
    assert len(names(second.text)) == 30 - reading.PAGE
    assert not set(names(first.text)) & set(names(second.text))
    assert 'rel="next"' not in second.text
    assert site.browser().get("/?page=0").status == 422
    assert site.browser().get("/?page=many").status == 422


def test_a_plugin_page_says_what_an_update_asks_for_anew(site: Site) -> None:
    text = site.browser().get("/plugins/sniper-strategy-turtle").text
    assert "sniper plugins install sniper-strategy-turtle==1.1.0" in text, "a pre-release is not what one installs"
    assert "Asks anew for <code>network:api.turtle.example</code> <code>secret:turtle-key</code>" in text
    assert "may exchange data with api.turtle.example over HTTPS" in text
    assert "No longer asks for <code>network:api.turtle.example</code>" in text, "its pre-release asks for nothing"
    assert ">gold<" in text
    assert "numpy==2.3.4 --hash=sha256:aa" in text


def test_nothing_that_a_publisher_writes_becomes_markup(site: Site) -> None:
    text = site.browser().get("/plugins/sniper-strategy-turtle").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script" not in text
    assert "A curve &lt;b&gt;as slow&lt;/b&gt;" in site.browser().get("/").text


def test_a_revoked_release_says_why_and_the_newest_good_one_is_offered(site: Site) -> None:
    shell = site.browser().get("/plugins/sniper-risk-shell").text
    assert "sniper plugins install sniper-risk-shell==0.1.0" in shell
    assert "wrong sign" in shell
    gone = site.browser().get("/plugins/sniper-exit-gone").text
    assert "it stole keys" in gone
    assert "plugins install" not in gone


def test_recomputed_results_are_shown_with_their_spread(site: Site) -> None:
    text = site.browser().get("/plugins/sniper-strategy-turtle").text
    assert "0.2 (0.1 to 0.3)" in text
    assert "Its author\nsubmitted no number" in text
    assert "Recomputed results" not in site.browser().get("/plugins/sniper-risk-shell").text


def test_a_filled_form_becomes_a_section_that_the_plugin_takes(site: Site) -> None:
    browser = site.browser()
    text = browser.get("/plugins/sniper-strategy-turtle").text
    asked = re.findall(r'name="f-([^"]+)"', text)
    assert asked
    integers = re.findall(r'name="f-([^"]+)"[^>]*inputmode=decimal', text)
    wrong = browser.post(
        "/plugins/sniper-strategy-turtle/config", section="strategy.ema-cross", **{f"f-{integers[0]}": "many"}
    )
    assert wrong.status == 422
    assert 'aria-invalid="true"' in wrong.text
    assert 'value="many"' in wrong.text, "what was entered is not lost"
    filled = {f"f-{name}": example for name, example in re.findall(r'name="f-([^"]+)"[^>]*placeholder="([^"]+)"', text)}
    done = browser.post("/plugins/sniper-strategy-turtle/config", section="strategy.ema-cross", **filled)
    assert done.status == 200, re.findall(r'class="wrong"[^>]*>([^<]*)', done.text)
    found = re.search(r'class="toml"[^>]*><code>([^<]*)', done.text)
    assert found is not None
    assert "ema-cross" in tomllib.loads(found[1].replace("&#34;", '"'))["strategy"]
    assert browser.post("/plugins/sniper-strategy-turtle/config", section="strategy.other").status == 404


@pytest.mark.databases
def test_the_pages_are_the_same_after_the_database_was_dropped_and_rebuilt(site: Site) -> None:
    before = [site.browser().get(page) for page in PAGES]
    assert all(page.status == 200 for page in before)
    Base.metadata.drop_all(site.market.database.engine)
    Base.metadata.create_all(site.market.database.engine)
    assert site.browser().get("/plugins/sniper-strategy-turtle").status == 404
    assert site.market.rebuild() == 7
    assert [site.browser().get(page).text for page in PAGES] == [page.text for page in before]


@pytest.mark.databases
def test_one_distribution_is_renewed_to_what_a_rebuild_makes(site: Site) -> None:
    site.shelf.held.append(release(version="1.3.0", day=12, summary="Slower, deeper"))
    site.market.renew("sniper-strategy-turtle")
    renewed = [site.browser().get(page).text for page in PAGES]
    assert "Slower, deeper" in renewed[0]
    site.market.rebuild()
    assert [site.browser().get(page).text for page in PAGES] == renewed


@pytest.mark.databases
def test_a_rebuild_that_fails_leaves_the_old_catalogue(site: Site) -> None:
    class Torn(Shelf):
        def described(self, release: object) -> object:  # type: ignore[override]
            raise OSError("the disk is gone")

    before = site.browser().get("/").text
    site.market.source = Torn(*site.shelf.held)  # type: ignore[assignment]
    with pytest.raises(OSError, match="disk"):
        site.market.rebuild()
    assert site.browser().get("/").text == before


def test_others_write_while_wheels_are_read(site: Site) -> None:
    class Slow(Shelf):
        def described(self, release: Release) -> Described:
            site.market.community.report(
                "sniper-risk-shell", "", "other", f"while {release.name} is read", release.name
            )
            return super().described(release)

    site.market.source = Slow(*site.shelf.held, revoked=site.shelf.gone)
    assert site.market.rebuild() == 7
    assert len(site.market.community.reports()) == 3


def test_a_name_of_which_nothing_is_left_does_not_keep_the_others_away(site: Site) -> None:
    class Robbed(Shelf):
        def releases(self, name: str) -> tuple[Release, ...]:
            if name == "sniper-exit-gone":
                raise ReleaseUnknown("taken back from a thief")
            return super().releases(name)

    site.market.source = Robbed(*site.shelf.held, revoked=site.shelf.gone)
    assert site.market.rebuild() == 6
    assert site.browser().get("/plugins/sniper-exit-gone").status == 404


@pytest.mark.parametrize("path", ["/nothing", "/plugins/none", "/publishers/nobody", "/plugins/%2e%2e"])
def test_what_there_is_not_is_told_as_a_page(site: Site, path: str) -> None:
    page = site.browser().get(path)
    assert page.status == 404
    assert 'role="alert"' in page.text


def test_what_no_database_keeps_is_refused_in_requests_and_left_out_of_releases(site: Site) -> None:
    browser = site.browser()
    assert browser.get("/plugins/a%00b").status == 400
    assert browser.get("/?q=a%00b").status == 400
    assert browser.post("/plugins/sniper-strategy-turtle/config", section="a\0b").status == 422
    site.shelf.held.append(release("sniper-exit-odd", summary="odd\0ity \udcff"))
    site.market.rebuild()
    assert "oddity ?" in browser.get("/plugins/sniper-exit-odd").text


def test_pages_may_load_and_run_next_to_nothing(site: Site) -> None:
    page = site.browser().get("/")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "script-src" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    addresses = re.findall(r'(?:src|href|action)="([^"]+)"', page.text)
    assert addresses
    assert all(address.startswith(("/", "#", "?")) and not address.startswith("//") for address in addresses)
    (style,) = [address for address in addresses if address.endswith(".css")]
    served = site.browser().get(style)
    assert "immutable" in served.headers["cache-control"]
    assert "url(" not in served.text
    assert "@import" not in served.text


def test_a_form_of_another_site_is_refused(site: Site) -> None:
    browser = site.browser()
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert browser.send("POST", "/plugins/sniper-strategy-turtle/config", b"", headers).status == 403


def test_a_giant_form_is_refused_with_and_without_its_length(site: Site) -> None:
    browser = site.browser()
    headers = {"Origin": site.origin, "Content-Type": "application/x-www-form-urlencoded"}
    assert (
        browser.send("POST", "/plugins/sniper-strategy-turtle/config", b"f-a=" + b"x" * 300_000, headers).status == 413
    )
    chunked = {**headers, "Transfer-Encoding": "chunked"}
    body = b"4a000\r\n" + b"x" * 0x4A000 + b"\r\n0\r\n\r\n"
    assert browser.send("POST", "/plugins/sniper-strategy-turtle/config", body, chunked).status == 413


def test_permissions_are_told_and_compared() -> None:
    assert told("network:relays").host
    assert not told("read:/srv/data").host
    assert difference(("a", "b"), ("b", "c")) == (("c",), ("a",))


def test_a_description_is_read_from_the_wheel_or_is_empty(tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("a/dist-info/METADATA", "wrong place")
        archive.writestr("a-1.dist-info/METADATA", "Metadata-Version: 2.4\nName: a\n\nThe text.\n")
    assert readme(wheel) == "The text."
    wheel.write_bytes(b"no wheel")
    assert readme(wheel) == ""


def test_the_database_stays_out_of_reach_of_other_users(tmp_path: Path) -> None:
    settings = Settings(origin="https://plugins.example", directory=tmp_path / "new", repository=tmp_path / "none")
    Marketplace(settings, WallClock()).close()
    assert settings.directory.stat().st_mode & 0o777 == 0o700
    assert sqlite3.connect(settings.directory / "service.sqlite").execute("SELECT count(*) FROM plugin").fetchone() == (
        0,
    )
