"""The command line, as users meet it."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from sniper import errors
from sniper.cli import exit_codes, main
from sniper.cli.commands import COMMANDS, GROUPS
from sniper.errors import IsolationError

FILE = """
[chain.local]
id = 31337
endpoints = ["ws://127.0.0.1:8545"]
wrapped_native = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
local = true
[account.main]
address = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
[strategy.launch-snipe]
exits = ["stop-loss"]
[sizer.fixed]
amount = 1_000_000_000_000_000_000
[feed.evm-logs]
"""


@pytest.fixture(autouse=True)
def here(acme: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work in, with Acme's plugins installed."""
    directory = tmp_path / "work"
    directory.mkdir()
    monkeypatch.chdir(directory)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("SNIPER_CONFIG", raising=False)
    return directory


def test_help_lists_the_commands_of_core_and_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == exit_codes.OK
    shown = " ".join(capsys.readouterr().out.split())
    assert "dance The dance of Acme" in shown
    assert "doctor Check this machine" in shown
    assert "config Check and show the config file" in shown
    assert main(["plugins", "--help"]) == exit_codes.OK
    shown = " ".join(capsys.readouterr().out.split())
    assert "polish The polish of Acme" in shown
    assert "list List the installed plugins" in shown
    assert "doctor" in shown
    assert "completion" not in shown


def test_help_imports_nothing_heavy() -> None:
    heavy = [
        "pydantic",
        "web3",
        "rich",
        "stevedore",
        "aiohttp",
        "asyncio",
        "sniper.kernel",
        "sniper.config",
        "sniper.runtime",
        "email.parser",
        "packaging",
        "numpy",
    ]
    code = (
        "import sys; from sniper.cli import main; main(['--help']); "
        f"sys.exit(str([m for m in {heavy} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


def test_listing_plugins_imports_neither_pydantic_nor_stevedore() -> None:
    heavy = ["pydantic", "web3", "stevedore", "aiohttp", "asyncio", "sniper.kernel"]
    code = (
        "import sys; from sniper.cli import main; main(['plugins', 'list']); "
        f"sys.exit(str([m for m in {heavy} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_plugins_command_runs_at_the_top_and_in_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dance"]) == exit_codes.OK
    assert main(["plugins", "polish"]) == exit_codes.OK
    assert capsys.readouterr().out == "dancing\ndancing\n"


APP = """
from sniper import AppSpec, hookimpl

@hookimpl
def sniper_apps():
    return [AppSpec(name="{name}", group="{group}", summary="Mine", factory="evil.app:run")]
"""


@pytest.mark.parametrize(
    ("name", "group", "why"),
    [
        ("doctor", "", "the command 'doctor' exists already"),
        ("list", "plugins", "the command 'plugins list' exists already"),
        ("plugins", "", "the command 'plugins' exists already"),
        ("waltz", "dances", "the command 'dances waltz' joins a group that there is not"),
    ],
)
def test_a_plugin_cannot_take_the_place_of_a_command(
    acme: Any, capsys: pytest.CaptureFixture[str], name: str, group: str, why: str
) -> None:
    acme.plugin("evil", APP.format(name=name, group=group))
    assert main(["--help"]) == exit_codes.OK
    shown = capsys.readouterr()
    assert "Mine" not in shown.out
    assert shown.err.count(why) == 1


def test_help_and_plugin_commands_work_beside_a_broken_config_file(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "sniper.toml").write_text("a = ")
    assert main(["--help"]) == exit_codes.OK
    assert main(["dance"]) == exit_codes.OK
    assert main(["init", "other.toml"]) == exit_codes.OK
    assert main(["plugins", "list"]) == exit_codes.CONFIG
    assert "sniper.toml: is not TOML" in capsys.readouterr().err


def test_every_entry_of_the_table_names_a_command_with_that_summary() -> None:
    for path, entry in COMMANDS.items():
        module, _, attribute = entry.target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command), path
        assert not entry.summary.endswith("."), path
        assert path.rpartition(" ")[0] in {"", *GROUPS}, path


def test_a_wrong_command_is_a_usage_error_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dnace"]) == exit_codes.USAGE
    assert "Did you mean 'dance'?" in capsys.readouterr().err


def test_an_error_is_one_line_and_a_traceback_only_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "gone.toml", "config", "check"]) == exit_codes.CONFIG
    shown = capsys.readouterr()
    assert shown.err == "error gone.toml: there is no such file; write one with: sniper init gone.toml\n"
    assert shown.out == ""
    assert main(["--debug", "--config", "gone.toml", "config", "check"]) == exit_codes.CONFIG
    assert "Traceback" in capsys.readouterr().err


def test_an_error_is_data_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "info", "nothing", "--json"]) == exit_codes.PLUGIN
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "plugin"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError, exit_codes.CONFIG),
        (errors.JournalCorrupt, exit_codes.JOURNAL),
        (errors.DecisionMismatch, exit_codes.JOURNAL),
        (errors.SignerError, exit_codes.SIGNER),
        (errors.PluginError, exit_codes.PLUGIN),
        (errors.WrongChain, exit_codes.CHAIN),
        (errors.PluginFault, exit_codes.FAILURE),
    ],
)
def test_each_family_of_errors_has_its_exit_code(error: type[errors.SniperError], code: int) -> None:
    assert exit_codes.of(error("x")) == code
    assert f"\n{code}  " in (exit_codes.__doc__ or "")


def test_plugins_list_as_table_and_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "list", "--kind", "exit"]) == exit_codes.OK
    assert capsys.readouterr().out.splitlines() == [
        "KIND  NAME       SUMMARY                FROM      STANDING",
        "exit  stop-loss  The stop-loss of Acme  acme 1.0  third-party",
    ]
    assert main(["plugins", "list", "--json"]) == exit_codes.OK
    data = json.loads(capsys.readouterr().out)
    assert data["problems"] == []
    assert {"kind": "exit", "name": "stop-loss", "distribution": "acme", "enabled": True}.items() <= data["plugins"][
        6
    ].items()


def test_what_the_config_disables_is_listed_as_disabled(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "sniper.toml").write_text('[plugins]\ndisable = ["exit.stop-loss"]\n')
    assert main(["plugins", "list", "--kind", "exit"]) == exit_codes.OK
    assert "third-party, disabled" in capsys.readouterr().out


def test_plugins_info_shows_the_config_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "info", "exit.stop-loss", "--json"]) == exit_codes.OK
    (key,) = json.loads(capsys.readouterr().out)["config"]
    assert key == {"key": "bps", "type": "int", "required": False, "default": "3000", "help": "Loss that is borne"}
    assert main(["plugins", "info", "fixed"]) == exit_codes.OK
    assert "amount  int   required  What one entry pays" in capsys.readouterr().out
    assert main(["plugins", "info", "dance"]) == exit_codes.OK


def test_plugins_doctor_loads_every_plugin(acme: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "doctor"]) == exit_codes.OK
    assert "17 plugins load and keep to their contracts" in capsys.readouterr().out
    acme.plugin("bad", "import nothing_of_this_name")
    (acme.site / "acme/parts.py").write_text("raise RuntimeError")
    for name in [name for name in sys.modules if name == "acme.parts"]:
        del sys.modules[name]
    assert main(["plugins", "doctor", "--json"]) == exit_codes.FAILURE
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert len(problems) == 18
    assert problems[0]["distribution"] == "bad"


def test_plugins_doctor_says_whether_workers_can_run_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["plugins", "doctor"]) == exit_codes.OK
    assert "this machine has what they need" in capsys.readouterr().out

    def none() -> None:
        raise IsolationError("this kernel offers no Landlock; use Linux 6.12 or newer")

    monkeypatch.setattr("sniper.isolation.launch.available", none)
    assert main(["plugins", "doctor"]) == exit_codes.OK
    assert "cannot run on this machine: this kernel offers no Landlock; use Linux" in capsys.readouterr().out
    assert main(["plugins", "doctor", "--json"]) == exit_codes.OK
    assert json.loads(capsys.readouterr().out)["workers"] == "this kernel offers no Landlock; use Linux 6.12 or newer"


def test_init_writes_a_file_that_is_in_order_and_never_overwrites_one(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == exit_codes.OK
    written = (here / "sniper.toml").read_text()
    assert main(["config", "check"]) == exit_codes.OK
    assert "sniper.toml: in order. Mode paper, 1 account(s), 1 strategies." in capsys.readouterr().out
    (here / "sniper.toml").write_text("# mine")
    assert main(["init"]) == exit_codes.CONFIG
    assert "--force" in capsys.readouterr().err
    assert (here / "sniper.toml").read_text() == "# mine"
    assert main(["init", "--force"]) == exit_codes.OK
    assert (here / "sniper.toml").read_text() == written


def test_init_into_no_directory_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "no/where.toml"]) == exit_codes.CONFIG
    assert "no/where.toml: cannot be written" in capsys.readouterr().err


def test_config_show_prints_toml_data_and_the_journaled_text(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import tomllib

    (here / "my.toml").write_text(FILE)
    assert main(["--config", "my.toml", "config", "show"]) == exit_codes.OK
    human = tomllib.loads(capsys.readouterr().out)
    assert human["sizer"]["fixed"]["amount"] == str(10**18)
    assert main(["--config", "my.toml", "config", "show", "--json"]) == exit_codes.OK
    data = json.loads(capsys.readouterr().out)
    assert main(["--config", "my.toml", "config", "show", "--canonical"]) == exit_codes.OK
    text = capsys.readouterr().out
    assert json.loads(text) == data
    assert " " not in text
    assert data["account"]["main"]["strategies"] == human["account"]["main"]["strategies"] == ["launch-snipe"]


def test_config_check_names_every_mistake_on_its_own_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "my.toml").write_text(FILE.replace("id = 31337", "id = 0").replace("local = true", "lokal = true"))
    assert main(["config", "check", "my.toml"]) == exit_codes.CONFIG
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("error my.toml: [chain.local] ") for line in lines)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == exit_codes.OK
    assert "_SNIPER_COMPLETE" in capsys.readouterr().out


def test_a_shell_completes_commands_without_importing_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_SNIPER_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "sniper d")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.delitem(sys.modules, "acme.parts", raising=False)
    with pytest.raises(SystemExit, match="0"):
        main([])
    assert capsys.readouterr().out.split() == ["plain,dance", "plain,data", "plain,doctor"]
    assert "acme.parts" not in sys.modules


def test_interrupting_a_command_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sniper.catalogue.Catalogue.survey", interrupt)
    assert main(["plugins", "list"]) == exit_codes.INTERRUPTED
    assert capsys.readouterr().err.strip() == "interrupted"
