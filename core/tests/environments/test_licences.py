import json
from pathlib import Path

import msgspec
import pytest

from sniper.environments import licences
from sniper.environments.licences import Licence, LicenceError, check, keep, public_key, read, signed

SEED = bytes(range(32))
KEY = public_key(SEED)
DAY = 86_400
NOW = 1_790_000_000
NAME = "sniper-strategy-acme"


def licence(**changes: object) -> Licence:
    given = Licence(
        distribution=NAME, versions=">=1,<2", holder="Ada", serial="7", issued_at=NOW - DAY, expires_at=NOW + DAY
    )
    return msgspec.structs.replace(given, **changes)


def kept(shelf: Path, **changes: object) -> None:
    keep(shelf, signed(licence(**changes), SEED), "ada.json")


class TestCheck:
    def test_a_licence_for_the_version_lets_it_start(self, tmp_path: Path) -> None:
        kept(tmp_path)
        assert check(tmp_path, NAME, "1.4", KEY, NOW).holder == "Ada"

    def test_one_without_an_end_never_ends(self, tmp_path: Path) -> None:
        kept(tmp_path, expires_at=0)
        assert check(tmp_path, NAME, "1.4", KEY, NOW + 10_000 * DAY).serial == "7"

    def test_a_newer_one_beside_one_that_ended_counts(self, tmp_path: Path) -> None:
        kept(tmp_path, expires_at=NOW - 1)
        kept(tmp_path, serial="8")
        assert check(tmp_path, NAME, "1.0", KEY, NOW).serial == "8"

    @pytest.mark.parametrize(
        ("changes", "version", "at", "said"),
        [
            ({}, "2.0", NOW, "is for versions >=1,<2"),
            ({}, "1.0", NOW + DAY, "ended on 20"),
            ({}, "1.0", NOW - 2 * DAY, "the clock of this machine says 20"),
            ({}, "one", NOW, "'one' is no version"),
        ],
    )
    def test_any_other_is_refused_with_its_reason(
        self, tmp_path: Path, changes: dict[str, object], version: str, at: float, said: str
    ) -> None:
        kept(tmp_path, **changes)
        with pytest.raises(LicenceError, match=said):
            check(tmp_path, NAME, version, KEY, at)

    def test_without_one_it_says_what_to_do(self, tmp_path: Path) -> None:
        with pytest.raises(LicenceError, match=r"there is none here.*sniper plugins licence FILE"):
            check(tmp_path, NAME, "1.0", KEY, NOW)

    def test_one_of_another_plugin_is_not_looked_at(self, tmp_path: Path) -> None:
        kept(tmp_path, distribution="sniper-strategy-other")
        with pytest.raises(LicenceError, match="there is none here"):
            check(tmp_path, NAME, "1.0", KEY, NOW)

    def test_one_that_was_renamed_to_another_plugin_is_refused(self, tmp_path: Path) -> None:
        kept(tmp_path, distribution="sniper-strategy-other")
        home = tmp_path / licences.HOME
        next(home.iterdir()).rename(home / f"{NAME}.7.json")
        with pytest.raises(LicenceError, match="is for sniper-strategy-other"):
            check(tmp_path, NAME, "1.0", KEY, NOW)


class TestRead:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("holder", "Eve"),
            ("expires_at", 0),
            ("versions", ""),
            ("distribution", "sniper-strategy-other"),
            ("serial", ""),
        ],
    )
    def test_a_changed_one_is_refused(self, field: str, value: object) -> None:
        changed = json.loads(signed(licence(), SEED))
        changed["licence"][field] = value
        with pytest.raises(LicenceError, match="was changed"):
            read(json.dumps(changed).encode(), KEY)

    def test_one_of_another_key_is_refused(self) -> None:
        with pytest.raises(LicenceError, match="not signed with the key"):
            read(signed(licence(), bytes(32)), KEY)

    @pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"licence": {}, "signature": ""}'])
    def test_what_is_no_licence_is_refused(self, content: bytes) -> None:
        with pytest.raises(LicenceError, match="is no licence file"):
            read(content, KEY)

    def test_a_field_that_nobody_knows_is_refused(self) -> None:
        changed = json.loads(signed(licence(), SEED))
        changed["licence"]["also"] = 1
        with pytest.raises(LicenceError, match="also"):
            read(json.dumps(changed).encode(), KEY)

    def test_a_giant_is_refused_unread(self) -> None:
        with pytest.raises(LicenceError, match="at most"):
            read(b" " * (licences.LONGEST + 1), KEY)

    @pytest.mark.parametrize("signature", ["", "zz", "00", "0" * 128])
    def test_a_signature_that_is_none_is_refused(self, signature: str) -> None:
        changed = {**json.loads(signed(licence(), SEED)), "signature": signature}
        with pytest.raises(LicenceError, match="not signed"):
            read(json.dumps(changed).encode(), KEY)

    @pytest.mark.parametrize("key", ["", "zz", "00" * 31])
    def test_a_key_that_is_none_is_the_publishers_to_mend(self, key: str) -> None:
        with pytest.raises(LicenceError, match="tell its publisher"):
            read(signed(licence(), SEED), key)

    def test_the_key_is_that_of_rfc_8032(self) -> None:
        seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        assert public_key(seed) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


class TestSigned:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"holder": ""}, "none of them may be empty"),
            ({"expires_at": NOW - 2 * DAY}, "cannot begin"),
            ({"versions": "newest"}, "'newest' are no versions"),
        ],
    )
    def test_a_licence_that_nobody_could_use_is_not_signed(self, changes: dict[str, object], said: str) -> None:
        with pytest.raises(LicenceError, match=said):
            signed(licence(**changes), SEED)


def test_a_name_leads_nowhere_else(tmp_path: Path) -> None:
    kept(tmp_path / "shelf", distribution="../../evil", serial="/etc/x")
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.json")] == [
        Path("shelf/licences/______evil._etc_x.json")
    ]
