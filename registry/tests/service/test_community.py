"""Receipts, ratings, reports and counts of downloads, on both databases."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from sniper_registry.catalogue import reading
from sniper_registry.service.clock import DAY, SECOND
from sniper_registry.service.commands.asking import MarketplaceRefused
from sniper_registry.service.commands.receipt import receipt as receipt_command
from sniper_registry.service.errors import Invalid, TooManyAttempts, Unknown
from sniper_registry.service.work import number_for, proof_of

from .conftest import HERE, Site
from .served import Answer, Browser

NAME, VERSION = "sniper-strategy-turtle", "1.1.0"
WAIT = 3 * DAY // SECOND


def api(browser: Browser, path: str, **fields: object) -> Answer:
    return browser.send("POST", path, json.dumps(fields).encode(), {"Content-Type": "application/json"})


def wheel(site: Site, name: str = NAME, version: str = VERSION) -> Path:
    repository = site.market.settings.repository
    return next((repository / "packages" / name).glob(f"*-{version}-*.whl"))


def receipt(site: Site, address: str = HERE, name: str = NAME, version: str = VERSION, nonce: str = "1") -> str:
    """As somebody at this address gets it."""
    receipts = site.market.receipts
    challenge = receipts.challenge(name, version, nonce)
    file = wheel(site, name, version)
    return receipts.issue(challenge, proof_of(challenge, file), number_for(challenge), file, address)


def test_a_trader_gets_a_receipt_waits_and_rates(site: Site) -> None:
    browser = site.browser()
    challenge = json.loads(api(browser, "/api/1/receipts/challenge", name=NAME, version=VERSION).text)["challenge"]
    answer = {"challenge": challenge, "proof": proof_of(challenge, wheel(site)), "number": number_for(challenge)}
    got = api(browser, "/api/1/receipts", **answer)
    assert got.status == 200
    given = json.loads(got.text)["receipt"]
    early = browser.post("/rate", receipt=given, stars="4")
    assert early.status == 422
    assert "can rate in 3 days" in early.text
    site.clock.forward(WAIT)
    assert browser.post("/rate", receipt=given, stars="4").headers["location"] == f"/plugins/{NAME}#ratings"
    assert "4.0 of 5 stars from 1 verified install<" in browser.get(f"/plugins/{NAME}").text
    assert browser.post("/rate", receipt=given, stars="2").status == 303
    assert "2.0 of 5 stars from 1 verified install<" in browser.get(f"/plugins/{NAME}").text, "it replaces the first"


def test_the_command_gets_a_receipt_and_says_why_there_is_none(site: Site) -> None:
    done = CliRunner().invoke(receipt_command, [str(wheel(site)), "--service", site.origin])
    assert done.exit_code == 0
    site.clock.forward(WAIT)
    assert site.market.community.rate(done.output, 5, HERE) == NAME
    gone = CliRunner().invoke(
        receipt_command, [str(wheel(site, "sniper-risk-shell", "0.2.0")), "--service", site.origin]
    )
    assert isinstance(gone.exception, MarketplaceRefused)
    assert "there is no sniper-risk-shell 0.2.0" in str(gone.exception)
    for service in ("http://plugins.example", "file:///etc", "http://127.0.0.1:1"):
        refused = CliRunner().invoke(receipt_command, [str(wheel(site)), "--service", service])
        assert isinstance(refused.exception, MarketplaceRefused)


def test_without_the_wheel_the_work_or_our_challenge_there_is_no_receipt(site: Site) -> None:
    receipts, file = site.market.receipts, wheel(site)
    challenge = receipts.challenge(NAME, VERSION, "1")
    other = wheel(site, "sniper-risk-shell", "0.1.0")
    lazy = next(str(n) for n in range(10_000) if not _works(challenge, str(n), site))
    for sentence, proof, number in (
        (challenge, proof_of(challenge, other), number_for(challenge)),
        (challenge, proof_of(challenge, file), lazy),
        (challenge.replace(NAME, "sniper-risk-shell"), proof_of(challenge, file), number_for(challenge)),
        ("nonsense", "", "1"),
    ):
        with pytest.raises(Invalid):
            receipts.issue(sentence, proof, number, file, HERE)
    easier = challenge.split(" ")
    easier[4] = "0"
    with pytest.raises(Invalid, match="not ours"):
        receipts.issue(" ".join(easier), proof_of(challenge, file), "1", file, HERE)
    site.clock.forward(3601)
    with pytest.raises(Invalid, match="too old"):
        receipts.issue(challenge, proof_of(challenge, file), number_for(challenge), file, HERE)


def _works(challenge: str, number: str, site: Site) -> bool:
    try:
        site.market.receipts.issue(challenge, "", number, wheel(site), HERE)
    except Invalid as error:
        return error.field == "proof"
    return True


def test_a_receipt_is_for_what_it_says_and_cannot_be_made_older(site: Site) -> None:
    given = receipt(site)
    site.clock.forward(WAIT)
    parts = given.split(" ")
    for at, text in ((1, "sniper-risk-shell"), (2, "1.0.0"), (3, "1"), (4, "0" * 32), (5, "0" * 64)):
        forged = [*parts]
        forged[at] = text
        with pytest.raises(Invalid, match="no receipt of ours"):
            site.market.community.rate(" ".join(forged), 5, HERE)
    assert site.market.community.rate(given, 5, HERE) == NAME


@pytest.mark.databases
def test_one_answer_gives_one_receipt_however_often_it_is_sent(site: Site) -> None:
    first, again = receipt(site), receipt(site)
    assert first == again
    site.clock.forward(WAIT)

    def rate(stars: int) -> None:
        site.market.community.rate(first, stars, HERE)

    with ThreadPoolExecutor(2) as pool:
        outcomes = [each.exception() for each in [pool.submit(rate, stars) for stars in (1, 5)]]
    assert outcomes.count(None) >= 1
    with site.market.database.reading() as session:
        assert sum(reading.plugin(session, NAME).stars_by) == 1


def test_an_address_gets_two_receipts_a_week_for_a_plugin_and_an_ipv6_customer_is_one_address(site: Site) -> None:
    for nonce in "12":
        receipt(site, "2001:db8:1:2::1", nonce=nonce)
    with pytest.raises(TooManyAttempts):
        receipt(site, "2001:db8:1:2:ffff::9", nonce="3")
    receipt(site, "2001:db8:1:3::1", nonce="3")
    receipt(site, "2001:db8:1:2::1", "sniper-risk-shell", "0.1.0")
    site.clock.forward(7 * 86_400)
    receipt(site, "2001:db8:1:2::1", nonce="4")


def test_a_revoked_or_unknown_release_gives_no_receipt(site: Site) -> None:
    for name, version in (("sniper-risk-shell", "0.2.0"), (NAME, "9.9.9"), ("sniper-amm-none", "1")):
        assert api(site.browser(), "/api/1/receipts/challenge", name=name, version=version).status == 404
    assert api(site.browser(), "/api/1/receipts/challenge", name="../..", version="1").status == 422


def test_a_wheel_that_is_not_what_was_signed_is_not_vouched_for(site: Site) -> None:
    wheel(site).write_text("something else")
    assert api(site.browser(), "/api/1/receipts/challenge", name=NAME, version=VERSION).status == 503


@pytest.mark.parametrize("stars", ["0", "6", "", "12", "many", "²"])
def test_only_one_to_five_stars_are_given(site: Site, stars: str) -> None:
    given = receipt(site)
    site.clock.forward(WAIT)
    assert site.browser().post("/rate", receipt=given, stars=stars).status == 422


@pytest.mark.databases
def test_ratings_and_counts_outlive_a_rebuild(site: Site) -> None:
    given = receipt(site)
    site.clock.forward(WAIT)
    site.market.community.rate(given, 3, HERE)
    site.browser().get(f"/repository/packages/{NAME}/{wheel(site).name}")
    before = site.browser().get(f"/plugins/{NAME}").text
    assert "3.0 of 5 stars" in before
    site.market.rebuild()
    assert site.browser().get(f"/plugins/{NAME}").text == before


@pytest.mark.databases
def test_a_download_is_counted_once_a_day_for_an_address(site: Site) -> None:
    community, filename = site.market.community, wheel(site).name
    for _ in range(3):
        community.fetched(NAME, filename, HERE)
    community.fetched(NAME, filename, "198.51.100.1")
    community.fetched(NAME, "sniper_strategy_turtle-1.0.0-py3-none-any.whl", HERE)
    community.fetched(NAME, "nothing.whl", HERE)
    site.clock.forward(86_400)
    community.fetched(NAME, filename, HERE)
    assert "<dt>Downloads</dt><dd>4</dd>" in site.browser().get(f"/plugins/{NAME}").text


def test_the_repository_is_served_and_nothing_beside_it(site: Site, tmp_path: Path) -> None:
    repository = site.market.settings.repository
    (tmp_path / "beside.txt").write_text("secret")
    (repository / "link.txt").symlink_to(tmp_path / "beside.txt")
    (repository / ".hidden").write_text("x")
    browser = site.browser()
    assert browser.get(f"/repository/packages/{NAME}/{wheel(site).name}").text == f"{NAME} {VERSION}"
    for path in (
        "../beside.txt",
        "%2e%2e/beside.txt",
        "..%2fbeside.txt",
        "link.txt",
        ".hidden",
        "",
        "packages",
        "/etc/passwd",
    ):
        assert browser.get(f"/repository/{path}").status == 404, path
    assert "<dd>1</dd>" in browser.get(f"/plugins/{NAME}").text


def test_a_report_reaches_the_reviewers_and_is_closed_with_an_answer(site: Site) -> None:
    browser, path = site.browser(), f"/plugins/{NAME}/report"
    assert browser.get(path).status == 200
    wrong = browser.post(path, reason="malware", text="short")
    assert wrong.status == 422
    assert "10 to 4000" in wrong.text
    assert browser.post(path, reason="malware", version="9.9", text="It does not exist at all.").status == 404
    assert browser.post(path, reason="malware", version=VERSION, text="It sends my key <b>away</b>.").status == 200
    (report,) = site.market.community.reports()
    assert (report.name, report.version, report.reason) == (NAME, VERSION, "malware")
    with pytest.raises(Invalid, match="what was done"):
        site.market.community.close(report.id, "rita", " ")
    site.market.community.close(report.id, "rita", "It was revoked.")
    assert site.market.community.reports() == []
    with pytest.raises(Unknown):
        site.market.community.close(report.id, "rita", "again")


def test_reports_of_an_address_are_limited(site: Site) -> None:
    for _ in range(10):
        site.market.community.report(NAME, "", "other", "something is wrong", HERE)
    with pytest.raises(TooManyAttempts):
        site.market.community.report(NAME, "", "other", "something is wrong", HERE)
