"""Every piece of a config file on a page is a config file that works."""

import tomllib
from typing import Any

import pytest
from pages import ROOT, Block, all_blocks, blocks

from sniper.catalogue import Catalogue
from sniper.settings.load import parse
from sniper.settings.resolver import resolve
from sniper.signing.rules import parse_rules

WHOLE = "sniper.toml"
RULES = "rules.toml"
GUIDE = ROOT / "docs/guide.md"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RPC_HOST", "RPC_KEY"):
        monkeypatch.setenv(name, "example")


def example() -> dict[str, Any]:
    """The guide's whole file, which pieces are put into."""
    (whole,) = (block for block in blocks(GUIDE, "toml") if block.name == WHOLE)
    return tomllib.loads(whole.text)


def joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    result = dict(one)
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = joined(result[key], value) if both else value
    return result


@pytest.mark.parametrize("block", [b for b in all_blocks("toml") if b.name in ("", WHOLE)], ids=str)
def test_config_on_a_page_is_in_order(block: Block) -> None:
    document = tomllib.loads(block.text)
    settings = parse(document if block.name == WHOLE else joined(example(), document), block.page)
    resolve(settings, Catalogue.discover())


@pytest.mark.parametrize("block", [b for b in all_blocks("toml") if b.name == RULES], ids=str)
def test_the_signers_rules_on_a_page_are_in_order(block: Block) -> None:
    parse_rules(tomllib.loads(block.text), str(block))


def test_the_guides_live_config_is_refused_without_its_confirmation() -> None:
    document = joined(example(), {"mode": "live"})
    with pytest.raises(ValueError, match="confirm it with allow_live"):
        parse(document, GUIDE)
