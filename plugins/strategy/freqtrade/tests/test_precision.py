from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from sniper_strategy_freqtrade.precision import Steps

STEPS = st.sampled_from(["0.01", "0.00001", "0.5", "0.00025", "1", "5", "10", "0.3", "1E+1"]).map(Decimal)
NUMBERS = st.one_of(
    st.floats(1e-9, 1e12),
    st.decimals("0.00001", 10**9, places=5).map(float),
    st.tuples(st.integers(0, 10**9), STEPS).map(lambda each: float((each[0] + Decimal("0.5")) * each[1])),
    st.tuples(st.integers(0, 10**6), STEPS).map(lambda each: each[0] * float(each[1])),
)


@given(NUMBERS, STEPS)
@example(0.285, Decimal("0.01"))
@example(19_999.990000000002, Decimal("0.01"))
@example(0.1 + 0.2, Decimal("0.1"))
def test_what_floats_find_is_what_decimals_find(number: float, step: Decimal) -> None:
    steps = Steps(step, step)
    assert steps.amount(number) == float(steps.exact_amount(number))
    for mode in ("near", "up", "down"):
        assert steps.price(number, mode) == float(steps.exact_price(number, mode))
