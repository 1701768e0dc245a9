"""``[promotion.NAME]``: what it may say, and what follows."""

import tomllib
from pathlib import Path

import pytest

from sniper.errors import ConfigError
from sniper.settings.load import parse
from sniper.settings.model import Settings

FILE = """
[account.main.desk.gen]
quote = "USDT"
paper_cash = { USDT = "10000" }
[venue.gen]
[strategy.s]
exits = []
"""


def settings(text: str) -> Settings:
    return parse(tomllib.loads(FILE + text), Path("/etc/sniper/my.toml"))


def test_a_ladder_has_the_stages_that_it_names() -> None:
    table = '[promotion.s]\ncapital = "1000 coins"\npaper = "runs/paper"\n'
    promotion = settings(table).promotion["s"]
    assert promotion.stages == (("paper", 0), ("live-10%", 1_000), ("live-50%", 5_000), ("live-100%", 10_000))
    assert (promotion.capital, promotion.paper) == (1_000 * 10**18, Path("/etc/sniper/runs/paper"))
    more = settings(table + 'validation = "v.json"\nshadow = "~/shadow"\nshares_bps = [250]\n').promotion["s"]
    assert more.stages == (("backtest", 0), ("shadow", 0), ("paper", 0), ("live-2.5%", 250))
    assert more.shadow == Path("~/shadow").expanduser()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[promotion.s]\ncapital = 1\npaper = "p"\nshares_bps = [5_000, 1_000]', "do not grow"),
        ('[promotion.s]\ncapital = 1\npaper = "p"\nshares_bps = []', "shares_bps"),
        ('[promotion.s]\ncapital = 0\npaper = "p"', "capital"),
        ("[promotion.s]\ncapital = 1", "paper"),
        ('[promotion.t]\ncapital = 1\npaper = "p"', "there is no section [strategy.t]"),
        ('[promotion.s]\ncapital = 1\npaper = "p"\nrise = { min_day = 3 }', "min_day"),
    ],
)
def test_what_cannot_be_climbed_is_told(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        settings(text)
    assert said in str(raised.value)
