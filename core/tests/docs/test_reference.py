"""The generated reference pages leave nothing out."""

import re
import sys

from pages import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from reference_cli import ENVIRONMENT, command_reference
from reference_errors import error_reference

SOURCES = [*ROOT.glob("*/src/**/*.py"), *ROOT.glob("plugins/*/*/src/**/*.py")]


def test_the_command_line_page_names_every_variable_of_the_environment_that_the_code_reads() -> None:
    named = {name for file in SOURCES for name in re.findall(r"[\"']((?:SNIPER|XDG)_[A-Z_]+)[\"']", file.read_text())}
    assert set(ENVIRONMENT) == named


def test_the_command_line_page_shows_groups_their_commands_and_every_option() -> None:
    page = "\n\n".join(command_reference())
    assert {"## sniper run", "## sniper plugins", "### sniper plugins new"} <= set(page.splitlines())
    assert "| `--cash TEXT` | `10 ether` | What each account begins with, on a --journal. |" in page


def test_a_table_of_the_command_line_page_has_as_many_cells_in_each_row() -> None:
    rows = [line for line in "\n".join(command_reference()).splitlines() if line.startswith("| `")]
    assert {line.count("|") for line in rows} == {3, 4}  # variables, and parameters


def test_the_errors_page_has_inherited_codes_and_what_ends_with_them() -> None:
    page = "\n".join(error_reference())
    assert re.search(r"^\| `signer-refused` \| `SignerRefused` \| 5 \|", page, re.MULTILINE)
    assert re.search(r"^\| `store-corrupt` \| `StoreCorrupt` \| 4 \|", page, re.MULTILINE)


def test_every_error_has_a_code_of_its_own_or_of_its_parent() -> None:
    rows = re.findall(r"^\| `([^`]*)` \| `(\w+)`", "\n".join(error_reference()), re.MULTILINE)
    assert len(rows) > 100
    assert [name for code, name in rows if not re.fullmatch(r"[a-z][a-z0-9-]*", code)] == []
    assert [name for code, name in rows if code == "sniper"] == ["SniperError"]
