"""Releases from a publisher's key to the catalogue, with a real repository, on both databases."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect
from sqlalchemy import update

from sniper_registry.client.client import RegistryClient
from sniper_registry.repository import keys
from sniper_registry.service.clock import SECOND
from sniper_registry.service.errors import Conflict, Forbidden, Invalid
from sniper_registry.service.following import Follower, following
from sniper_registry.service.marketplace import Marketplace
from sniper_registry.service.tables import Base, Upload
from sniper_sdk.levels.statement import contents_of_wheel

from .conftest import HERE
from .looks import CONTRAST, NAMES
from .trade import NAME, Trade, operator
from .wheels import broken, wheel

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.databases
def test_a_release_goes_from_the_publishers_machine_through_the_review_into_the_catalogue(trade: Trade) -> None:
    ada, rita = trade.publisher("ada"), trade.reviewer()
    first = ada.submit(wheel(trade.folder, NAME, permissions=("network:api.acme.example",)))
    assert first.exit_code == 0, first.output
    assert "is waiting" in first.output
    assert "asks for network:api.acme.example" in first.output
    assert trade.browser().get(f"/plugins/{NAME}").status == 404, "nobody has decided"
    queue = rita.get("/review")
    assert NAME in queue.text
    page = rita.get("/review/1")
    assert "hookimpl" in page.text, "the sources are there to be read"
    token = rita.form_token("/review")
    done = rita.post("/review/1/accept", token=token, unchecked="on", level="silver", note="Thanks.")
    assert done.headers["location"] == "/review"
    shown = trade.browser().get(f"/plugins/{NAME}")
    assert shown.status == 200
    assert ">silver<" in shown.text
    assert "Trades channels." in shown.text
    made, level = wheel(trade.folder, NAME, "1.1.0"), trade.folder / "level.json"
    told = {"distribution": NAME, "version": "1.1.0", "level": "gold", "contents": contents_of_wheel(made)}
    level.write_text(json.dumps(told))
    second = ada.submit(made, "--level", str(level))
    assert second.exit_code == 0, second.output
    assert "gold is claimed of this very code" in second.output
    assert rita.post("/review/2/refuse", token=token, note="").status == 422
    assert rita.post("/review/2/accept", token=token, unchecked="on").status == 303
    assert trade.browser().get(f"/plugins/{NAME}").text.count("<article") == 2
    client = RegistryClient(
        trade.market.settings.repository, trade.folder / "trader", clock=lambda: trade.clock.at / SECOND
    )
    client.trust((trade.market.settings.repository / "metadata/1.root.json").read_bytes())
    assert client.find(NAME).version == "1.1.0"
    assert client.find(NAME, "1.0.0").level == "silver"
    client.close()


def test_the_review_pages_are_readable_and_named(trade: Trade, chromium: Chromium) -> None:
    ada, rita = trade.publisher("ada"), trade.reviewer()
    ada.send(wheel(trade.folder, NAME, files={"{package}/deep.py": "import ctypes\n\n\ndef f(): ...\n"}))
    name, _, value = rita.cookie.partition("=")
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme)
        context.add_cookies([{"name": name, "value": value, "url": trade.origin}])
        page = context.new_page()
        for path in ("/review", "/review/1", "/account"):
            page.goto(trade.origin + path)
            assert page.evaluate(CONTRAST) == [], path
            assert page.evaluate(NAMES) == [], path
        page.goto(f"{trade.origin}/review/1")
        expect(page.locator("details[open] li.grave code")).to_have_text("import ctypes")
        context.close()
    page = ada.browser.get("/account")
    assert "imports ctypes" in page.text, "the publisher sees what was found"


def test_everything_shown_is_rebuilt_from_the_repository_with_its_config_form(trade: Trade) -> None:
    ada = trade.publisher("ada")
    source = ROOT / "plugins/strategy/dca/src/sniper_strategy_dca"
    name = "sniper-strategy-tortoise-dca"
    files = {
        f"{{package}}/{file.name}": file.read_text().replace("sniper_strategy_dca", "sniper_strategy_tortoise_dca")
        for file in source.glob("*.py")
    }
    made = wheel(trade.folder, name, files=files)
    assert trade.market.uploads.accept(ada.send(made).id, operator(), unchecked=True, similar=True).state == "published"
    pages = ("/", "/?q=tortoise", "/publishers", "/publishers/ada", f"/plugins/{name}")
    before = [trade.browser().get(page).text for page in pages]
    assert "[strategy.dca]" in before[-1], "a worker read the config's schema off the wheel"
    Base.metadata.drop_all(trade.market.database.engine)
    Base.metadata.create_all(trade.market.database.engine)
    assert trade.market.rebuild() == 1
    assert [trade.browser().get(page).text for page in pages] == before


def test_a_hostile_wheel_is_refused_at_once_and_not_kept(trade: Trade) -> None:
    ada = trade.publisher("ada")
    made = wheel(trade.folder, NAME, files={"{package}/x.py": "import base64\nexec(base64.b64decode('eA=='))\n"})
    done = ada.submit(made)
    assert done.exit_code != 0
    assert "x.py:2" in done.output
    assert list((trade.market.settings.directory / "uploads").iterdir()) == []
    assert trade.market.uploads.queue() == []
    assert "the automated review refused it" in ada.browser.get("/account").text


def test_nothing_is_taken_that_the_publishers_own_key_did_not_sign(trade: Trade) -> None:
    ada, eve = trade.publisher("ada"), trade.publisher("eve")
    made = wheel(trade.folder, NAME)
    with pytest.raises(Forbidden, match="no key that you registered"):
        ada.send(made, eve.signer)
    with pytest.raises(Forbidden, match="this is of ada"):
        trade.market.uploads.receive(eve.who, NAME, ada.submission(made))
    forged = msgspec.structs.replace(ada.submission(made), publisher="eve")
    with pytest.raises(Invalid, match="not described"):
        trade.market.uploads.receive(eve.who, NAME, forged)
    assert trade.market.uploads.queue() == []


def test_a_wheel_or_a_description_that_was_changed_on_the_way_is_refused(trade: Trade) -> None:
    ada = trade.publisher("ada")
    sent = ada.submission(wheel(trade.folder, NAME))
    other = wheel(trade.folder, NAME, readme="Other.").read_bytes()
    release = json.loads(sent.release)
    for wrong in (
        msgspec.structs.replace(sent, wheel=other),
        msgspec.structs.replace(
            sent, release=json.dumps({**release, "permissions": ["network:evil.example"]}).encode()
        ),
        msgspec.structs.replace(sent, release=json.dumps({**release, "level": "platinum"}).encode()),
        msgspec.structs.replace(sent, release=b"[]"),
        msgspec.structs.replace(sent, metadata=b"{}"),
        msgspec.structs.replace(sent, filename="../../etc/passwd"),
        msgspec.structs.replace(sent, filename="sniper_strategy_tortoise-1.0.0-py3-none-any/../../x.whl"),
    ):
        with pytest.raises(Invalid):
            trade.market.uploads.receive(ada.who, NAME, wrong)
    assert list((trade.market.settings.directory / "uploads").iterdir()) == []


def test_a_key_that_is_removed_while_its_release_waits_publishes_nothing(trade: Trade) -> None:
    ada = trade.publisher("ada")
    upload = ada.send(wheel(trade.folder, NAME))
    trade.market.credentials.remove_key(ada.who, ada.signer.public_key.keyid)
    with pytest.raises(Conflict, match="no more"):
        trade.market.uploads.accept(upload.id, operator(), unchecked=True)
    assert trade.market.uploads.shown(upload.id).state == "failed"
    assert trade.market.repository.publishers() == {}


def test_another_publisher_cannot_take_a_name_and_a_look_alike_needs_a_persons_word(trade: Trade) -> None:
    ada, eve = trade.publisher("ada"), trade.publisher("eve")
    trade.market.uploads.accept(ada.send(wheel(trade.folder, NAME)).id, operator(), unchecked=True)
    with pytest.raises(Conflict, match="belongs to ada"):
        eve.send(wheel(trade.folder, NAME, "2.0.0"))
    alike = eve.send(wheel(trade.folder, "sniper-strategy-tortolse"))
    assert ("name", "look") in {(each.rule, each.weight.value) for each in alike.findings}
    with pytest.raises(Conflict, match="tortoise"):
        trade.market.uploads.accept(alike.id, operator(), unchecked=True)
    assert trade.market.uploads.shown(alike.id).state == "waiting"
    assert trade.market.uploads.accept(alike.id, operator(), unchecked=True, similar=True).state == "published"


def test_one_upload_at_a_time_waits_and_can_be_withdrawn(trade: Trade) -> None:
    ada, eve = trade.publisher("ada"), trade.publisher("eve")
    first = ada.send(wheel(trade.folder, NAME))
    with pytest.raises(Conflict, match="undecided"):
        ada.send(wheel(trade.folder, NAME, "1.1.0"))
    assert (
        eve.browser.post(f"/account/uploads/{first.id}/withdraw", token=eve.browser.form_token("/account")).status
        == 404
    )
    assert (
        ada.browser.post(f"/account/uploads/{first.id}/withdraw", token=ada.browser.form_token("/account")).status
        == 303
    )
    assert ada.send(wheel(trade.folder, NAME, "1.1.0")).state == "waiting"
    assert len(list((trade.market.settings.directory / "uploads").iterdir())) == 1


def test_a_release_never_changes(trade: Trade) -> None:
    ada = trade.publisher("ada")
    made = wheel(trade.folder, NAME)
    sent = ada.submission(made)
    trade.market.uploads.accept(trade.market.uploads.receive(ada.who, NAME, sent).id, operator(), unchecked=True)
    with pytest.raises(Conflict, match="never changes"):
        trade.market.uploads.receive(ada.who, NAME, sent)


def test_without_the_operators_targets_key_only_further_releases_are_published(trade: Trade) -> None:
    ada, eve = trade.publisher("ada"), trade.publisher("eve")
    trade.market.uploads.accept(ada.send(wheel(trade.folder, NAME)).id, operator(), unchecked=True)
    (trade.folder / "world/repository-keys/targets.key").rename(trade.folder / "taken-home.key")
    with_less = Marketplace(trade.market.settings, trade.clock)
    further, new = ada.send(wheel(trade.folder, NAME, "1.1.0")), eve.send(wheel(trade.folder, "sniper-risk-hare"))
    assert with_less.uploads.accept(further.id, operator(), unchecked=True).state == "published"
    with pytest.raises(Conflict, match="it waits on"):
        with_less.uploads.accept(new.id, operator(), unchecked=True)
    assert with_less.uploads.shown(new.id).state == "waiting"
    (trade.folder / "taken-home.key").rename(trade.folder / "world/repository-keys/targets.key")
    assert with_less.uploads.accept(new.id, operator(), unchecked=True).state == "published"
    with_less.close()


def test_nobody_decides_alone_on_their_own_release_and_publishers_do_not_decide(trade: Trade) -> None:
    ada, eve = trade.publisher("ada"), trade.publisher("eve")
    upload = ada.send(wheel(trade.folder, NAME))
    with pytest.raises(Forbidden, match="only reviewers"):
        trade.market.uploads.accept(upload.id, eve.who)
    trade.market.accounts.grant("ada", "reviewer", by="test")
    with pytest.raises(Forbidden, match="of their own"):
        trade.market.uploads.accept(upload.id, ada.who)
    assert eve.browser.get("/review").status == 403
    token = eve.browser.form_token("/account")
    assert eve.browser.post(f"/review/{upload.id}/accept", token=token, unchecked="on").status == 403
    assert trade.browser().get(f"/review/{upload.id}").headers["location"] == "/sign-in"


@pytest.mark.databases
def test_of_two_reviewers_who_decide_at_once_one_does(trade: Trade) -> None:
    ada = trade.publisher("ada")
    upload = ada.send(wheel(trade.folder, NAME))

    def decide(accepts: bool) -> str:
        try:
            if accepts:
                return trade.market.uploads.accept(upload.id, operator(), unchecked=True).state
            trade.market.uploads.refuse(upload.id, operator(), "No.")
        except Conflict:
            return "too late"
        return "refused"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(decide, [True, False, True, False]))
    assert outcomes.count("too late") == 3
    state = trade.market.uploads.shown(upload.id).state
    assert state in outcomes
    assert (state == "published") == bool(trade.market.repository.owners())


@pytest.mark.databases
def test_what_a_killed_process_left_is_gone_on_with(trade: Trade) -> None:
    ada = trade.publisher("ada")
    uploads, staging = trade.market.uploads, trade.market.settings.directory / "uploads"
    waiting = ada.send(wheel(trade.folder, NAME))
    (staging / ".part-left").mkdir()
    (staging / "orphan").mkdir()

    def state(value: str) -> None:
        with trade.market.database.writing() as session:
            session.execute(update(Upload).where(Upload.id == waiting.id).values(state=value, report=""))

    state("received")
    uploads.resume()
    assert uploads.shown(waiting.id).state == "waiting"
    assert uploads.shown(waiting.id).findings
    state("publishing")
    uploads.resume()
    assert uploads.shown(waiting.id).state == "waiting", "it did not come to be published"
    assert len(list(staging.iterdir())) == 1
    trade.market.repository.add_publisher("ada", [ada.signer.public_key])
    trade.market.repository.accept(ada.submission(wheel(trade.folder, NAME)))
    state("publishing")
    uploads.resume()
    assert uploads.shown(waiting.id).state == "published"
    assert trade.browser().get(f"/plugins/{NAME}").status == 200
    assert list(staging.iterdir()) == []


@pytest.mark.parametrize("what", ["a wheel that cannot be unpacked", "a fault of the review"])
def test_what_no_review_can_read_is_refused_and_stops_no_start(
    trade: Trade, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    ada, made = trade.publisher("ada"), wheel(trade.folder, NAME)
    if what == "a fault of the review":

        def fails(*_: object) -> None:
            raise ZeroDivisionError("division by zero")

        monkeypatch.setattr("sniper_registry.service.uploads.review", fails)
    else:
        broken(made, "sniper_strategy_tortoise/strategy.py")
    upload = ada.send(made)
    assert upload.state == "refused"
    assert "unreadable" in [each.rule for each in upload.findings]
    assert ("ZeroDivisionError" in caplog.text) == (what == "a fault of the review")
    trade.market.uploads.resume()


def test_an_upload_needs_a_token_that_is_good_for_it(trade: Trade) -> None:
    ada, browser = trade.publisher("ada"), trade.browser()
    path = f"/api/1/uploads/{NAME}"
    for headers in ({}, {"Authorization": "Bearer sniper_guess"}, {"Authorization": "Basic x"}):
        assert browser.send("POST", path, b"", headers).status == 401
    good = {"Authorization": f"Bearer {ada.token.read_text()}"}
    assert browser.send("POST", path, b"", good).status == 422
    scoped = trade.market.credentials.new_token(ada.who, "one", "sniper-amm-x", 30, ada.browser.code(), HERE)
    assert browser.send("POST", path, b"", {"Authorization": f"Bearer {scoped}"}).status == 403
    assert browser.send("POST", path, b"", {**good, "Content-Length": str(1 << 30)}).status == 413


def test_a_publisher_does_not_sign_on_top_of_what_another_key_signed(trade: Trade) -> None:
    ada = trade.publisher("ada")
    trade.market.uploads.accept(ada.send(wheel(trade.folder, NAME)).id, operator(), unchecked=True)
    other = trade.folder / "other.key"
    keys.create(other, None)
    ada.register(other)
    ada.key = other
    done = ada.submit(wheel(trade.folder, NAME, "1.1.0"))
    assert "not signed by this key: nothing was signed" in str(done.exception)


def test_a_token_file_that_others_may_read_is_not_used(trade: Trade) -> None:
    ada = trade.publisher("ada")
    ada.token.chmod(0o644)
    assert "may be read by others" in str(ada.submit(wheel(trade.folder, NAME)).exception)


def test_a_folder_that_only_looks_like_metadata_changes_nothing_in_the_catalogue(trade: Trade) -> None:
    ada = trade.publisher("ada")
    garbage = {"{package}/x.dist-info/entry_points.txt": "no section"}
    upload = ada.send(wheel(trade.folder, NAME, files=garbage))
    assert trade.market.uploads.accept(upload.id, operator(), unchecked=True).state == "published"
    assert Follower(trade.market).look()
    assert trade.browser().get(f"/plugins/{NAME}").status == 200


def test_no_fault_ends_the_thread_that_follows(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sniper_registry.service.following.EVERY_S", 0.01)
    faults: list[Exception] = []
    looked_again = threading.Event()

    def fails(follower: Follower) -> bool:
        if faults:
            looked_again.set()
            return False
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Follower, "look", fails)
    with following(trade.market, faults.append):
        assert looked_again.wait(30)
    assert [type(each) for each in faults] == [ZeroDivisionError]


def test_the_catalogue_follows_what_others_change_in_the_repository(trade: Trade) -> None:
    ada = trade.publisher("ada")
    trade.market.uploads.accept(ada.send(wheel(trade.folder, NAME)).id, operator(), unchecked=True)
    follower = Follower(trade.market)
    assert follower.look()
    assert not follower.look()
    trade.market.repository.revoke(NAME, "1.0.0", "it loses money in a new way")
    assert follower.look()
    assert "it loses money in a new way" in trade.browser().get(f"/plugins/{NAME}").text
