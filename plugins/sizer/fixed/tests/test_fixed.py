import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.types import Open
from sniper_sdk.builders import QUOTE, TOKEN, view
from sniper_sizer_fixed.sizer import Fixed, FixedConfig


def test_pays_the_same_whatever_the_account_owns() -> None:
    sizer = Fixed(config=FixedConfig.model_validate({"amount": "0.05 ether"}))
    for cash in (0, 10**30):
        assert sizer.size(Open(token=TOKEN, reason="a test"), QUOTE, view(cash=cash)) == 5 * 10**16


@given(amount=st.integers(1, 10**30), most=st.integers(0, 10**30))
def test_never_more_than_the_strategy_allows(amount: int, most: int) -> None:
    paid = Fixed(config=FixedConfig(amount=amount)).size(Open(token=TOKEN, reason="", max_spend=most), QUOTE, view())
    assert paid == min(amount, most)


@pytest.mark.parametrize("amount", [0, -1, 0.1, "much"])
def test_refuses_an_amount_that_makes_no_sense(amount: object) -> None:
    with pytest.raises(ValidationError):
        FixedConfig.model_validate({"amount": amount})
