from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.types import BPS, Open
from sniper_sdk.builders import QUOTE, TOKEN, BuiltView, position, view
from sniper_sizer_fraction.sizer import Fraction, FractionConfig

ETHER = 10**18


def size(here: BuiltView, *, max_spend: int | None = None, **section: Any) -> int:
    intent = Open(token=TOKEN, reason="a test", max_spend=max_spend)
    return Fraction(config=FractionConfig(**section)).size(intent, QUOTE, here)


def test_pays_a_part_of_the_free_cash() -> None:
    assert size(view(cash=2 * ETHER), share_bps=250) == ETHER // 20


def test_pays_a_part_of_the_equity_while_the_cash_lasts() -> None:
    here = view(cash=2 * ETHER, positions=[position(cost=8 * ETHER)])
    assert size(here, share_bps=1000, of="equity") == ETHER
    assert size(here, share_bps=1000) == ETHER // 5
    assert size(here, share_bps=BPS, of="equity") == 2 * ETHER


def test_trades_nothing_when_it_would_be_too_little() -> None:
    assert size(view(cash=2 * ETHER), share_bps=250, min_amount="0.05 ether") == ETHER // 20
    assert size(view(cash=2 * ETHER - 40), share_bps=250, min_amount="0.05 ether") == 0


def test_has_an_upper_bound_of_its_own_and_one_of_the_strategy() -> None:
    assert size(view(cash=2 * ETHER), share_bps=BPS, max_amount="1 ether") == ETHER
    assert size(view(cash=2 * ETHER), share_bps=BPS, max_amount="1 ether", max_spend=7) == 7


@given(
    cash=st.integers(-(10**30), 10**30),
    worth=st.integers(0, 10**31),
    section=st.fixed_dictionaries(
        {
            "share_bps": st.integers(1, BPS),
            "of": st.sampled_from(["cash", "equity"]),
            "min_amount": st.integers(0, 10**20),
            "max_amount": st.one_of(st.none(), st.integers(10**20, 10**30)),
        }
    ),
    allowed=st.one_of(st.none(), st.integers(0, 10**30)),
)
def test_stays_within_every_bound(cash: int, worth: int, section: dict[str, Any], allowed: int | None) -> None:
    paid = size(view(cash=cash, equity=worth), max_spend=allowed, **section)
    whole = cash if section["of"] == "cash" else worth
    assert paid <= 0 or paid >= section["min_amount"]
    assert paid <= max(0, cash)
    assert paid * BPS <= max(0, whole) * section["share_bps"]
    assert section["max_amount"] is None or paid <= section["max_amount"]
    assert allowed is None or paid <= allowed


@pytest.mark.parametrize("section", [{}, {"share_bps": 0}, {"share_bps": 10_001}, {"share_bps": 1, "of": "wealth"},
                                     {"share_bps": 1, "min_amount": 2, "max_amount": 1}])  # fmt: skip
def test_refuses_a_section_that_makes_no_sense(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FractionConfig.model_validate(section)
