"""After "too many requests" nothing is sent until the time that the exchange named."""

from collections.abc import Callable

import pytest
from aiohttp import web
from played_binance import Binance
from recording_server import Recorder, Request

from sniper.exchange_orders import NewOrder, Placed, Refused
from sniper_venue_ccxt.errors import Paused, Unanswered
from sniper_venue_ccxt.exchange import CcxtExchange
from sniper_venue_ccxt.pauses import UNSAID_S, Pauses

ORDERS, BOOK = "https://x.test/api/v3/order?symbol=BTCUSDT", "https://x.test/api/v3/depth"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def held(pauses: Pauses, url: str, method: str) -> bool:
    try:
        pauses.demand_none(url, method)
    except Paused:
        return True
    return False


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:30 GMT"}, 20.0),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:05 GMT"}, 0.0),
        ({"Retry-After": "soon"}, UNSAID_S),
        ({}, UNSAID_S),
    ],
)
def test_a_pause_is_as_long_as_the_exchange_says(told: dict[str, str], seconds: float) -> None:
    clock = Clock()
    pauses = Pauses(clock, lambda: 10.0)
    pauses.heard(429, BOOK, "GET", told, "Too much request weight used")
    if seconds:
        clock.now = 100.0 + seconds - 0.1
        assert held(pauses, ORDERS, "DELETE")
    clock.now = 100.0 + seconds
    assert not held(pauses, BOOK, "GET")


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    clock = Clock()
    pauses = Pauses(clock, clock)
    pauses.heard(418, BOOK, "GET", {"Retry-After": "60"}, "")
    pauses.heard(429, BOOK, "GET", {"Retry-After": "1"}, "")
    clock.now += 30
    assert held(pauses, BOOK, "GET")


def test_too_many_new_orders_hold_new_orders_alone() -> None:
    clock = Clock()
    pauses = Pauses(clock, clock)
    pauses.heard(429, ORDERS, "POST", {"Retry-After": "7"}, '{"code":-1015,"msg":"Too many new orders"}')
    assert held(pauses, ORDERS, "POST")
    assert not held(pauses, ORDERS, "DELETE")
    assert not held(pauses, BOOK, "GET")


@pytest.mark.parametrize("status", [200, 400, 503])
def test_other_answers_hold_nothing(status: int) -> None:
    pauses = Pauses(Clock(), Clock())
    pauses.heard(status, BOOK, "GET", {"Retry-After": "7"}, "")
    assert not held(pauses, BOOK, "GET")


async def test_while_it_is_held_an_order_is_refused_and_a_question_unanswered_without_a_request(
    exchange: CcxtExchange, binance: Binance, recorder: Recorder, order: Callable[..., NewOrder]
) -> None:
    placed = await exchange.submit(order())
    assert isinstance(placed, Placed)

    def banned(request: Request) -> web.Response:
        return web.json_response({"code": -1003, "msg": "banned"}, status=418, headers={"Retry-After": "3600"})

    recorder.answer = banned
    with pytest.raises(Unanswered):
        await exchange.read("")
    asked = len(recorder.requests)
    refused = await exchange.submit(order(client_id="p" * 32))
    assert isinstance(refused, Refused)
    assert refused.code == "exchange-paused"
    for question in (exchange.read(""), exchange.find(order()), exchange.cancel(order(), placed.venue_id)):
        with pytest.raises((Paused, Unanswered)):
            await question
    assert len(recorder.requests) == asked
