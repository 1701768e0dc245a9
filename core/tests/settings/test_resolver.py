"""Settings joined with plugins."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError, model_validator

from sniper.catalogue import Catalogue
from sniper.config import Config
from sniper.errors import ConfigError, PluginError
from sniper.events import CycleFound
from sniper.settings.canonical import LARGEST_JSON_INTEGER, canonical, plain
from sniper.settings.complaints import complaints
from sniper.settings.load import parse
from sniper.settings.resolved import Resolved
from sniper.settings.resolver import resolve
from sniper.settings.template import template
from sniper.settings.toml import inline
from sniper.types import Mode

FILE = """
[chain.local]
id = 31337
endpoints = ["wss://a.example/s3cr3tk3y"]
wrapped_native = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
local = true
[account.main]
address = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
[strategy.launch-snipe]
exits = ["stop-loss"]
[sizer.fixed]
amount = 10
[risk.limits]
most = 5
[feed.evm-logs]
[venue.uniswap]
"""
KEYSTORE = '[runtime]\nexecutor = "mempool"\n[signer.keystore]\npassword_file = "/run/${NAME}"\n'


@pytest.fixture(autouse=True)
def _plugins(acme: Any) -> None:
    """Every test here sees Acme's plugins and no others."""


def resolved(text: str = FILE, mode: Mode | None = None) -> Resolved:
    document = tomllib.loads(text)
    disable = document.get("plugins", {}).get("disable", ())
    return resolve(parse(document, Path("my.toml"), mode=mode), Catalogue.discover(disable))


def mistakes(text: str, mode: Mode | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        resolved(text, mode)
    return str(raised.value).splitlines()


def test_pools_to_read_belong_to_a_section_and_look_like_pools() -> None:
    chain = FILE.replace("local = true", 'local = true\npools = { weighted = ["0x1234"] }')
    with pytest.raises(ConfigError, match=r"weighted\[0\] = \"0x1234\": is no pool"):
        resolved(chain)
    whole = chain.replace("0x1234", "0x" + "AB" * 20)
    assert any("there is no section [amm.weighted]" in line for line in mistakes(whole))


def test_no_check_takes_the_name_of_a_policy() -> None:
    """By its name a policy is asked about a sale: an account could put its own check there."""
    (line,) = mistakes(FILE + "[policy.limits]\nmost = 5\n")
    assert line == 'my.toml: [risk.limits] there is a [policy.limits], too; give one another name and plugin = "limits"'
    own = FILE.replace("[risk.limits]", "[policy.limits]") + "[account.main.risk.limits]\nmost = 6\n"
    (line,) = mistakes(own)
    assert line.startswith("my.toml: [account.main.risk.limits] there is a [policy.limits], too")
    other = FILE + '[policy.law]\nplugin = "limits"\nmost = 5\n'
    assert [policy.name for policy in resolved(other).policies] == ["law"]


def test_routes_need_a_router() -> None:
    text = FILE + "[account.main.execution]\nroutes = true\n"
    (line,) = mistakes(text)
    assert line.startswith("my.toml: [account.main.execution] routes: nothing proposes any; add a router")


def test_only_a_strategy_that_the_account_runs_claims_anything() -> None:
    claims = '[account.main.claims]\n"1:0x5fbdb2315678afecb367f032d93f642f64180aa3" = "{}"\n'
    assert len(resolved(FILE + claims.format("launch-snipe")).accounts[0].claims) == 1
    (line,) = mistakes(FILE + claims.format("launch-snip"))
    assert line.endswith("the account runs no strategy \"launch-snip\"; did you mean 'launch-snipe'?")


def test_a_strategy_that_lives_on_cycles_needs_a_router(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sniper.settings.resolver.handlers_of", lambda cls: {CycleFound: "found"})
    (line,) = mistakes(FILE)
    assert line.startswith("my.toml: [strategy.launch-snipe] waits for cycles, which nothing finds; add a router")


def test_every_section_becomes_a_class_with_its_checked_config() -> None:
    found = resolved()
    (account,) = found.accounts
    (strategy,) = account.strategies
    assert strategy.plugin.cls.__name__ == "Snipe"
    assert strategy.sizer.config.amount == 10  # type: ignore[attr-defined]
    assert [rule.config.bps for rule in strategy.exits] == [3_000]  # type: ignore[attr-defined]
    assert strategy.venue is None
    assert [check.config.most for check in account.risk] == [5]  # type: ignore[attr-defined]
    assert (found.store.name, found.bus.name, found.fee.name) == ("sqlite", "memory", "percentile")
    assert account.chain_id == 31337


def test_a_section_may_have_another_name_than_its_plugin() -> None:
    text = FILE.replace('["stop-loss"]', '["tight", "wide"]') + '[exit.tight]\nplugin = "stop-loss"\nbps = 5\n'
    text += '[exit.wide]\nplugin = "stop-loss"\nbps = 50\n'
    (strategy,) = resolved(text).accounts[0].strategies
    assert [(rule.name, rule.spec.name, rule.config.bps) for rule in strategy.exits] == [  # type: ignore[attr-defined]
        ("tight", "stop-loss", 5),
        ("wide", "stop-loss", 50),
    ]


def test_a_strategy_that_opens_nothing_needs_no_sizer(monkeypatch: pytest.MonkeyPatch) -> None:
    without = FILE.replace("[sizer.fixed]\namount = 10\n", "")
    (line,) = mistakes(without)
    assert line == "my.toml: [sizer.fixed] amount is missing; set it (What one entry pays)"
    monkeypatch.setattr("acme.parts.Snipe.opens", False)
    found = resolved(without)
    (strategy,) = found.accounts[0].strategies
    assert strategy.sizer is None
    assert json.loads(found.canonical())["strategy"]["launch-snipe"]["sizer"] is None
    (line,) = mistakes(without.replace("exits", 'sizer = "half"\nexits'))
    assert line.startswith("my.toml: [strategy.launch-snipe] no sizer is called 'half'")
    assert "sizer =" not in template(Catalogue.discover())


def test_an_account_overrides_the_keys_of_a_risk_section_that_it_names() -> None:
    text = (
        FILE + '[account.b]\naddress = "0x' + "1" * 40 + '"\n[account.b.risk.limits]\nmost = 1\n[account.b.risk.own]\n'
    )
    text += 'plugin = "geo"\n'
    accounts = {account.name: account for account in resolved(text).accounts}
    assert [check.config.most for check in accounts["main"].risk] == [5]  # type: ignore[attr-defined]
    assert [(check.name, check.config.most) for check in accounts["b"].risk] == [("limits", 1), ("own", 2**60)]  # type: ignore[attr-defined]


def test_a_risk_profile_sets_what_the_file_does_not() -> None:
    unset = FILE.replace("most = 5", "")

    def most(text: str) -> list[int]:
        return [account.risk[0].config.most for account in resolved(text).accounts]  # type: ignore[attr-defined]

    assert most(unset) == most('risk_profile = "balanced"\n' + unset) == [2**60]
    assert most('risk_profile = "cautious"\n' + unset) == [2]
    assert most('risk_profile = "cautious"\n' + FILE) == [5]
    other = '[account.b]\naddress = "0x' + "1" * 40 + '"\nrisk_profile = "degen"\n'
    assert most('risk_profile = "cautious"\n' + unset + other) == [2, 7]
    assert most('risk_profile = "cautious"\n' + unset + other + "[account.b.risk.limits]\nmost = 1") == [2, 1]
    (line,) = mistakes('risk_profile = "bold"\n' + FILE)
    assert line.startswith("my.toml: risk_profile = \"bold\": input should be 'cautious', 'balanced' or 'degen'")


def test_a_policy_is_a_risk_check_that_accounts_cannot_change() -> None:
    found = resolved(FILE + "[policy.geo]\nmost = 9\n")
    assert [(policy.name, policy.spec.kind) for policy in found.policies] == [("geo", "risk")]
    with pytest.raises(ConfigError, match="policy"):
        resolved(FILE + "[account.main.policy.geo]\nmost = 1\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("amount = 10", "amout = 10", "my.toml: [sizer.fixed] amout = 10: unknown key; did you mean 'amount'?"),
        ("amount = 10", "", "my.toml: [sizer.fixed] amount is missing; set it (What one entry pays)"),
        ("most = 5", 'most = "x"', 'my.toml: [risk.limits] most = "x": input should be a valid integer'),
        (
            '["stop-loss"]',
            '["stop-los"]',
            "[strategy.launch-snipe] no exit is called 'stop-los'; did you mean 'stop-loss'?",
        ),
        ("[strategy.launch-snipe]", "[strategy.launch]", "[strategy.launch] no strategy is called 'launch'"),
        ("exits", 'venue = "uni"\nexits', 'venue = "uni": there is no section [venue.uni]'),
        ("exits", 'sizer = "half"\nexits', "[strategy.launch-snipe] no sizer is called 'half'"),
        ("most = 5", 'word = ["s3cr3tk3y"]', "[risk.limits] word = (hidden): "),
        ("most = 5", 'most = "${MOST}"', "most: ${…} is replaced in endpoints, password_file, key_file only"),
        ("[feed.evm-logs]", "", "has no feed"),
        ("[chain.local]", '[runtime]\nbus = "tin"\n[chain.local]', "[runtime] no bus is called 'tin'"),
        (
            "[chain.local]",
            '[plugins]\ndisable = ["exit.stop"]\n[chain.local]',
            '[plugins] disable: nothing installed is called "exit.stop"',
        ),
        (
            "[feed.evm-logs]",
            "[feed.evm-logs]\n[exit.stop-loss]\nbps = 10001",
            "[exit.stop-loss] bps = 10001: input should be",
        ),
        (
            "[feed.evm-logs]",
            "[feed.evm-logs]\n[account.main.risk.limits]\nmost = []",
            "[account.main.risk.limits] most = []",
        ),
    ],
)
def test_a_mistake_in_a_plugins_section_is_named(old: str, new: str, message: str) -> None:
    assert old in FILE
    found = mistakes(FILE.replace(old, new))
    assert any(message in line for line in found), found
    assert "s3cr3tk3y" not in "\n".join(found)


def test_the_only_executor_that_serves_the_mode_is_used() -> None:
    executor = resolved().executor
    assert executor is not None
    assert executor.name == "paper"
    assert resolved().signer is None


def test_live_needs_a_choice_between_executors_and_a_signer(monkeypatch: pytest.MonkeyPatch) -> None:
    both = '[executor.mempool]\n[executor.relay]\nendpoints = ["https://relay.example"]\n'
    assert "several serve mode" in "\n".join(mistakes(FILE + both, Mode.LIVE))
    monkeypatch.setenv("NAME", "s3cr3tk3y")
    found = resolved(FILE + KEYSTORE, Mode.LIVE)
    assert found.executor is not None
    assert found.executor.name == "mempool"
    assert found.signer is not None
    assert found.signer.config.password_file == Path("/run/s3cr3tk3y")  # type: ignore[attr-defined]
    assert resolved(FILE + KEYSTORE).executor.name == "paper"  # type: ignore[union-attr]


RELAY = '[executor.relay]\nendpoints = ["https://relay.example/${KEY}"]\n'
SIGNER = '[signer.keystore]\npassword_file = "/run/x"\n'
TWO_CHAINS = FILE.replace(
    "[account.main]",
    '[chain.other]\nid = 2\nendpoints = ["wss://b.example"]\nallow_live = true\nexecutor = "relay"\n'
    'wrapped_native = "0x5fbdb2315678afecb367f032d93f642f64180aa3"\n[account.main]\nchain = "local"',
)


def test_what_must_be_told_something_first_is_used_only_where_its_section_says_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KEY", "s3cr3tk3y")
    assert resolved(FILE + SIGNER, Mode.LIVE).executor_of("local").name == "mempool"
    assert resolved(FILE + RELAY + SIGNER, Mode.LIVE).executor_of("local").name == "relay"


def test_a_chain_may_send_through_an_executor_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "s3cr3tk3y")
    found = resolved(TWO_CHAINS + RELAY + SIGNER, Mode.LIVE)
    assert {name: found.executor_of(name).name for name in found.chains} == {"local": "mempool", "other": "relay"}
    assert {each.name for each in found.executors} == {"mempool", "relay"}
    assert found.deciding()["executor"] == {"local": "mempool", "other": "relay"}


def test_an_executor_of_a_chain_that_is_not_there_is_named_with_the_chain() -> None:
    text = TWO_CHAINS.replace('executor = "relay"', 'executor = "relays"') + SIGNER
    (line,) = mistakes(text, Mode.LIVE)
    assert line.startswith("my.toml: [chain.other]")
    assert "relays" in line


def test_an_executor_of_a_chain_that_lacks_what_it_must_be_told_is_a_mistake() -> None:
    (line,) = mistakes(TWO_CHAINS + SIGNER, Mode.LIVE)
    assert "[executor.relay] endpoints is missing" in line


def test_what_does_not_serve_the_mode_is_left_to_what_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "s3cr3tk3y")
    found = resolved(TWO_CHAINS + RELAY, Mode.PAPER)
    assert {name: found.executor_of(name).name for name in found.chains} == {"local": "paper", "other": "paper"}


def test_where_every_chain_has_an_executor_of_its_own_no_other_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "s3cr3tk3y")
    text = FILE.replace("local = true", 'local = true\nexecutor = "mempool"') + RELAY + "[executor.mempool]\n" + SIGNER
    assert resolved(text, Mode.LIVE).executor_of("local").name == "mempool"


def test_urls_of_a_plugin_take_their_keys_from_the_environment_and_show_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "s3cr3tk3y")
    found = resolved(FILE + RELAY + SIGNER, Mode.LIVE)
    config: Any = found.executor_of("local").config
    assert [url.get_secret_value() for url in config.endpoints] == ["https://relay.example/s3cr3tk3y"]
    assert "s3cr3tk3y" not in found.canonical() + repr(config)
    assert found.manifest()["executor"]["relay"]["endpoints"] == ["https://relay.example/…"]
    monkeypatch.delenv("KEY")
    assert "endpoints needs the environment variable KEY" in "\n".join(mistakes(FILE + RELAY + SIGNER, Mode.LIVE))


def test_executors_that_send_and_executors_that_play_are_not_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = Catalogue.discover()
    for name, signs in (("mempool", False), ("relay", True)):
        monkeypatch.setattr(catalogue.load(catalogue.spec("executor", name)), "signs", signs)
    monkeypatch.setenv("KEY", "x")
    assert "use one kind" in "\n".join(mistakes(TWO_CHAINS + RELAY + SIGNER, Mode.LIVE))


def test_no_mode_is_traded_without_an_executor_for_it() -> None:
    assert any('no installed executor serves mode "shadow"' in line for line in mistakes(FILE, Mode.SHADOW))
    assert resolved(FILE, Mode.REPLAY).executor is None


def test_live_without_a_single_risk_check_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "x")
    text = FILE.replace("[risk.limits]\nmost = 5\n", "") + KEYSTORE
    assert any("without a single risk check" in line for line in mistakes(text, Mode.LIVE))
    assert resolved(text).accounts[0].risk == ()


def test_the_canonical_text_holds_defaults_and_exact_integers_but_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "s3cr3tk3y")
    text = resolved(FILE.replace("most = 5", 'word = "s3cr3tk3y"') + KEYSTORE, Mode.LIVE).canonical()
    manifest = json.loads(text)
    assert "s3cr3tk3y" not in text
    assert manifest["account"]["main"]["risk"]["limits"] == {"plugin": "limits", "most": str(2**60), "word": "(hidden)"}
    assert manifest["exit"]["stop-loss"] == {"plugin": "stop-loss", "bps": 3_000}
    assert manifest["signer"]["keystore"] == {"plugin": "keystore", "password_file": "/run/${NAME}"}
    assert manifest["chain"]["local"]["endpoints"] == ["wss://a.example/…"]
    assert manifest["mode"] == "live"


def test_the_order_of_sections_does_not_change_the_canonical_text_and_a_value_does() -> None:
    head, _, tail = FILE.partition("[sizer.fixed]")
    assert resolved("[sizer.fixed]" + tail + head).canonical() == resolved().canonical()
    assert resolved(FILE.replace("amount = 10", "amount = 11")).canonical() != resolved().canonical()
    assert resolved('data_dir = "/x"\n' + FILE + '[logging]\nlevel = "debug"\n').canonical() == resolved().canonical()


def test_what_init_writes_is_in_order_and_names_every_plugin() -> None:
    text = template(Catalogue.discover())
    found = resolved(text)
    (strategy,) = found.accounts[0].strategies
    assert strategy.sizer.config.amount == 10**16  # type: ignore[attr-defined]
    assert [rule.name for rule in strategy.exits] == ["stop-loss"]
    assert [check.name for check in found.accounts[0].risk] == ["geo", "limits"]
    # A required key without an example cannot be made up, so its section stays a comment.
    assert "# [signer.keystore]" in text


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain_data)
def test_canonical_text_is_stable_and_no_number_in_it_is_beyond_a_double(data: Any) -> None:
    text = canonical(plain(data))
    again = json.loads(
        text, parse_int=lambda digits: int(digits) if abs(int(digits)) <= LARGEST_JSON_INTEGER else 1 / 0
    )
    assert canonical(plain(again)) == text


def test_sets_have_one_order_and_secrets_no_value() -> None:
    assert plain(frozenset({"b", "a", "c"})) == ["a", "b", "c"]
    assert plain(SecretStr("x")) == "(hidden)"


def test_a_day_is_written_as_toml_writes_it() -> None:
    assert plain({"since": date(2026, 11, 20)}) == {"since": "2026-11-20"}


def test_what_is_wrong_with_a_whole_section_is_told_a_line_for_each_mistake() -> None:
    class Section(Config):
        lower: int = 0
        upper: int = 0

        @model_validator(mode="after")
        def _ordered(self) -> "Section":
            raise ValueError("lower is not below upper\nupper is not above lower")

    with pytest.raises(ValidationError) as refusal:
        Section.model_validate({"lower": 1})
    assert list(complaints(refusal.value, Path("sniper.toml"), ("risk", "range"), Section, {"lower": 1})) == [
        "sniper.toml: [risk.range] lower is not below upper",
        "sniper.toml: [risk.range] upper is not above lower",
    ]


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_a_value_without_a_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(PluginError, match="no canonical form"):
        plain(value)


scalars = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
keys = st.text(alphabet="abc_", min_size=1)


@given(st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20))
@example("\x7f")
def test_written_toml_reads_back(value: Any) -> None:
    assert tomllib.loads(f"key = {inline(value)}")["key"] == value


def test_a_config_base_has_no_keys() -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        Config.model_validate({"a": 1})
