from hypothesis import given
from hypothesis import strategies as st

from sniper.exchange_orders import Side
from sniper_sdk.builders import instrument, ticker
from sniper_strategy_simple_spread.taking import take


@given(
    side=st.sampled_from(("buy", "sell")),
    best=st.integers(1, 10**7),
    slippage=st.integers(0, 9_999),
    amount=st.integers(0, 10**18),
)
def test_it_reaches_the_best_price_and_no_farther_than_it_may(
    side: Side, best: int, slippage: int, amount: int
) -> None:
    of = instrument()
    order = take("k", ticker(of, bid=best, ask=best), side, amount, slippage, "a test")
    if amount < of.lot:
        assert order is None
        return
    assert order is not None
    assert order.price is not None
    assert order.lives == "ioc"
    assert amount - of.lot < order.size * of.lot <= amount
    if side == "buy":
        assert best <= order.price < best * (10_000 + slippage) / 10_000 + 1
    else:
        assert best >= order.price > best * (10_000 - slippage) / 10_000 - 1
    assert order.price > 0


def test_nobody_who_offers_and_too_small_an_order_are_none() -> None:
    assert take("k", ticker(bid=0), "sell", 10**18, 0, "a test") is None
    assert take("k", ticker(instrument(min_value=10**24)), "buy", 10**18, 0, "a test") is None
