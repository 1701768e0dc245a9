"""What sizers have in common."""

import pytest

from sniper.sizer import bounded, instrument_of
from sniper.types import Open
from sniper_sdk.builders import view

USDT = "x:USDT"


@pytest.mark.parametrize(
    ("token", "pool", "instrument"),
    [
        ("x:BTC", None, "x:BTC/USDT"),
        ("x:BTC", "x:BTC/USDC", "x:BTC/USDC"),
        ("x:BTC/USDT:USDT", None, "x:BTC/USDT:USDT"),
    ],
)
def test_an_intent_is_traded_in_the_instrument_that_it_names_or_in_the_one_of_its_asset(
    token: str, pool: str | None, instrument: str
) -> None:
    assert instrument_of(Open(token=token, reason="", pool=pool), USDT) == instrument


@pytest.mark.parametrize(
    ("amount", "max_spend", "cash", "paid"),
    [(5, None, 9, 5), (5, 3, 9, 3), (5, None, 4, 4), (5, 7, 4, 4), (-1, None, 9, 0), (5, None, -2, 0), (5, 0, 9, 0)],
)
def test_no_more_is_paid_than_the_intent_allows_and_than_there_is(
    amount: int, max_spend: int | None, cash: int, paid: int
) -> None:
    here = view(quote=USDT, cash=cash)
    assert bounded(amount, Open(token="x:BTC", reason="", max_spend=max_spend), USDT, here) == paid
