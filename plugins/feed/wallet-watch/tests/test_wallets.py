"""Swaps and transfers of real tokens on a real chain."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from sniper.events import SignalHeard
from sniper.evm.endpoint import NodeError
from sniper.evm.wire import ErrorObject
from sniper.types import SECOND, asset_id
from sniper_feed_wallet_watch import feed as following
from sniper_feed_wallet_watch import reading
from sniper_feed_wallet_watch.config import WalletWatchConfig
from sniper_feed_wallet_watch.deeds import Moved, Transaction, deeds
from sniper_sdk import zoo
from sniper_sdk.devchain import Account, DevChain, calldata
from sniper_sdk.faults import FaultProxy

ETHER = 10**18
Watching = Callable[..., Any]
WHALE = Account.named("whale")
WALLET, OTHER, A, B = ("0x" + each * 40 for each in "1fab")


@pytest.fixture
def whale(chain: DevChain) -> Account:
    chain.fund(WHALE.address, 100 * ETHER)
    return WHALE


async def test_what_a_wallet_buys_and_sells_is_told_with_its_block_s_time(
    chain: DevChain, whale: Account, watching: Watching
) -> None:
    token = zoo.deploy(chain, zoo.honest("plain"))
    async with watching(whale.address) as watcher:
        await watcher.until_there()
        receipt = token.buy(whale, ETHER)
        (heard,) = await watcher.news()
        asset = asset_id(chain.chain_id, token.address.lower())
        assert heard == SignalHeard(
            time=heard.time, source="wallet-watch.whale", id=f"{receipt.hash}:{token.address.lower()}", kind="swap",
            about=(asset,), direction=1, strength=6_000, at=chain.timestamp() * SECOND,
            text=f"{whale.address.lower()} bought for the native coin: {token.holding(whale.address)} base units, "
            f"in block {receipt.block}",
        )  # fmt: skip
        held = token.holding(whale.address)
        token.sell(whale, held // 2)
        (sold,) = await watcher.news()
        assert (sold.kind, sold.direction, sold.about) == ("swap", -1, (asset,))
        assert f"sold for the native coin: {held // 2} base units" in sold.text


async def test_what_it_sends_and_receives_is_a_transfer_and_what_others_do_is_nothing(
    chain: DevChain, whale: Account, watching: Watching
) -> None:
    token = zoo.deploy(chain, zoo.honest("plain"))
    token.buy(whale, ETHER)
    async with watching(whale.address) as watcher:
        await watcher.until_there()
        assert watcher.heard == [], "what was before is not news"
        send = calldata("transfer(address,uint256)", chain.accounts[3].address, 1_000)
        chain.send(whale, token.address, send)
        (sent,) = await watcher.news()
        assert (sent.kind, sent.direction) == ("transfer", 0)
        assert "sent: 1000 base units" in sent.text
        chain.send(chain.accounts[3], token.address, calldata("transfer(address,uint256)", whale.address, 400))
        (received,) = await watcher.news()
        assert "received: 400 base units" in received.text
        token.buy(chain.accounts[4], ETHER)
        chain.send(whale, chain.accounts[5].address, value=ETHER)
        assert await watcher.news() == []


async def test_only_what_is_asked_for_is_told(chain: DevChain, whale: Account, watching: Watching) -> None:
    token, other = (zoo.deploy(chain, zoo.honest("plain"), owner=Account.named(n)) for n in ("first", "second"))
    async with watching(whale.address, transfers=False, money=[other.address]) as watcher:
        await watcher.until_there()
        other.buy(whale, ETHER)
        token.buy(whale, ETHER)
        chain.send(whale, token.address, calldata("transfer(address,uint256)", chain.accounts[3].address, 1_000))
        (heard,) = await watcher.news()
        assert heard.about == (asset_id(chain.chain_id, token.address.lower()),)


async def test_blocks_are_looked_at_once_they_are_confirmed(
    chain: DevChain, whale: Account, watching: Watching
) -> None:
    token = zoo.deploy(chain, zoo.honest("plain"))
    async with watching(whale.address, confirmations=2, range_blocks=1) as watcher:
        await watcher.until_there(behind=2)
        token.buy(whale, ETHER)
        watcher.follow()
        await watcher.until_there(behind=2)
        assert watcher.heard == []
        chain.mine(2)
        watcher.follow()
        await watcher.until_there(behind=2)
        assert [each.direction for each in watcher.heard] == [1]


async def test_what_a_reorg_put_into_place_of_blocks_is_told_and_the_same_transaction_has_the_same_id(
    chain: DevChain, whale: Account, watching: Watching
) -> None:
    token = zoo.deploy(chain, zoo.honest("plain"))
    async with watching(whale.address) as watcher:
        await watcher.until_there()
        before = chain.snapshot()
        token.buy(whale, ETHER)
        (first,) = await watcher.news()
        chain.revert(before)
        chain.mine()
        token.buy(whale, ETHER)
        token.buy(whale, 2 * ETHER)
        again = await watcher.news()
    assert [each.direction for each in again] == [1, 1]
    assert again[0].id == first.id
    assert again[1].id != first.id


async def test_a_node_that_is_gone_is_waited_for_and_no_block_is_missed(
    chain: DevChain, whale: Account, watching: Watching, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LONGEST_PAUSE_S", 0.01)
    token = zoo.deploy(chain, zoo.honest("plain"))
    async with watching(whale.address) as watcher:
        await watcher.until_there()
        token.buy(whale, ETHER)
        await proxy.stop()
        watcher.follow()
        with capture_logs() as logged:
            await watcher.until(lambda: logged)
            assert logged[0]["event"] == "wallets are not seen"
            await proxy.start()
            await watcher.until_there()
    assert [each.direction for each in watcher.heard] == [1]


async def test_a_range_that_is_too_long_for_a_node_is_halved(
    chain: DevChain, whale: Account, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = zoo.deploy(chain, zoo.honest("plain"))
    asked: list[int] = []

    async def picky(endpoints: Any, wallets: Any, first: int, last: int) -> reading.Found:
        asked.append(last - first + 1)
        if last - first + 1 > 2:
            raise NodeError("a node", "eth_getLogs", ErrorObject(code=-32000, message="too many blocks"))
        return await reading.read(endpoints, wallets, first, last)

    monkeypatch.setattr(following, "read", picky)
    async with watching(whale.address, range_blocks=8) as watcher:
        await watcher.until_there()
        chain.mine(6)
        token.buy(whale, ETHER)
        assert [each.direction for each in await watcher.news()] == [1]
    assert asked[:3] == [7, 4, 2]


async def test_a_flood_is_cut_and_told(
    chain: DevChain, whale: Account, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 1)
    token = zoo.deploy(chain, zoo.honest("plain"))
    async with watching(whale.address) as watcher:
        await watcher.until_there()
        token.buy(whale, ETHER)
        token.buy(whale, ETHER)
        with capture_logs() as logged:
            assert len(await watcher.news()) == 1
    assert [(each["event"], each["left_out"]) for each in logged] == [("more transactions than are looked at", 1)]


def swap(sender: str = WALLET, value: int = 0, *, unwrapped: bool = False) -> Transaction:
    return Transaction("0x1", 1, sender, value, unwrapped)


@pytest.mark.parametrize(
    ("transaction", "moves", "told"),
    [
        (swap(), [Moved(A, WALLET, OTHER, 5), Moved(B, OTHER, WALLET, 7)], [(B, 1, 7), (A, -1, 5)]),
        (swap(value=1), [Moved(B, OTHER, WALLET, 7)], [(B, 1, 7)]),
        (swap(unwrapped=True), [Moved(A, WALLET, OTHER, 5)], [(A, -1, 5)]),
        (swap(value=1), [Moved(A, WALLET, OTHER, 5)], [(A, 0, 5)]),
        (swap(OTHER), [Moved(A, WALLET, OTHER, 5), Moved(B, OTHER, WALLET, 7)], [(B, 0, 7), (A, 0, 5)]),
        (swap(OTHER, value=1), [Moved(B, OTHER, WALLET, 7)], [(B, 0, 7)]),
        (swap(), [Moved(A, WALLET, OTHER, 5), Moved(A, OTHER, WALLET, 5)], []),
        (swap(), [Moved(A, WALLET, OTHER, 5), Moved(A, OTHER, WALLET, 2)], [(A, 0, 3)]),
        (swap(), [Moved(A, WALLET, WALLET, 5)], []),
        (swap(), [Moved(A, OTHER, B, 5)], []),
    ],
)
def test_a_swap_is_what_the_wallet_signed_and_got_something_for(
    transaction: Transaction, moves: list[Moved], told: list[tuple[str, int, int]]
) -> None:
    assert [each[:3] for each in deeds(WALLET, transaction, moves, frozenset())] == told
    assert deeds(WALLET, transaction, moves, frozenset((A, B))) == []


@pytest.mark.parametrize(
    "section",
    [
        {"wallets": {}},
        {"wallets": {"a": {"addresses": []}}},
        {"wallets": {"a": {"addresses": ["0x12"]}}},
        {"wallets": {"a": {"addresses": [WALLET]}, "b": {"addresses": [WALLET]}}},
        {"wallets": {"a": {"addresses": [WALLET]}}, "swaps": False, "transfers": False},
    ],
)
def test_wallets_that_cannot_be_watched_are_refused(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WalletWatchConfig.model_validate(section)
