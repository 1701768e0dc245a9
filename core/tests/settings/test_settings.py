"""The config file: what it means, and how it is refused."""

import tomllib
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.errors import ConfigError
from sniper.settings import file
from sniper.settings.load import load, parse
from sniper.settings.model import address
from sniper.settings.secrets import EndpointUrl
from sniper.types import NATIVE, Mode

WETH = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
WALLET = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
OTHER = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
CHECKSUMMED = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SMALL = f"""
[chain.local]
id = 31337
endpoints = ["ws://127.0.0.1:8545"]
wrapped_native = "{WETH}"
local = true
[account.main]
address = "{CHECKSUMMED}"
[strategy.launch-snipe]
exits = ["stop-loss"]
"""


def mistakes(text: str, mode: Mode | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        parse(tomllib.loads(dedent(text)), Path("my.toml"), mode=mode)
    return str(raised.value).splitlines()


def test_a_small_file_gets_every_default() -> None:
    settings = parse(tomllib.loads(SMALL), Path("/etc/sniper/my.toml"))
    account = settings.account["main"]
    assert settings.mode is Mode.PAPER
    assert account.address == WALLET
    assert account.quote == NATIVE
    assert account.execution.max_attempts > 0
    assert settings.chain_of("main") == "local"
    assert settings.strategies_of("main") == ("launch-snipe",)
    assert settings.strategy["launch-snipe"].sizer == "fixed"
    assert settings.source == Path("/etc/sniper/my.toml")


@pytest.mark.parametrize("other", ["own.json", "./own.json", "../{here}/own.json", "link.json"])
def test_two_accounts_do_not_trade_with_the_keys_of_one_file(tmp_path: Path, other: str) -> None:
    (tmp_path / "own.json").write_text("{}")
    (tmp_path / "link.json").symlink_to(tmp_path / "own.json")
    text = "[venue.x]\n" + "".join(
        f'[account.{name}.desk.x]\nquote = "USDT"\nkeys = "{keys}"\npaper_cash = {{ USDT = "1" }}\n'
        for name, keys in (("one", "own.json"), ("two", other.format(here=tmp_path.name)))
    )
    with pytest.raises(ConfigError, match=r"\[account.one\] has the same; give each account one of its own"):
        parse(tomllib.loads(text), tmp_path / "my.toml")


def test_what_a_strategy_claims_is_named_by_an_id() -> None:
    text = SMALL.replace("[strategy.", f'[account.main.claims]\n"1:{CHECKSUMMED}" = "launch-snipe"\n[strategy.')
    assert parse(tomllib.loads(text), Path("my.toml")).account["main"].claims == {f"1:{WALLET}": "launch-snipe"}
    (mistake,) = mistakes(text.replace(f"1:{CHECKSUMMED}", "PEPE"))
    assert "is no id" in mistake


def test_what_a_symbol_stands_for_is_taken_in_lower_case() -> None:
    text = f'[signals.symbols]\nPEPE = ["1:{CHECKSUMMED}", "binance:PEPE/USDT"]\n' + SMALL
    assert parse(tomllib.loads(text), Path("my.toml")).signals.symbols == {"PEPE": (f"1:{WALLET}", "binance:PEPE/USDT")}


def test_a_relative_data_dir_is_taken_from_the_file() -> None:
    settings = parse(tomllib.loads('data_dir = "data"' + SMALL), Path("/etc/sniper/my.toml"))
    assert settings.data_dir == Path("/etc/sniper/data")


def test_the_data_dir_of_the_user_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert parse(tomllib.loads(SMALL), Path("my.toml")).data_dir == Path("/home/me/.local/share/sniper")


def test_the_mode_of_the_command_line_goes_before_that_of_the_file() -> None:
    assert parse(tomllib.loads('mode = "live"' + SMALL), Path("my.toml"), mode=Mode.SHADOW).mode is Mode.SHADOW


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("local = true", "finalty = 3", "[chain.local] finalty = 3: unknown key; did you mean 'finality'? (known: id,"),
        ("id = 31337", 'id = "x"', '[chain.local] id = "x": input should be a valid integer (The chain\'s number'),
        ("id = 31337", "id = true", "[chain.local] id = true: input should be a valid integer"),
        ("id = 31337", "id = 1.0", "[chain.local] id = 1.0: input should be a valid integer"),
        ("id = 31337", "id = 0", "[chain.local] id = 0: input should be greater than 0"),
        ("id = 31337", "", "[chain.local] id is missing; set it (The chain's number"),
        ("local = true", "local = 1", "[chain.local] local = 1: input should be a valid boolean"),
        ('exits = ["stop-loss"]', "", "[strategy.launch-snipe] exits is missing; set it (The [exit.NAME] sections"),
        (WETH, "0x12", '[chain.local] wrapped_native = "0x12": is no address; write 0x and 40 hex digits'),
        (CHECKSUMMED, CHECKSUMMED[:-1] + "7", "has a wrong checksum (EIP-55)"),
        ('["ws://127.0.0.1:8545"]', "[]", "[chain.local] endpoints = (hidden): "),
        ("[chain.local]", 'mode = "real"\n[chain.local]', "mode = \"real\": 'real' is not a valid Mode"),
        ("[chain.local]", "[chian]\na = 1\n[chain.local]", "chian = {\"a\": 1}: unknown key; did you mean 'chain'?"),
        (
            "[chain.local]",
            "[runtime.deadlines]\nprobe = 0\n[chain.local]",
            "[runtime.deadlines] probe = 0: input should be",
        ),
        ("[account.main]", "[account.Main]", "account"),
        (
            "[strategy",
            "[account.main.execution]\nslippage_bps = 10001\n[strategy",
            "[account.main.execution] slippage_bps = 10001",
        ),
        ("[account.main]", "[signals]\nsources = 0\n[account.main]", "[signals] sources = 0: input should be greater"),
        (
            "[account.main]",
            '[signals.symbols]\nPEPE = ["pepe"]\n[account.main]',
            'is no id; write "<chain id>:<address>", or "<venue>:<symbol>"',
        ),
        ("[account.main]", '[signals.symbols]\nPEPE = ["1:0x12"]\n[account.main]', "is no address; write 0x and 40"),
        ("[account.main]", "[signals.kind.alert]\nsource = 2\n[account.main]", "did you mean 'sources'?"),
    ],
)
def test_a_mistake_is_named_with_file_section_key_and_value(old: str, new: str, message: str) -> None:
    assert old in SMALL
    found = mistakes(SMALL.replace(old, new))
    assert any(line.startswith("my.toml: ") and message in line for line in found), found


def test_all_mistakes_are_named_at_once() -> None:
    assert len(mistakes(SMALL.replace("id = 31337", 'id = "x"').replace("local = true", "lcal = true"))) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "[account.main]",
            '[account.main]\nchain = "loacl"',
            "[account.main] chain = \"loacl\": there is no such section; did you mean 'local'?",
        ),
        (
            "[account.main]",
            '[account.main]\nstrategies = ["launch"]',
            "[account.main] strategies: there is no section [strategy.launch]",
        ),
        (
            "[account.main]",
            f'[account.b]\naddress = "{WALLET}"\n[account.main]',
            "address = 0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266: trades for [account.b] on 'local' already",
        ),
        (
            "[account.main]",
            f'[account.b]\naddress = "{WETH}"\nwallets = ["{WALLET}"]\n[account.main]',
            "address = 0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266: trades for [account.b] on 'local' already",
        ),
        (
            "[account.main]",
            f'[account.b]\naddress = "{OTHER}"\n[account.main]\nwallets = ["{WETH}", "{OTHER}"]',
            f"wallets = {OTHER}: trades for [account.b] on 'local' already",
        ),
        (
            "[account.main]",
            f'[account.main]\nwallets = ["{OTHER}", "{WALLET}"]',
            f"wallet {WALLET} is named twice",
        ),
        (
            "[account.main]",
            f'[chain.b]\nid = 2\nendpoints = ["/ipc"]\nwrapped_native = "{WETH}"\n[account.main]',
            "[account.main] chain is missing; name one of the config's chains: local, b",
        ),
        (
            "[account.main]",
            f'[chain.b]\nid = 31337\nendpoints = ["/ipc"]\nwrapped_native = "{WETH}"\n[account.main]\nchain = "b"',
            "[chain.b] id = 31337: is that of [chain.local], too",
        ),
        (
            "[strategy",
            "[account.main.execution]\ntrigger_blocks = 65\n[strategy",
            "[account.main.execution] trigger_blocks = 65: [chain.local] keeps 64 blocks",
        ),
    ],
)
def test_tables_that_contradict_each_other_are_refused(old: str, new: str, message: str) -> None:
    assert any(message in line for line in mistakes(SMALL.replace(old, new)))


def test_a_file_without_chain_and_account_is_refused() -> None:
    assert len(mistakes("")) == 2


def test_live_on_a_chain_that_is_not_local_needs_to_be_confirmed() -> None:
    public = SMALL.replace("local = true", "")
    (line,) = mistakes(public, Mode.LIVE)
    assert "[chain.local]" in line
    assert "allow_live = true" in line
    assert parse(tomllib.loads(SMALL), Path("my.toml"), mode=Mode.LIVE).mode is Mode.LIVE
    assert parse(tomllib.loads(public), Path("my.toml"), mode=Mode.SHADOW).mode is Mode.SHADOW
    confirmed = public.replace("id = 31337", "id = 31337\nallow_live = true")
    assert parse(tomllib.loads(confirmed), Path("my.toml"), mode=Mode.LIVE).mode is Mode.LIVE


SECRET = "s3cr3tk3y"


@pytest.mark.parametrize(
    ("text", "url", "shown"),
    [
        ("ws://127.0.0.1:8545", "ws://127.0.0.1:8545", "ws://127.0.0.1:8545"),
        ("http://[::1]:1/", "http://[::1]:1/", "http://[::1]:1"),
        (f"wss://a.example/v3/{SECRET}", f"wss://a.example/v3/{SECRET}", "wss://a.example/…"),
        (f"https://me:{SECRET}@a.example", f"https://me:{SECRET}@a.example", "https://a.example/…"),
        (f"https://a.example?key={SECRET}", f"https://a.example?key={SECRET}", "https://a.example/…"),
        ("wss://a.example/${KEY}", f"wss://a.example/{SECRET}", "wss://a.example/…"),
        ("wss://${KEY}.a.example/x", f"wss://{SECRET}.a.example/x", "wss://${KEY}.a.example/…"),
        ("${URL}", f"wss://b.example/{SECRET}", "${URL}"),
        ("/run/geth.ipc", "/run/geth.ipc", "/run/geth.ipc"),
    ],
)
def test_an_endpoint_is_used_whole_and_shown_without_its_keys(
    text: str, url: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", SECRET)
    monkeypatch.setenv("URL", f"wss://b.example/{SECRET}")
    endpoint = EndpointUrl.parse(text)
    assert (endpoint.url, endpoint.shown) == (url, shown)
    assert SECRET not in f"{endpoint} {endpoint!r}"


@pytest.mark.parametrize(
    "text", [f"ftp://a.example/{SECRET}", SECRET, f"http://{SECRET}:notaport", f"ws:///{SECRET}", "", "${NO_SUCH}"]
)
def test_a_wrong_endpoint_is_refused_without_being_shown(text: str) -> None:
    found = "\n".join(mistakes(SMALL.replace("ws://127.0.0.1:8545", text)))
    assert "[chain.local] endpoints[0] = (hidden): " in found
    assert SECRET not in found


@given(st.binary(min_size=20, max_size=20))
def test_an_address_is_taken_in_lower_and_upper_case(raw: bytes) -> None:
    lower = "0x" + raw.hex()
    assert address(lower) == lower
    assert address("0x" + raw.hex().upper()) == lower


@given(st.integers(min_value=2, max_value=41).filter(lambda at: CHECKSUMMED[at].isalpha()))
def test_an_address_with_one_letter_in_the_wrong_case_is_refused(at: int) -> None:
    wrong = CHECKSUMMED[:at] + CHECKSUMMED[at].swapcase() + CHECKSUMMED[at + 1 :]
    with pytest.raises(ValueError, match="checksum"):
        address(wrong)


def test_the_config_file_is_found_in_the_order_of_the_manual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SNIPER_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    assert file.locate() is None
    with pytest.raises(ConfigError, match="sniper init"):
        file.demand()
    (tmp_path / "home/sniper").mkdir(parents=True)
    for name in ("home/sniper/sniper.toml", "sniper.toml", "other.toml", "given.toml"):
        (tmp_path / name).touch()
    assert file.locate() == Path("sniper.toml")
    (tmp_path / "sniper.toml").unlink()
    assert file.locate() == tmp_path / "home/sniper/sniper.toml"
    monkeypatch.setenv("SNIPER_CONFIG", "other.toml")
    assert file.locate() == Path("other.toml")
    assert file.locate(Path("given.toml")) == Path("given.toml")
    with pytest.raises(ConfigError, match=r"gone\.toml: there is no such file"):
        file.locate(Path("gone.toml"))


@pytest.mark.parametrize(
    ("content", "message"), [(b"a = 1\nb = x", "is not TOML.*line 2"), (b'a = "\xff"', "is not UTF-8 at byte 5")]
)
def test_a_file_that_is_no_toml_is_refused_with_the_place(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({}, ()),
        ({"plugins": {"disable": ["a.b"]}}, ("a.b",)),
        ({"plugins": 3}, ()),
        ({"plugins": {"disable": "a.b"}}, ()),
    ],
)
def test_what_is_disabled_is_read_before_the_file_is_checked(document: dict[str, Any], names: tuple[str, ...]) -> None:
    assert file.disabled(document) == names
