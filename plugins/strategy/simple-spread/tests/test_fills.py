from hypothesis import given
from hypothesis import strategies as st

from sniper.events import OrderChanged
from sniper_strategy_simple_spread.fills import KEPT, fresh


def news(order: int, filled: int) -> OrderChanged:
    return OrderChanged(time=0, key="k", order=f"main/s/{order}.1", instrument="x:A/B", state="open", filled=filled)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 9)), max_size=40))
def test_each_lot_counts_once_whatever_the_order_of_the_news(told: list[tuple[int, int]]) -> None:
    known, highest, counted = dict[str, int](), dict[int, int](), 0
    for order, more in told:
        highest[order] = highest.get(order, 0) + more
        counted += fresh(known, news(order, highest[order]))
        counted += fresh(known, news(order, highest[order]))
    assert counted == sum(highest.values())


def test_the_oldest_orders_are_forgotten_also_after_a_restart() -> None:
    known = dict[str, int]()
    for order in range(1, 200):
        assert fresh(known, news(order, 3)) == 3
        known = dict(sorted(known.items()))  # as a snapshot gives it back
    assert len(known) == KEPT
    assert set(known) == {f"main/s/{order}.1" for order in range(200 - KEPT, 200)}
