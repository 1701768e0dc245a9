import contextlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sniper.evm.keccak import keccak256
from sniper.evm.transaction import SigningKey
from sniper.signing import keyfile
from sniper.signing.errors import KeyFileError, StartError, WrongPassword
from sniper.signing.password import from_descriptor, of_text
from sniper.signing.unlock import unlock

PASSWORD = "correct horse battery staple"
KEY = b"\x46" * 32

# The scrypt vector of the Web3 Secret Storage definition.
VECTOR = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "p": 8,
            "r": 1,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(0o600)
    return path


def parsed(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_the_vector_of_the_definition_is_opened(tmp_path: Path) -> None:
    key = unlock(write(tmp_path / "k", VECTOR), of_text("testpassword"))
    secret = bytes.fromhex("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d")
    assert key.address == SigningKey(secret).address
    assert key.sign(keccak256(b"payload")) == SigningKey(secret).sign(b"payload")


def test_what_is_created_is_opened_here_and_by_other_wallets(tmp_path: Path) -> None:
    path = tmp_path / "k"
    address = keyfile.create(path, of_text(PASSWORD), KEY, work_factor=2)
    assert unlock(path, of_text(PASSWORD)).address == address == SigningKey(KEY).address
    assert Account.decrypt(parsed(path), PASSWORD) == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_of_other_wallets_are_opened(tmp_path: Path) -> None:
    path = write(tmp_path / "k", Account.encrypt(KEY, PASSWORD, kdf="scrypt", iterations=2))
    assert unlock(path, of_text(PASSWORD)).address == SigningKey(KEY).address


def test_a_new_key_is_another_each_time(tmp_path: Path) -> None:
    assert keyfile.create(tmp_path / "a", of_text("x"), work_factor=2) != keyfile.create(
        tmp_path / "b", of_text("x"), work_factor=2
    )


def test_the_default_cost_is_that_of_other_wallets(tmp_path: Path) -> None:
    keyfile.create(tmp_path / "k", of_text("x"))
    assert parsed(tmp_path / "k")["crypto"]["kdfparams"] | {"salt": ""} == {
        "dklen": 32,
        "n": 2**18,
        "r": 8,
        "p": 1,
        "salt": "",
    }


@pytest.mark.parametrize("text", ["0x" + KEY.hex(), KEY.hex(), f"  {KEY.hex()}\n"])
def test_a_key_in_hex_is_imported(tmp_path: Path, text: str) -> None:
    assert keyfile.import_key(tmp_path / "k", of_text("x"), text, work_factor=2) == SigningKey(KEY).address


@pytest.mark.parametrize("text", ["46" * 31, "46" * 33, "00" * 32, "ff" * 32, "no hex, but a secret", ""])
def test_what_is_no_key_is_not_imported_and_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        keyfile.import_key(tmp_path / "k", of_text("x"), text, work_factor=2)
    assert not text or text not in str(caught.value)
    assert not (tmp_path / "k").exists()


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    keyfile.create(tmp_path / "k", of_text("x"), KEY, work_factor=2)
    before = (tmp_path / "k").read_bytes()
    with pytest.raises(KeyFileError, match="not overwritten"):
        keyfile.create(tmp_path / "k", of_text("x"), work_factor=2)
    assert (tmp_path / "k").read_bytes() == before


def test_a_wrong_password_is_said_without_showing_it(key_file: Path) -> None:
    with pytest.raises(WrongPassword) as caught:
        unlock(key_file, of_text("wrong-secret-guess"))
    assert "wrong-secret-guess" not in str(caught.value)
    assert str(key_file) in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700, 0o644])
def test_a_file_that_others_may_read_is_refused(key_file: Path, tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "k", key_file.read_text())
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=f"mode {mode:04o}.*chmod 0600"):
        keyfile.read(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_for_its_owner_alone_is_read(key_file: Path, tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "k", key_file.read_text())
    path.chmod(mode)
    assert keyfile.read(path).version == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_refused(key_file: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "k", key_file.read_text())
    os.chown(path, 65534, 65534)
    with pytest.raises(KeyFileError, match="belongs to user 65534"):
        keyfile.read(path)


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read: No such file"):
        keyfile.read(tmp_path / "none")
    with pytest.raises(KeyFileError, match="not a regular file"):
        keyfile.read(tmp_path)


@pytest.mark.parametrize("text", [KEY.hex(), "{", "[]", '"x"', "{}", '{"version": 3}', "\x00"])
def test_what_is_no_key_file_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(KeyFileError, match="is not an encrypted key file") as caught:
        keyfile.read(write(tmp_path / "k", text))
    assert KEY.hex() not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (("version",), 4, "version is 4"),
        (("crypto", "kdf"), "pbkdf2", "kdf is 'pbkdf2'"),
        (("crypto", "cipher"), "aes-256-cbc", "cipher is"),
        (("crypto", "kdfparams", "dklen"), 16, "dklen is 16"),
        (("crypto", "kdfparams", "n"), 3, "cannot be used"),
        (("crypto", "kdfparams", "n"), 2**40, "cannot be used"),
        (("crypto", "kdfparams", "n"), 2**30, "bytes of memory"),
        (("crypto", "kdfparams", "p"), 0, "cannot be used"),
        (("crypto", "ciphertext"), "46" * 31, "bytes of ciphertext"),
        (("crypto", "mac"), "zz", "not hex"),
        (("crypto", "cipherparams", "iv"), "00", "bytes of iv"),
    ],
)
def test_each_field_that_cannot_be_used_is_named(
    key_file: Path, tmp_path: Path, field: tuple[str, ...], value: object, said: str
) -> None:
    content = parsed(key_file)
    inner = content
    for name in field[:-1]:
        inner = inner[name]
    inner[field[-1]] = value
    with pytest.raises(KeyFileError, match=said):
        keyfile.read(write(tmp_path / "k", content))


def test_a_file_whose_address_is_not_its_key_s_is_refused(key_file: Path, tmp_path: Path) -> None:
    content = parsed(key_file) | {"address": "11" * 20}
    with pytest.raises(KeyFileError, match="holds another key"):
        unlock(write(tmp_path / "k", content), of_text(PASSWORD))


def test_keys_without_regard_to_case_and_without_address_are_read(key_file: Path, tmp_path: Path) -> None:
    content = parsed(key_file)
    path = write(tmp_path / "k", {"Version": 3, "Crypto": content["crypto"]})
    assert unlock(path, of_text(PASSWORD)).address == SigningKey(KEY).address


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_anywhere_is_an_error_of_ours(key_file: Path, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(key_file.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] = data.draw(st.integers(0, 255))
    path = tmp_path / "k"
    path.write_bytes(content)
    path.chmod(0o600)
    # A change may also go unnoticed here, such as one of the salt; then it is the password that does not fit.
    with contextlib.suppress(KeyFileError):
        keyfile.read(path)


def test_a_password_is_read_from_a_descriptor_once() -> None:
    readable, writable = os.pipe()
    os.write(writable, b"with a space \r\n")
    os.close(writable)
    assert bytes(from_descriptor(readable).view) == b"with a space "
    with pytest.raises(StartError, match=f"descriptor {readable}"):
        from_descriptor(readable)


def test_a_descriptor_without_a_password_is_an_error() -> None:
    readable, writable = os.pipe()
    os.write(writable, b"\n")
    os.close(writable)
    with pytest.raises(StartError, match="gave no password"):
        from_descriptor(readable)


def test_a_wiped_key_signs_no_more(key_file: Path) -> None:
    key = unlock(key_file, of_text(PASSWORD))
    view = key._secret.view
    assert bytes(view) == KEY
    key.wipe()
    assert bytes(view) == bytes(32)
    with pytest.raises(PermissionError, match="does not sign"):
        key.sign(keccak256(b"payload"))


def test_nothing_secret_shows_in_a_repr(key_file: Path) -> None:
    key, password = unlock(key_file, of_text(PASSWORD)), of_text(PASSWORD)
    assert repr(key) == f"<LocalKey of {SigningKey(KEY).address}>"
    assert PASSWORD not in repr(password)
