"""The fixture that the sdk brings to pytest."""

import aiohttp

from sniper_sdk.exchange import ExchangeServer


async def test_an_exchange_is_there_for_whoever_names_it(exchange: ExchangeServer) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{exchange.url}/api/v3/exchangeInfo") as response:
        told = await response.json()
    assert [each["symbol"] for each in told["symbols"]] == ["BTCUSDT", "ETHUSDT", "BNBUSDT"]
