"""Accounts, second factors, sessions, tokens and keys, on SQLite and on PostgreSQL."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyotp
import pytest
from argon2 import Type, extract_parameters
from securesystemslib.signer import CryptoSigner
from sqlalchemy import select, text

from sniper_registry.service import audit, passwords, possession
from sniper_registry.service.accounts import IDLE_S, LASTS_S, WRONG
from sniper_registry.service.clock import DAY, SECOND
from sniper_registry.service.database import Database
from sniper_registry.service.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotSignedIn,
    ServiceError,
    TooManyAttempts,
    Unavailable,
    Unknown,
)
from sniper_registry.service.secret import Secret
from sniper_registry.service.tables import Account, Base

from .conftest import HERE, ORIGIN, PASSWORD, Desk


def public(signer: CryptoSigner) -> str:
    return json.dumps(signer.public_key.to_dict())


@pytest.mark.parametrize("name", ["a", "Ada", "ada--b", "-ada", "ada_b", "x" * 41, "ada\n"])
def test_a_name_that_is_not_plain_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(Invalid, match="lower-case"):
        desk.accounts.register(name, PASSWORD, HERE)


def test_names_are_not_probed_and_nothing_is_hashed_beyond_the_limit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.accounts.register("ada", PASSWORD, "another address")
    desk.accounts.register("eve", PASSWORD, HERE)
    for _ in range(4):
        with pytest.raises(Conflict, match="is taken"):
            desk.accounts.register("ada", PASSWORD, HERE)
    hashes: list[str] = []
    monkeypatch.setattr(passwords, "hashed", lambda password, name: hashes.append(name))
    for name in ("ada", "nobody"):
        with pytest.raises(TooManyAttempts, match="new accounts from your address"):
            desk.accounts.register(name, PASSWORD, HERE)
    assert hashes == []


def test_what_is_written_wrong_is_not_counted(desk: Desk) -> None:
    for _ in range(6):
        with pytest.raises(Invalid):
            desk.accounts.register("ada", "short", HERE)
    desk.accounts.register("ada", PASSWORD, HERE)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "my name is ada!", "x1y2z3" * 60])
def test_a_weak_password_is_refused_and_leaves_no_account(desk: Desk, password: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.accounts.register("ada", password, HERE)
    assert refused.value.field == "password"
    assert password not in str(refused.value)
    desk.accounts.register("ada", PASSWORD, HERE)


@pytest.mark.databases
def test_a_name_is_given_once(desk: Desk) -> None:
    desk.accounts.register("ada", PASSWORD, HERE)
    with pytest.raises(Conflict, match="taken"):
        desk.accounts.register("ada", PASSWORD, HERE)
    for other in ("admin", "adm1n", "sniper", "snlper"):
        with pytest.raises(Conflict):
            desk.accounts.register(other, PASSWORD, f"address of {other}")


def test_a_name_that_looks_like_another_accounts_is_not_given(desk: Desk) -> None:
    desk.accounts.register("mill", PASSWORD, HERE)
    with pytest.raises(Conflict, match="looks like"):
        desk.accounts.register("m111", PASSWORD, HERE)


def test_a_wrong_password_and_an_unknown_name_are_told_alike(desk: Desk) -> None:
    desk.accounts.register("ada", PASSWORD, HERE)
    for name in ("ada", "nobody"):
        with pytest.raises(NotSignedIn) as refused:
            desk.accounts.sign_in(name, "not the password", HERE)
        assert str(refused.value) == WRONG


@pytest.mark.usefixtures("dear_passwords")
def test_a_password_costs_a_thief_what_owasp_asks_for() -> None:
    stored = passwords.hashed(PASSWORD, "ada")
    parameters = extract_parameters(stored)
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2
    assert passwords.fits(stored, PASSWORD)
    assert not passwords.fits(None, "the password of an account that does not exist")


def test_neither_password_nor_cookie_nor_seed_nor_code_nor_token_is_kept_readable(desk: Desk) -> None:
    cookie = desk.accounts.register("ada", PASSWORD, HERE)
    seed, _ = desk.accounts.propose_second_factor(desk.accounts.demand(cookie))
    strong, recovery = desk.accounts.enrol(cookie, desk.code(seed), HERE)
    token = desk.credentials.new_token(desk.accounts.demand(strong), "ci", "", 30, desk.code(seed), HERE)
    kept = []
    with desk.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            kept += [repr(tuple(row)) for row in session.execute(select(table))]
    everything = "\n".join(kept)
    assert "ada" in everything
    for secret in (PASSWORD, cookie, strong, seed, token, HERE, *recovery):
        assert secret not in everything


@pytest.mark.databases
def test_six_wrong_passwords_lock_the_account_for_a_while_even_for_the_right_one(desk: Desk) -> None:
    desk.accounts.register("ada", PASSWORD, HERE)
    for guess in range(5):
        with pytest.raises(NotSignedIn):
            desk.accounts.sign_in("ada", f"guess number {guess}", f"203.0.113.{guess}")
    with pytest.raises(TooManyAttempts) as refused:
        desk.accounts.sign_in("ada", PASSWORD, HERE)
    assert 0 < refused.value.retry_after_s <= 900
    desk.clock.forward(refused.value.retry_after_s + 1)
    desk.accounts.sign_in("ada", PASSWORD, HERE)


@pytest.mark.databases
def test_guesses_that_arrive_together_are_all_counted(desk: Desk) -> None:
    desk.accounts.register("ada", PASSWORD, HERE)

    def guess(number: int) -> type[Exception]:
        with pytest.raises(ServiceError) as refused:
            desk.accounts.sign_in("ada", f"guess number {number}", HERE)
        return type(refused.value)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(8)))
    assert outcomes.count(NotSignedIn) == 5
    assert outcomes.count(TooManyAttempts) == 3


def test_one_address_cannot_try_many_accounts(desk: Desk) -> None:
    for guess in range(30):
        with pytest.raises(NotSignedIn):
            desk.accounts.sign_in(f"user-{guess}", PASSWORD, HERE)
    with pytest.raises(TooManyAttempts, match="your address"):
        desk.accounts.sign_in("another", PASSWORD, HERE)


def test_password_alone_signs_in_weakly_and_the_code_makes_it_strong(desk: Desk) -> None:
    _, seed = desk.publisher("ada")
    weak = desk.accounts.sign_in("ada", PASSWORD, HERE)
    assert not desk.accounts.demand(weak).strong
    strong = desk.accounts.confirm(weak, desk.code(seed), HERE)
    assert desk.accounts.demand(strong).strong
    assert desk.accounts.who(weak) is None, "the cookie from before the second factor is worth nothing"


def test_a_code_counts_once(desk: Desk) -> None:
    _, seed = desk.publisher("ada")
    code = desk.code(seed)
    desk.accounts.confirm(desk.accounts.sign_in("ada", PASSWORD, HERE), code, HERE)
    again = desk.accounts.sign_in("ada", PASSWORD, HERE)
    with pytest.raises(NotSignedIn, match="used before"):
        desk.accounts.confirm(again, code, HERE)


@pytest.mark.databases
def test_of_two_requests_with_one_code_one_wins(desk: Desk) -> None:
    _, seed = desk.publisher("ada")
    cookies = [desk.accounts.sign_in("ada", PASSWORD, HERE) for _ in range(2)]
    code = desk.code(seed)

    def confirm(cookie: str) -> bool:
        try:
            desk.accounts.confirm(cookie, code, HERE)
        except NotSignedIn:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(confirm, cookies)) == [False, True]


def test_codes_of_the_neighbouring_steps_count_and_older_ones_do_not(desk: Desk) -> None:
    who, seed = desk.publisher("ada")
    desk.clock.forward(300)
    now = desk.clock.at // SECOND
    totp = pyotp.TOTP(seed)
    with pytest.raises(NotSignedIn):
        desk.accounts.demand_code(who, totp.at(now - 60), HERE, why="tried")
    desk.accounts.demand_code(who, totp.at(now - 30), HERE, why="tried")
    desk.accounts.demand_code(who, totp.at(now + 30), HERE, why="tried")


def test_a_recovery_code_replaces_the_authenticator_once(desk: Desk) -> None:
    cookie = desk.accounts.register("ada", PASSWORD, HERE)
    seed, uri = desk.accounts.propose_second_factor(desk.accounts.demand(cookie))
    assert uri.startswith("otpauth://totp/sniper:ada?")
    _, codes = desk.accounts.enrol(cookie, desk.code(seed), HERE)
    assert len(set(codes)) == 10
    weak = desk.accounts.sign_in("ada", PASSWORD, HERE)
    strong = desk.accounts.confirm(weak, codes[0].upper(), HERE)
    assert desk.accounts.demand(strong).strong
    with pytest.raises(NotSignedIn):
        desk.accounts.demand_code(desk.accounts.demand(strong), codes[0], HERE, why="tried")
    renewed = desk.accounts.renew_recovery_codes(desk.accounts.demand(strong), codes[1], HERE)
    with pytest.raises(NotSignedIn):
        desk.accounts.demand_code(desk.accounts.demand(strong), codes[2], HERE, why="tried")
    desk.accounts.demand_code(desk.accounts.demand(strong), renewed[2], HERE, why="tried")


def test_codes_cannot_be_guessed_for_long(desk: Desk) -> None:
    _, seed = desk.publisher("ada")
    weak = desk.accounts.sign_in("ada", PASSWORD, HERE)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            desk.accounts.confirm(weak, "000000", HERE)
    with pytest.raises(TooManyAttempts):
        desk.accounts.confirm(weak, desk.code(seed), HERE)


def test_setting_up_a_second_factor_again_needs_the_operator(desk: Desk) -> None:
    who, _ = desk.publisher("ada")
    with pytest.raises(Conflict):
        desk.accounts.propose_second_factor(who)
    desk.accounts.reset_second_factor("ada", by="operator")
    cookie = desk.accounts.sign_in("ada", PASSWORD, HERE)
    assert not desk.accounts.demand(cookie).enrolled
    with desk.database.reading() as session:
        assert any(entry.action == "lost the second factor" for entry in audit.entries(session, "ada"))


def test_a_session_ends_by_itself_when_idle_when_old_and_when_signed_out(desk: Desk) -> None:
    cookie = desk.accounts.register("ada", PASSWORD, HERE)
    desk.clock.forward(IDLE_S + 1)
    assert desk.accounts.who(cookie) is None
    cookie = desk.accounts.sign_in("ada", PASSWORD, HERE)
    for _ in range(LASTS_S // IDLE_S + 1):
        desk.clock.forward(IDLE_S - 60)
        desk.accounts.who(cookie)
    assert desk.accounts.who(cookie) is None, "being used does not make a session last for ever"
    cookie = desk.accounts.sign_in("ada", PASSWORD, HERE)
    desk.accounts.sign_out(cookie)
    with pytest.raises(NotSignedIn):
        desk.accounts.demand(cookie)


def test_a_new_password_ends_all_other_sessions_and_needs_a_code(desk: Desk) -> None:
    _, seed = desk.publisher("ada")
    other = desk.accounts.sign_in("ada", PASSWORD, HERE)
    mine = desk.accounts.sign_in("ada", PASSWORD, HERE)
    with pytest.raises(NotSignedIn):
        desk.accounts.change_password(mine, PASSWORD, "a quite different one", "000000", HERE)
    new = desk.accounts.change_password(mine, PASSWORD, "a quite different one", desk.code(seed), HERE)
    assert desk.accounts.demand(new).name == "ada"
    assert desk.accounts.who(other) is None
    with pytest.raises(NotSignedIn):
        desk.accounts.sign_in("ada", PASSWORD, HERE)


def test_without_a_second_factor_there_is_neither_token_nor_key(desk: Desk) -> None:
    who = desk.accounts.demand(desk.accounts.register("ada", PASSWORD, HERE))
    signer = CryptoSigner.generate_ed25519()
    sentence = desk.credentials.challenge(who, public(signer))
    with pytest.raises(Forbidden, match="second factor"):
        desk.credentials.new_token(who, "ci", "", 30, "123456", HERE)
    with pytest.raises(Forbidden, match="second factor"):
        desk.credentials.add_key(
            who, public(signer), "laptop", sentence, possession.prove(signer, sentence), "123456", HERE
        )
    assert desk.credentials.keys(who.id) == []


def test_a_token_is_good_for_its_distribution_its_time_and_until_it_is_revoked(desk: Desk) -> None:
    who, seed = desk.publisher("ada")
    token = desk.credentials.new_token(who, "ci", "sniper-amm-ada", 30, desk.code(seed), HERE)
    assert desk.credentials.of_token(token, "sniper-amm-ada").name == "ada"
    with pytest.raises(Forbidden, match="sniper-amm-ada"):
        desk.credentials.of_token(token, "sniper-amm-other")
    with pytest.raises(NotSignedIn):
        desk.credentials.of_token(token + "x", "sniper-amm-ada")
    (row,) = desk.credentials.tokens(who)
    desk.clock.forward(30 * DAY // SECOND)
    with pytest.raises(NotSignedIn, match="too old"):
        desk.credentials.of_token(token, "sniper-amm-ada")
    everything = desk.credentials.new_token(who, "all", "", 1, desk.code(seed), HERE)
    assert desk.credentials.of_token(everything, "sniper-amm-other").name == "ada"
    desk.credentials.revoke_token(who, row.id + 1)
    with pytest.raises(NotSignedIn):
        desk.credentials.of_token(everything, "sniper-amm-other")


def test_a_token_is_good_for_nothing_once_the_second_factor_is_gone(desk: Desk) -> None:
    who, seed = desk.publisher("ada")
    token = desk.credentials.new_token(who, "ci", "", 30, desk.code(seed), HERE)
    desk.accounts.reset_second_factor("ada", by="operator")
    with pytest.raises(Forbidden, match="second factor"):
        desk.credentials.of_token(token, "sniper-amm-ada")


def test_nobody_revokes_the_token_or_removes_the_key_of_another(desk: Desk) -> None:
    ada, seed = desk.publisher("ada")
    eve, _ = desk.publisher("eve")
    desk.credentials.new_token(ada, "ci", "", 30, desk.code(seed), HERE)
    signer = CryptoSigner.generate_ed25519()
    sentence = desk.credentials.challenge(ada, public(signer))
    proof = possession.prove(signer, sentence)
    keyid = desk.credentials.add_key(ada, public(signer), "laptop", sentence, proof, desk.code(seed), HERE)
    with pytest.raises(Unknown):
        desk.credentials.revoke_token(eve, desk.credentials.tokens(ada)[0].id)
    with pytest.raises(Unknown):
        desk.credentials.remove_key(eve, keyid)


def test_a_key_is_registered_by_who_has_it_and_once(desk: Desk) -> None:
    ada, seed = desk.publisher("ada")
    eve, other_seed = desk.publisher("eve")
    signer, other = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ed25519()
    sentence = desk.credentials.challenge(ada, public(signer))
    proof = possession.prove(signer, sentence)
    with pytest.raises(Invalid, match="not this key's"):
        desk.credentials.add_key(
            ada, public(signer), "laptop", sentence, possession.prove(other, sentence), desk.code(seed), HERE
        )
    with pytest.raises(Invalid, match="not made for this account"):
        desk.credentials.add_key(eve, public(signer), "mine", sentence, proof, desk.code(other_seed), HERE)
    forged = sentence.replace(" ada ", " eve ")
    with pytest.raises(Invalid, match="not made for this account"):
        desk.credentials.add_key(
            eve, public(signer), "mine", forged, possession.prove(signer, forged), desk.code(other_seed), HERE
        )
    keyid = desk.credentials.add_key(ada, public(signer), "laptop", sentence, proof, desk.code(seed), HERE)
    assert keyid == signer.public_key.keyid
    desk.credentials.remove_key(ada, keyid)
    assert desk.credentials.keys(ada.id) == []
    with pytest.raises(Conflict, match="does not come back"):
        desk.credentials.add_key(ada, public(signer), "laptop", sentence, proof, desk.code(seed), HERE)


def test_a_challenge_is_good_for_an_hour_and_for_this_service(desk: Desk) -> None:
    ada, seed = desk.publisher("ada")
    signer = CryptoSigner.generate_ed25519()
    sentence = desk.credentials.challenge(ada, public(signer))
    assert ORIGIN in sentence
    elsewhere = possession.challenge(Secret(b"t" * 32), ORIGIN, "ada", signer.public_key.keyid, desk.clock.at)
    for each, wait in ((elsewhere, 0), (sentence, possession.LASTS_S)):
        desk.clock.forward(wait)
        with pytest.raises(Invalid, match="ask for a new one"):
            desk.credentials.add_key(
                ada, public(signer), "laptop", each, possession.prove(signer, each), desk.code(seed), HERE
            )


def test_a_publisher_signs_nothing_that_is_no_challenge() -> None:
    signer = CryptoSigner.generate_ed25519()
    for text_ in (
        '{"signed": {}}',
        "",
        "sniper-registry-key-possession/1 x",
        "sniper-registry-key-possession/1 a b c d\n e",
    ):
        with pytest.raises(Invalid, match="nothing was signed"):
            possession.prove(signer, text_)


@pytest.mark.parametrize(
    "key", ["", "{}", "[]", '{"keytype": "rsa", "scheme": "x", "keyval": {"public": "00"}}', "[" * 5000]
)
def test_what_is_no_ed25519_key_is_refused(desk: Desk, key: str) -> None:
    who, _ = desk.publisher("ada")
    with pytest.raises(Invalid) as refused:
        desk.credentials.challenge(who, key)
    assert refused.value.field == "key"


def test_a_private_key_is_refused_without_being_repeated(desk: Desk) -> None:
    who, _ = desk.publisher("ada")
    mistake = '{"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "aa", "private": "beefbeef"}}'
    with pytest.raises(Invalid, match="PRIVATE") as refused:
        desk.credentials.challenge(who, mistake)
    assert "beefbeef" not in str(refused.value)


def test_only_a_strongly_signed_in_reviewer_reviews(desk: Desk) -> None:
    who, seed = desk.publisher("ada")
    assert not who.reviews
    desk.accounts.grant("ada", "reviewer", by="operator")
    weak = desk.accounts.sign_in("ada", PASSWORD, HERE)
    assert not desk.accounts.demand(weak).reviews
    assert desk.accounts.demand(desk.accounts.confirm(weak, desk.code(seed), HERE)).reviews


def test_a_change_that_fails_leaves_nothing_half_done(desk: Desk) -> None:
    def change() -> None:
        with desk.database.writing() as session:
            session.add(Account(name="half", skeleton="half", password="x", created_at=1))
            session.flush()
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        change()
    with desk.database.reading() as session:
        assert session.scalar(select(Account).where(Account.name == "half")) is None


def test_a_secret_is_made_once_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    first = Secret.at(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Secret.at(path).mac("use", "text") == first.mac("use", "text")
    assert first.mac("use", "text") != first.mac("other use", "text")
    with pytest.raises(Unavailable, match="another secret"):
        Secret(b"t" * 32).open("use", first.seal("use", b"plain"))
    path.write_bytes(b"short")
    with pytest.raises(Unavailable, match="32 bytes"):
        Secret.at(path)


def test_a_database_that_cannot_be_reached_is_told_without_its_password() -> None:
    with pytest.raises(Unavailable) as refused:
        Database("postgresql+psycopg://me:topsecret@127.0.0.1:1/x")
    assert "topsecret" not in str(refused.value)


def test_sqlite_waits_for_another_writer_instead_of_failing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/one.sqlite")

    def add(number: int) -> None:
        with database.writing() as session:
            session.execute(text("SELECT count(*) FROM account"))
            session.add(Account(name=f"user-{number}", skeleton=f"user-{number}", password="x", created_at=1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    with database.reading() as session:
        assert len(session.scalars(select(Account)).all()) == 40
    database.close()
