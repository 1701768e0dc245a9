"""What leaves for an exchange, and what its answers are taken for."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web
from played_binance import KEY, SECRET, Binance
from recording_server import Recorder

from sniper.exchange_orders import NewOrder, Placed, Refused
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.errors import BadKeys, NotOffered, Unanswered
from sniper_venue_ccxt.exchange import CcxtExchange

Build = Callable[..., NewOrder]


async def test_an_order_leaves_with_exactly_its_numbers_and_its_id(
    exchange: CcxtExchange, recorder: Recorder, order: Build
) -> None:
    assert await exchange.submit(order()) == Placed(venue_id="28")
    (request,) = [each for each in recorder.to("/order") if each.method == "POST"]
    sent = request.fields
    assert (sent["price"], sent["quantity"]) == ("42000.01", "0.00123")
    assert sent["newClientOrderId"] == "o" * 32
    assert (sent["type"], sent["side"], sent["timeInForce"]) == ("LIMIT", "BUY", "GTC")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lives": "ioc"}, {"type": "LIMIT", "timeInForce": "IOC"}),
        ({"lives": "fok"}, {"type": "LIMIT", "timeInForce": "FOK"}),
        ({"flags": ("post-only",)}, {"type": "LIMIT_MAKER"}),
        ({"type": "market", "price": None}, {"type": "MARKET", "quantity": "0.00123"}),
        ({"side": "sell", "size": 900_000_000}, {"side": "SELL", "quantity": "9000"}),
    ],
)
async def test_what_an_order_asks_for_is_what_leaves(
    exchange: CcxtExchange, recorder: Recorder, order: Build, changes: dict[str, object], expected: dict[str, str]
) -> None:
    assert isinstance(await exchange.submit(order(**changes)), Placed)
    sent = next(each for each in recorder.to("/order") if each.method == "POST").fields
    assert {name: sent.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("changes", "feature"),
    [
        ({"lives": "gtd", "until": 1}, "live gtd"),
        ({"flags": ("reduce-only",)}, "reduce-only"),
        ({"flags": ("post-only",), "lives": "ioc"}, "post-only"),
        ({"type": "trailing-stop"}, "trailing-stop"),
        ({"trigger": 4_000_000}, "triggers"),
        ({"instrument": "here:BTC/USDT:USDT"}, "BTC/USDT:USDT"),
    ],
)
async def test_what_an_exchange_lacks_is_refused_by_name_and_nothing_leaves(
    exchange: CcxtExchange, recorder: Recorder, order: Build, changes: dict[str, object], feature: str
) -> None:
    answer = await exchange.submit(order(**changes))
    assert isinstance(answer, Refused)
    assert answer.code == "unsupported"
    assert "binance" in answer.message
    assert feature in answer.message
    assert not recorder.to("/order")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, '{"code":-2010,"msg":"Account has insufficient balance for requested action."}'),
        (400, '{"code":-1013,"msg":"Filter failure: PRICE_FILTER"}'),
        (400, '{"code":-2010,"msg":"Order would immediately match and take."}'),
        (401, '{"code":-2014,"msg":"API-key format invalid."}'),
        (400, '{"code":-1121,"msg":"Invalid symbol."}'),
    ],
)
async def test_an_exchange_that_says_no_has_refused(
    exchange: CcxtExchange, binance: Binance, order: Build, status: int, body: str
) -> None:
    binance.refusal = (status, body)
    assert isinstance(await exchange.submit(order()), Refused)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, '{"code":-1013,"msg":"Filter failure: PRICE_FILTER"}'),
        (500, '{"code":-2010,"msg":"Account has insufficient balance for requested action."}'),
        (502, "<html>Bad Gateway</html>"),
        (400, '{"code":-1007,"msg":"Timeout waiting for response from backend server."}'),
        (400, '{"code":-1006,"msg":"An unexpected response was received from the message bus."}'),
        (400, '{"code":-99999,"msg":"something new"}'),
        (429, '{"code":-1003,"msg":"Too many requests."}'),
        (200, "not what was expected"),
    ],
)
async def test_whatever_else_it_answers_leaves_the_order_unknown(
    exchange: CcxtExchange, binance: Binance, order: Build, status: int, body: str
) -> None:
    binance.refusal = (status, body)
    with pytest.raises(Unanswered):
        await exchange.submit(order())


async def test_an_answer_that_ccxt_cannot_read_is_no_refusal(
    exchange: CcxtExchange, order: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ccxt.base.errors import InvalidOrder

    desk = await exchange._orders()

    def unreadable(*_: object) -> None:
        raise InvalidOrder("cannot parse that")

    monkeypatch.setattr(desk.client, "parse_order", unreadable)
    with pytest.raises(Unanswered):
        await exchange.submit(order())


async def test_an_id_that_is_taken_leads_to_the_order_that_has_it(
    exchange: CcxtExchange, binance: Binance, order: Build
) -> None:
    await exchange.submit(order())
    binance.refusal = (400, '{"code":-2010,"msg":"Duplicate order sent."}')
    assert await exchange.submit(order()) == Placed(venue_id="28")


async def test_nothing_is_sent_twice(
    exchange: CcxtExchange, recorder: Recorder, binance: Binance, order: Build
) -> None:
    binance.silent = True
    with pytest.raises(Unanswered):
        await exchange.submit(order())
    assert len([each for each in recorder.to("/order") if each.method == "POST"]) == 1
    found = await exchange.find(order())
    assert found is not None
    assert (found[0].venue_id, found[0].state, found[0].filled) == ("28", "open", 0)


async def test_an_order_is_lost_only_after_the_receive_window(
    exchange: CcxtExchange, binance: Binance, order: Build
) -> None:
    times = iter([0, 1, 10 * 10**9, 12 * 10**9 - 1, 12 * 10**9])
    exchange.clock = lambda: next(times)
    binance.refusal = (502, "")
    with pytest.raises(Unanswered):
        await exchange.submit(order())
    for _ in range(3):
        with pytest.raises(Unanswered):
            await exchange.find(order())
    assert await exchange.find(order()) is None


async def test_a_request_that_is_still_on_its_way_is_not_lost(
    exchange: CcxtExchange, binance: Binance, recorder: Recorder, order: Build
) -> None:
    await exchange._orders()
    exchange.clock = lambda: 10**18
    exchange._flying.add(order().client_id)
    with pytest.raises(Unanswered):
        await exchange.find(order())


async def test_to_cancel_what_is_gone_is_no_error(exchange: CcxtExchange, recorder: Recorder, order: Build) -> None:
    await exchange.cancel(order(), "28")
    assert [each.query for each in recorder.to("/order") if each.method == "DELETE"]


async def test_fills_are_found_with_the_numbers_that_the_exchange_told(
    exchange: CcxtExchange, binance: Binance, order: Build
) -> None:
    await exchange.submit(order(size=300))
    assert binance.order is not None
    binance.order |= {"executedQty": "0.00300000", "status": "FILLED", "cummulativeQuoteQty": "126.00003000"}
    trade = {
        "symbol": "BTCUSDT", "orderId": 28, "price": "42000.01000000", "commissionAsset": "BNB", "isBuyer": True,
        "time": 1_700_000_000_002, "isMaker": False,
    }  # fmt: skip
    binance.trades = [
        {**trade, "id": 7, "qty": "0.00100000", "quoteQty": "42.00001000", "commission": "0.00012345"},
        {**trade, "id": 8, "qty": "0.00200000", "quoteQty": "84.00002000", "commission": "0.00000001"},
        {**trade, "id": 9, "orderId": 29, "qty": "0.00200000", "quoteQty": "84.00002000", "commission": "0.1"},
    ]
    found = await exchange.find(order(size=300))
    assert found is not None
    state, fills = found
    assert (state.state, state.filled) == ("filled", 300)
    assert [(fill.id, fill.size, fill.price, fill.value, fill.fee, fill.fee_asset) for fill in fills] == [
        ("BTC/USDT/28/7", 100, 4_200_001, 4200001 * 10**13, 12345 * 10**10, "here:BNB"),
        ("BTC/USDT/28/8", 200, 4_200_001, 8400002 * 10**13, 10**10, "here:BNB"),
    ]
    assert {fill.client_id for fill in fills} == {"o" * 32}
    assert fills[0].time == 1_700_000_000_002 * 10**6


async def test_an_order_whose_trades_are_not_all_told_yet_is_not_found_yet(
    exchange: CcxtExchange, binance: Binance, order: Build
) -> None:
    await exchange.submit(order(size=300))
    assert binance.order is not None
    binance.order |= {"executedQty": "0.00300000", "status": "FILLED"}
    with pytest.raises(Unanswered, match="300 lots"):
        await exchange.find(order(size=300))


async def test_keys_that_may_withdraw_are_refused_unless_asked_for(
    exchange: CcxtExchange, binance: Binance, recorder: Recorder, keys: Path, order: Build
) -> None:
    binance.withdraws = True
    with pytest.raises(BadKeys, match="withdraw"):
        await exchange.submit(order())
    assert not recorder.to("/order")
    bold = CcxtExchange("here", exchange.config.model_copy(update={"withdrawals": True}), keys)
    assert isinstance(await bold.submit(order()), Placed)
    await bold.close()


async def test_no_error_says_a_key(exchange: CcxtExchange, binance: Binance, order: Build) -> None:
    binance.refusal = (502, f"the key {KEY} with {SECRET} failed")
    with pytest.raises(Unanswered) as unanswered:
        await exchange.submit(order())
    binance.refusal = (400, f'{{"code":-2010,"msg":"no {KEY} {SECRET}"}}')
    refused = await exchange.submit(order(client_id="p" * 32))
    assert isinstance(refused, Refused)
    for text in (str(unanswered.value), refused.message, repr(exchange.__dict__), repr(exchange._keys)):
        assert KEY not in text
        assert SECRET not in text
        assert "signature=" not in text
    assert unanswered.value.__cause__ is None
    assert unanswered.value.__suppress_context__


async def test_a_connection_that_breaks_is_no_answer(exchange: CcxtExchange, recorder: Recorder, order: Build) -> None:
    await exchange._orders()

    def broken(_: object) -> web.Response:
        raise asyncio.CancelledError

    recorder.answer = broken
    with pytest.raises(Unanswered):
        await exchange.submit(order())


async def test_instruments_have_the_exchanges_own_steps(exchange: CcxtExchange) -> None:
    (found,) = await exchange.instruments()
    assert (found.id, found.base, found.quote, found.kind) == ("here:BTC/USDT", "here:BTC", "here:USDT", "spot")
    assert (found.price(1), found.size(1)) == (Decimal("0.01"), Decimal("0.00001"))
    assert (found.min_size, found.max_size, found.min_value) == (1, 900_000_000, 5 * 10**18)
    assert (found.maker_fee, found.taker_fee) == (1000, 1000)
    assert found.flags == ("post-only",)


async def test_orders_need_keys(recorder: Recorder, binance: Binance, order: Build) -> None:
    alone = CcxtExchange("here", CcxtConfig(exchange="binance", url=recorder.url), None)
    with pytest.raises(NotOffered, match="keys"):
        await alone.submit(order())


async def test_an_exchange_that_ccxt_does_not_know_is_named() -> None:
    with pytest.raises(NotOffered, match="did you mean 'binance'"):
        await CcxtExchange("here", CcxtConfig(exchange="binanse"), None).instruments()
