import json
from pathlib import Path
from typing import Any

import pytest

from sniper.cli import main

Capture = pytest.CaptureFixture[str]

CONFIG = """
mode = "paper"

[chain.dev]
id = 31337
endpoints = ["http://127.0.0.1:1"]
wrapped_native = "0x{0:0>40}"

[account.main]
address = "0x{1:0>40}"

[strategy.launch-snipe]
min_liquidity = 1
exits = []

[sizer.fixed]
amount = 1

[feed.evm-logs]

[risk.limits]
max_spend_per_trade = 1
max_spend_per_day = 1

[policy.geo]
accounts = {{ main = "DE", second = "IR" }}
venues = {{ uniswap = {{ jurisdiction = "none" }} }}

[policy.kyc]
accounts = {{ main = 1 }}
venues = {{ uniswap = 0 }}
per_trade = [{{ above = "1 ether", level = 2 }}]

[policy.sanctions]
lists = ["{2}"]
require_deployer = false
"""
LISTED = "0x" + "12" * 20
LIST = f"# date: 2026-11-20\n# source: a ministry\n{LISTED}\n"
CASES = f"""
[[case]]
name = "a small trade from Germany"
account = "main"
venue = "uniswap"
amount = "1 ether"
at = 2026-11-21T00:00:00Z
expect = "allow"
by = "kyc.identified"

[[case]]
account = "main"
venue = "uniswap"
amount = "1.1 ether"
at = 2026-11-21T00:00:00Z
expect = "deny"
by = "kyc.trade-level"

[[case]]
account = "main"
venue = "uniswap"
deployer = "{LISTED}"
at = 2026-11-21T00:00:00Z
expect = "deny"
by = "sanctions.listed"

[[case]]
account = "main"
venue = "uniswap"
token = "{LISTED}"
side = "reduce"
at = 2029-01-01T00:00:00Z
expect = "allow"

[[case]]
account = "main"
venue = "uniswap"
token = "{LISTED}"
side = "arbitrage"
at = 2026-11-21
expect = "deny"
by = "sanctions.listed"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "list.txt").write_text(LIST)
    path = tmp_path / "sniper.toml"
    path.write_text(CONFIG.format(1, 2, tmp_path / "list.txt"))
    return path


def run(capsys: Capture, config: Path, *words: str) -> tuple[int, str]:
    code = main(["--config", str(config), "policy", *words])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_check_tells_what_the_config_has(config: Path, capsys: Capture) -> None:
    code, told = run(capsys, config, "check")
    assert code == 0
    assert "policy.geo: in order, 6 policies of geo.cedar" in told
    assert "1 addresses of a ministry, 2026-11-20" in told


def test_check_tells_all_mistakes_of_files_with_their_lines(config: Path, capsys: Capture) -> None:
    house, bad, fine = config.parent / "house.cedar", config.parent / "bad.csv", config.parent / "geo.cedar"
    house.write_text('@id("a")\npermit (principal, action, resource)\nwhen { principal.level > 1 };\n')
    bad.write_text("# date: 2026-11-20\n# source: x\naddress\n0x12\n")
    fine.write_text('@id("a")\npermit (principal, action, resource)\nwhen { principal has country };\n')
    code, told = run(capsys, config, "check", "--as", "geo", str(house), str(bad), str(config.parent / "no.txt"))
    assert code == 3
    assert f"{house}:3: a: attribute `level` on entity type `Account` not found" in told
    assert "bad.csv:4: '0x12' is no address" in told
    assert "no.txt cannot be read: No such file" in told
    assert run(capsys, config, "check", str(fine), str(config.parent / "list.txt"))[0] == 0
    code, told = run(capsys, config, "check", str(house))
    assert (code, "no Cedar policy is called 'house'" in told) == (3, True)
    assert run(capsys, config, "check", "--as", "kyc", str(house))[0] == 3
    assert run(capsys, config, "check", "--as", "limits", str(house))[0] == 3


def test_explain_says_which_policy_decides_and_why(config: Path, capsys: Capture) -> None:
    told: dict[str, Any]
    intent = ["account=second", "venue=uniswap", "amount=0.5 ether", "at=2026-11-21T00:00:00"]
    code, text = run(capsys, config, "explain", *intent)
    assert code == 1
    assert "✗ geo.account-embargoed: the account's jurisdiction is under a comprehensive embargo" in text
    assert "forbid at geo.cedar:" in text
    assert "account second: jurisdiction IR" in text
    code, text = run(capsys, config, "explain", "--json", *intent)
    told = json.loads(text)
    assert (code, told["allowed"]) == (1, False)
    assert [each["policy"] for each in told["policies"]] == ["geo", "kyc", "sanctions"]
    assert run(capsys, config, "explain", "account=main", "venue=uniswap", "at=2026-11-21")[0] == 0


def test_explain_refuses_what_it_does_not_understand(config: Path, capsys: Capture) -> None:
    for words, said in ((["account"], "no pair"), (["account=main"], "venue"), (["account=a", "venue=b", "x=1"], "x")):
        code, told = run(capsys, config, "explain", *words)
        assert code == 3
        assert said in told


def test_cases_pass_where_all_is_decided_as_expected_and_fail_where_not(config: Path, capsys: Capture) -> None:
    file = config.parent / "cases.toml"
    file.write_text(CASES)
    code, told = run(capsys, config, "test", str(file))
    assert (code, told.count("ok  ")) == (0, 5), told
    assert "5 of 5 cases" in told
    file.write_text(CASES.replace('by = "kyc.trade-level"', 'by = "kyc.day-level"', 1))
    code, told = run(capsys, config, "test", str(file))
    assert code == 1
    assert "FAIL case 2" in told
    assert "kyc.day-level was expected to decide, and it was kyc.trade-level" in told
    file.write_text(CASES.replace('"allow"', '"deny"', 1))
    code, told = run(capsys, config, "test", str(file))
    assert (code, "deny was expected, and the policies allow" in told) == (1, True)


def test_cases_may_be_json(config: Path, capsys: Capture) -> None:
    file = config.parent / "cases.json"
    file.write_text(json.dumps({"case": [{"account": "second", "venue": "uniswap", "expect": "deny"}]}))
    assert run(capsys, config, "test", str(file))[0] == 0


@pytest.mark.parametrize(
    "text", ["", "nonsense", "case = 1", '[[case]]\nexpect = "maybe"', '[[case]]\nexpect = "deny"\naccount = "main"']
)
def test_a_file_without_cases_is_refused(config: Path, capsys: Capture, text: str) -> None:
    file = config.parent / "cases.toml"
    file.write_text(text)
    assert run(capsys, config, "test", str(file))[0] == 3
    assert run(capsys, config, "test", str(config.parent / "none.toml"))[0] == 3


def test_a_config_without_cedar_policies_is_told(config: Path, capsys: Capture) -> None:
    config.write_text(config.read_text().partition("[policy.geo]")[0])
    code, told = run(capsys, config, "check")
    assert (code, "has no Cedar policy" in told) == (3, True)
