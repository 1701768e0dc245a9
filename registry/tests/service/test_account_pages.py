"""Accounts through their pages: signing in, second factor, keys and tokens, and forms of strangers."""

import json
import re

import pyotp
import pytest
from securesystemslib.signer import CryptoSigner

from sniper_registry.service import possession
from sniper_registry.service.clock import SECOND

from .conftest import PASSWORD, Site
from .served import Browser


class Publisher(Browser):
    """A browser with an authenticator."""

    def __init__(self, site: Site, name: str = "ada") -> None:
        super().__init__(site.origin)
        self.site, self.name, self.seed = site, name, ""

    def code(self) -> str:
        self.site.clock.forward(30)
        return pyotp.TOTP(self.seed).at(self.site.clock.at // SECOND)

    def enrolled(self) -> "Publisher":
        """Register, and set up a second factor."""
        assert self.post("/register", name=self.name, password=PASSWORD).status == 303
        page = self.get("/account/second-factor").text
        found = re.search(r'id="seed">(\w+)<', page)
        assert found
        self.seed = found[1]
        done = self.post("/account/second-factor", token=self.form_token("/account"), code=self.code())
        assert done.status == 200
        assert len(re.findall(r"<li><code>", done.text)) == 10
        return self


def test_a_publisher_registers_sets_up_a_second_factor_and_signs_in_again(site: Site) -> None:
    ada = Publisher(site).enrolled()
    assert ada.post("/sign-out", token=ada.form_token("/account")).status == 303
    assert ada.get("/account").headers["location"] == "/sign-in"
    wrong = ada.post("/sign-in", name="ada", password="not that one")
    assert wrong.status == 401
    assert 'value="ada"' in wrong.text
    assert ada.post("/sign-in", name="ada", password=PASSWORD).headers["location"] == "/sign-in/code"
    assert ada.get("/account").headers["location"] == "/sign-in/code", "the password alone opens nothing"
    token = ada.form_token("/sign-in/code")
    assert ada.post("/sign-in/code", token=token, code="000000").status == 401
    assert ada.post("/sign-in/code", token=token, code=ada.code()).headers["location"] == "/account"
    assert "Account of ada" in ada.get("/account").text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    answer = site.browser().post("/register", name="ada", password=PASSWORD)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert answer.headers["cache-control"] == "no-store"


def test_a_form_without_the_token_of_its_session_changes_nothing(site: Site) -> None:
    ada, eve = Publisher(site).enrolled(), Publisher(site, "eve").enrolled()
    foreign = eve.form_token("/account")
    for path in ("/account/tokens", "/account/password", "/account/keys/new", "/account/recovery-codes", "/sign-out"):
        assert ada.post(path, code=ada.code(), token=foreign).status == 403
        assert ada.post(path, code=ada.code()).status == 403
    assert "Account of ada" in ada.get("/account").text


def test_a_key_is_registered_in_two_steps(site: Site) -> None:
    ada = Publisher(site).enrolled()
    signer = CryptoSigner.generate_ed25519()
    public = f"ed25519:{signer.public_key.keyval['public']}"
    token = ada.form_token("/account")
    assert ada.post("/account/keys/new", token=token, key="ed25519:nonsense", label="laptop").status == 422
    asked = ada.post("/account/keys/new", token=token, key=public, label="laptop")
    challenge = re.search(r'name="challenge" value="([^"]+)"', asked.text)
    assert challenge
    fields = {"token": token, "key": public, "label": "laptop", "challenge": challenge[1]}
    wrong = ada.post("/account/keys/new", **fields, signature="00", code=ada.code())
    assert wrong.status == 422
    assert 'aria-invalid="true"' in wrong.text
    proof = possession.prove(signer, challenge[1])
    assert ada.post("/account/keys/new", **fields, signature=proof, code=ada.code()).status == 303
    assert signer.public_key.keyid in ada.get("/account").text
    assert ada.post(f"/account/keys/{signer.public_key.keyid}/remove", token=token).status == 303
    assert signer.public_key.keyid not in re.sub(r"(?s)<h2 id=\"log\".*", "", ada.get("/account").text)


def test_a_token_is_shown_once_and_can_be_revoked(site: Site) -> None:
    ada = Publisher(site).enrolled()
    token = ada.form_token("/account")
    for days in ("0", "999", "many", "-1", "٣"):
        assert ada.post("/account/tokens", token=token, label="ci", days=days, code=ada.code()).status == 422
    made = ada.post("/account/tokens", token=token, label="ci", days="30", only="sniper-amm-ada", code=ada.code())
    found = re.search(r'id="token">(sniper_[\w-]+)<', made.text)
    assert found
    assert found[1] not in ada.get("/account").text
    assert site.market.credentials.of_token(found[1], "sniper-amm-ada").name == "ada"
    number = re.search(r"/account/tokens/(\d+)/revoke", made.text)
    assert number
    assert ada.post(f"/account/tokens/{number[1]}/revoke", token=token).status == 303
    assert "None." in ada.get("/account").text


def test_too_many_guesses_are_told_with_when_to_come_back(site: Site) -> None:
    browser = site.browser()
    browser.post("/register", name="ada", password=PASSWORD)
    for _ in range(5):
        assert browser.post("/sign-in", name="ada", password="a wrong guess").status == 401
    refused = browser.post("/sign-in", name="ada", password=PASSWORD)
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= 900


@pytest.mark.parametrize("path", ["/account", "/account/keys/new", "/account/second-factor"])
def test_pages_of_an_account_are_shown_to_nobody_else(site: Site, path: str) -> None:
    assert site.browser().get(path).headers["location"] == "/sign-in"
    stranger = site.browser()
    stranger.cookie = "sniper=" + json.dumps("guess")
    assert stranger.get(path).headers["location"] == "/sign-in"
