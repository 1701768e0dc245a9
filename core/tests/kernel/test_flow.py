"""What came in a window of time, whatever came before it and is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from sniper.codec import decode, encode, register
from sniper.kernel.book import KEPT_MINUTES, MINUTE, Flow

register(Flow)

GAPS = st.one_of(st.integers(0, 3 * MINUTE), st.integers(0, KEPT_MINUTES * MINUTE))


@given(
    came=st.lists(st.tuples(GAPS, st.integers(-(10**24), 10**24)), max_size=40),
    taken_back=st.sets(st.integers(0, 39)),
    last=st.integers(0, KEPT_MINUTES - 1),
)
def test_a_window_is_the_sum_of_what_came_in_it_and_was_not_taken_back(
    came: list[tuple[int, int]], taken_back: set[int], last: int
) -> None:
    flow, now, added = Flow(), 0, []
    for gap, amount in came:
        now += gap
        flow.add(now, amount)
        added.append((now // MINUTE, amount))
    for place in taken_back:
        if place < len(came):
            gone = sum(gap for gap, _ in came[: place + 1])
            flow.add(gone, -came[place][1])
            added.append((gone // MINUTE, -came[place][1]))
    since = max(0, now - last * MINUTE)
    assert flow.since(since) == sum(amount for minute, amount in added if minute >= since // MINUTE)
    assert decode(encode(flow), Flow).since(since) == flow.since(since)


@given(
    came=st.lists(st.tuples(st.integers(0, 3), st.integers(-9, 9)), min_size=1, max_size=30),
    last=st.integers(0, 40),
)
def test_below_the_highest_is_below_each_minutes_end_in_the_window_and_its_beginning(
    came: list[tuple[int, int]], last: int
) -> None:
    flow, now, total = Flow(), 0, 0
    ends: dict[int, int] = {}
    for gap, amount in came:
        now += gap * MINUTE
        total += amount
        flow.add(now, amount)
        ends[now // MINUTE] = total
    since = max(0, now - last * MINUTE)
    before = [end for minute, end in ends.items() if minute < since // MINUTE]
    inside = [end for minute, end in ends.items() if minute >= since // MINUTE]
    assert flow.below_highest(since) == max((before or [0])[-1], *inside, total) - total
    assert decode(encode(flow), Flow).below_highest(since) == flow.below_highest(since)


def test_it_stays_bounded_however_long_it_runs() -> None:
    flow = Flow()
    for minute in range(0, 10 * KEPT_MINUTES, KEPT_MINUTES // 100):
        flow.add(minute * MINUTE, 1)
    assert len(flow.minutes) <= 102
    assert flow.since(0) + flow.before == len(range(0, 10 * KEPT_MINUTES, KEPT_MINUTES // 100))
