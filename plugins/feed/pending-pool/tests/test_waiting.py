"""What is known to wait, beside a model of it."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.types import SECOND
from sniper_feed_pending_pool.pending import Pending
from sniper_feed_pending_pool.waiting import MOST_OFFERS, REMEMBERED, Bid, Waiting, ranked, tally

GWEI = 10**9


def pending(number: int, sender: int = 0, nonce: int | None = None, fee: int = 10) -> Pending:
    return Pending(f"0x{number:064x}", f"0x{sender:040x}", number if nonce is None else nonce, "", 0, 100, fee, 1, "0x")


def test_a_hash_is_news_once() -> None:
    waiting = Waiting(most=100, forget_s=10)
    assert waiting.add(pending(1), 0)
    assert not waiting.add(pending(1), 0)
    waiting.mined([pending(1).hash])
    assert len(waiting) == 0
    assert not waiting.add(pending(1), 0)


def test_a_nonce_waits_once_and_what_it_replaced_is_no_news_when_another_node_tells_it() -> None:
    waiting = Waiting(most=100, forget_s=10)
    assert waiting.add(pending(2, nonce=5, fee=20), 0)
    assert not waiting.add(pending(1, nonce=5, fee=10), 0)
    assert [bid.max_fee for bid in waiting.bids()] == [20]
    assert waiting.add(pending(3, nonce=5, fee=30), 0)
    assert [bid.max_fee for bid in waiting.bids()] == [30]
    waiting.mined([pending(2).hash])  # the one that was replaced made it: the nonce is used
    assert len(waiting) == 0


def test_what_waits_too_long_is_forgotten() -> None:
    waiting = Waiting(most=100, forget_s=10)
    waiting.add(pending(1), 0)
    waiting.add(pending(2), 5 * SECOND)
    waiting.expire(10 * SECOND + 1)
    assert [bid.at for bid in waiting.bids()] == [5 * SECOND]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(1, 9)), max_size=60))
def test_each_nonce_of_a_sender_keeps_the_highest_fee_and_nothing_grows_beyond_its_bound(
    told: list[tuple[int, int, int]],
) -> None:
    waiting, best, seen = Waiting(most=8, forget_s=10), Counter[tuple[int, int]](), set[int]()
    for sender, nonce, fee in told:
        number = sender * 10_000 + nonce * 100 + fee
        news = waiting.add(pending(number, sender, nonce, fee), 0)
        if waiting.pushed_out == 0 and len(seen) < 8 * REMEMBERED:
            assert news == (number not in seen and fee >= best[sender, nonce])
            best[sender, nonce] = max(best[sender, nonce], fee)
        seen.add(number)
    assert len(waiting) <= 8
    if waiting.pushed_out == 0 and len(seen) < 8 * REMEMBERED:
        assert sorted(bid.max_fee for bid in waiting.bids()) == sorted(best.values())


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 10**13), st.integers(21_000, 10**7)), max_size=300),
    st.integers(0, 10**13),
    st.integers(1, 10**8),
)
def test_offers_are_what_can_pay_best_first_and_bounded(
    told: list[tuple[int, int, int]], base_fee: int, gas_limit: int
) -> None:
    found: Counter[int] = Counter()
    tally(found, [Bid(fee, tip, gas, 0) for fee, tip, gas in told], base_fee)
    offers = ranked(found, gas_limit)
    assert [tip for tip, _ in offers] == sorted({tip for tip, _ in offers}, reverse=True)
    assert len(offers) <= MOST_OFFERS
    able = [min(tip, fee - base_fee) for fee, tip, _ in told if fee >= base_fee]
    assert all(any(tip <= offer <= tip * 1.01 + 1 for tip in able) for offer, _ in offers)
    assert sum(found.values()) == sum(gas for fee, _, gas in told if fee >= base_fee)
    assert sum(gas for _, gas in offers[:-1]) < 2 * gas_limit or not offers
