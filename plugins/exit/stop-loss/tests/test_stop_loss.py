import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.exit import Sell
from sniper.types import BPS
from sniper_exit_stop_loss.rule import StopLoss, StopLossConfig
from sniper_sdk.builders import position, view


def valued(cost: int, value: int, *, loss_bps: int = 3000, urgent: bool = True) -> Sell | None:
    exit = StopLoss(config=StopLossConfig(loss_bps=loss_bps, urgent=urgent))
    return exit.valued(position(cost=cost), value, view())


def test_holds_at_the_bound_and_sells_everything_below_it() -> None:
    assert valued(1000, 700) is None
    sale = valued(1000, 699)
    assert sale is not None
    assert (sale.share_bps, sale.urgent) == (BPS, True)
    assert sale.reason == "worth 6990 bps of its cost, less than 7000"


def test_need_not_be_urgent() -> None:
    sale = valued(1000, 0, urgent=False)
    assert sale is not None
    assert not sale.urgent


def test_what_cost_nothing_has_no_loss() -> None:
    assert valued(0, 0) is None


def test_says_so_again_while_it_holds() -> None:
    exit, held = StopLoss(config=StopLossConfig()), position(cost=1000)
    assert exit.valued(held, 1, view()) == exit.valued(held, 1, view())
    assert exit.valued(held, 1000, view()) is None


amounts = st.integers(0, 2**200)


@given(cost=amounts, value=amounts, loss=st.integers(1, BPS - 1), part=st.integers(1, 1000))
def test_sells_exactly_below_the_bound_also_after_a_partial_sale(cost: int, value: int, loss: int, part: int) -> None:
    sells = valued(cost, value, loss_bps=loss) is not None
    assert sells == (value * BPS < cost * (BPS - loss))
    assert sells == (valued(cost * part, value * part, loss_bps=loss) is not None)


@pytest.mark.parametrize("section", [{"loss_bps": 0}, {"loss_bps": BPS}, {"loss": 1}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        StopLossConfig.model_validate(section)
