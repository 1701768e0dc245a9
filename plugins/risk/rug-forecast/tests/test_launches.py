import pytest

from sniper_risk_rug_forecast.drains import WITHIN_S, drained_at
from sniper_risk_rug_forecast.launches import BEHAVIOURS, WATCHED_S, launches
from sniper_risk_rug_forecast.training import data_sha256


def test_the_same_seed_gives_the_same_launches_to_the_unit() -> None:
    assert data_sha256(launches(40, 5)) == data_sha256(launches(40, 5)) != data_sha256(launches(40, 6))


def test_more_launches_begin_with_the_same_ones() -> None:
    assert launches(20, 5) == launches(40, 5)[:20]


def test_pools_obey_the_pairs_arithmetic() -> None:
    for case in launches(60, 2):
        quote, token = 0, 0
        for action in case.actions:
            before = quote * token
            quote += action.quote_in - action.quote_out
            token += action.token_in - action.token_out
            assert (quote, token) == (action.quote_reserve, action.token_reserve)
            assert min(quote, token) >= 0
            if action.kind == "swap":
                # UniswapV2Pair.swap: what came in counts less the fee of 0.3%
                paid = (quote * 1000 - action.quote_in * 3) * (token * 1000 - action.token_in * 3)
                assert paid >= before * 1000**2


def test_actions_are_in_their_order_and_within_the_watch() -> None:
    for case in launches(60, 3):
        times = [action.time for action in case.actions]
        assert times == sorted(times)
        assert case.created == times[0]
        assert times[-1] <= case.created + WATCHED_S == case.until


def test_some_are_drained_and_most_are_not() -> None:
    cases = launches(200, 4)
    drained = [case for case in cases if drained_at(case.actions) is not None]
    assert 0.2 < len(drained) / len(cases) < 0.6
    soon = [case for case in drained if (drained_at(case.actions) or 0) <= case.created + WITHIN_S]
    assert 0.3 < len(soon) / len(drained) < 0.95


def test_shares_of_behaviours_are_shares() -> None:
    assert sum(share for share, _ in BEHAVIOURS) == pytest.approx(1)
