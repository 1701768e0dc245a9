"""The fixtures that the sdk brings to pytest."""

import aiohttp
import pytest

from sniper_sdk.devchain import DevChain, KnownChain
from sniper_sdk.exchange import ExchangeServer, VirtualClock
from sniper_sdk.exchange.order import Side
from sniper_sdk.recorded_market import START, RecordedMarket


async def test_an_exchange_is_there_for_whoever_names_it(exchange: ExchangeServer) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{exchange.url}/api/v3/exchangeInfo") as response:
        told = await response.json()
    assert [each["symbol"] for each in told["symbols"]] == ["BTCUSDT", "ETHUSDT", "BNBUSDT"]


def seen(chain: DevChain) -> tuple[object, ...]:
    me, other = chain.accounts[:2]
    return (
        chain.block_number(),
        chain.timestamp(),
        chain.nonce(me.address),
        chain.balance(other.address),
        chain.rpc.call("eth_getBlockByNumber", "pending", True)["transactions"],
    )


@pytest.mark.parametrize("disturb", ["trades", "waits", "stops", "dies", "reorgs"])
def test_a_known_chain_comes_back_as_it_was(known_chain: KnownChain, disturb: str) -> None:
    chain = known_chain.chain()
    before, (me, other) = seen(chain), chain.accounts[:2]
    first = chain.send(me, other.address, b"", 1)
    if disturb == "trades":
        chain.rpc.call("anvil_setBlockTimestampInterval", 1)
        chain.mine(3)
    if disturb == "waits":
        chain.rpc.call("evm_setAutomine", False)
        chain.submit(me, other.address, b"", 1)
    if disturb == "stops":
        chain.stop()
    if disturb == "dies":
        chain.rpc.call("evm_setAutomine", False)
        chain.restart(chain.state())
    if disturb == "reorgs":
        chain.reorg(1)
    again = known_chain.chain()
    assert seen(again) == before
    assert again.send(me, other.address, b"", 1) == first  # hash, block and gas alike


def test_one_test_leaves_nothing_to_the_next(dev_chain: DevChain, known_chain: KnownChain) -> None:
    dev_chain.fund(dev_chain.accounts[0].address, 0)
    assert known_chain.chain().balance(dev_chain.accounts[0].address) == 10_000 * 10**18


def test_a_recorded_market_is_the_same_as_book_trades_and_bars(recorded_market: RecordedMarket) -> None:
    trades = recorded_market.trades
    bars = recorded_market.bars(30)
    assert len(trades) > 1_000
    assert [bar.start - START for bar in bars] == [n * 30 * 10**9 for n in range(4)]
    assert bars[0].open == trades[0].price
    assert sum(bar.volume for bar in bars) == sum(each.size for each in trades if each.time < bars[-1].time)


async def test_a_recorded_market_is_played_at_the_exchange(
    exchange: ExchangeServer, recorded_market: RecordedMarket
) -> None:
    exchange.play("BTCUSDT", recorded_market.played())
    bid, _ = exchange.engine.market("BTCUSDT").book.top(Side.BUY)
    assert bid == 59_999_990_000 * 100


def test_a_fake_clock_moves_when_it_is_told_to(fake_clock: VirtualClock) -> None:
    before = fake_clock.now()
    assert fake_clock.now() == before
    fake_clock.move(5)
    assert fake_clock.now() == before + 5
