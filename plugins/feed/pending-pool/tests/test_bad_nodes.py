"""Nodes that tell hashes alone, offer little, are refused, or send nonsense."""

from typing import Any

from structlog.testing import capture_logs
from told_by_nodes import transaction

from sniper.events import OwnTransaction, PendingCall, PendingLiquidity, PoolTips
from sniper_feed_pending_pool.source import MOST_NONSENSE
from sniper_sdk.devchain.abi import calldata

BODIES: list[Any] = ["newPendingTransactions", True]
HASHES: list[Any] = ["newPendingTransactions"]
OPENS = "0x" + calldata("openTrading()").hex()


def opening(number: int, **changed: Any) -> dict[str, Any]:
    return transaction(number, **{"input": OPENS, **changed})


async def test_hashes_are_asked_for_in_batches_and_once(fake: Any, readers: Any) -> None:
    fake.subscribes = [HASHES]
    fake.pool = {each["hash"]: each for each in map(opening, range(1, 6))}
    reader = readers(fake.ws)
    await reader.listens()
    await fake.announce(*fake.pool, *fake.pool)
    await reader.find(PendingCall, 5)
    await reader.waits(lambda: reader.feed.sources[0].taken >= 15)
    assert [each.tx_hash for each in reader.hints] == list(fake.pool)
    asked = [params[0] for method, params in fake.asked if method == "eth_getTransactionByHash"]
    assert sorted(asked) == sorted(set(asked))


async def test_a_hash_that_nobody_knows_any_more_is_counted(fake: Any, readers: Any) -> None:
    fake.subscribes = [HASHES]
    fake.pool = {opening(2)["hash"]: opening(2)}
    reader = readers(fake.ws)
    await reader.listens()
    await fake.announce(opening(1)["hash"], opening(2)["hash"])
    await reader.find(PendingCall)
    assert reader.feed.lost == {"announced and not told": 1}


async def test_a_node_without_subscriptions_and_filters_shows_its_whole_pool(fake: Any, readers: Any) -> None:
    def answer(method: str, params: list[Any]) -> Any:
        if method == "txpool_content":
            return {"pending": {"0x1": {"1": opening(1), "2": opening(2)}}, "queued": {"0x2": {"9": opening(3)}}}
        return fake.usual(method, params)

    fake.answer = answer
    reader = readers(fake.ws, fake.http)
    await reader.listens(2)
    found = await reader.find(PendingCall, 2)
    assert [each.tx_hash for each in found] == [opening(1)["hash"], opening(2)["hash"]]


async def test_a_filter_that_the_node_forgot_is_made_again(fake: Any, readers: Any) -> None:
    changes: list[Any] = [[opening(1)], LookupError("filter not found"), [opening(1), opening(2)]]

    def answer(method: str, params: list[Any]) -> Any:
        if method == "eth_newPendingTransactionFilter":
            return "0xf"
        if method == "eth_getFilterChanges":
            each = changes.pop(0) if changes else []
            if isinstance(each, LookupError):
                raise each
            return each
        return fake.usual(method, params)

    fake.answer = answer
    reader = readers(fake.http)
    await reader.listens()
    found = await reader.find(PendingCall, 2)
    assert [each.tx_hash for each in found] == [opening(1)["hash"], opening(2)["hash"]]


async def test_a_node_that_shows_no_pool_is_named_once_and_stops_nothing(fake: Any, readers: Any) -> None:
    with capture_logs() as logs:
        reader = readers(fake.http)
        await reader.start()
        await reader.waits(lambda: any(each["event"] == "an endpoint does not show its pool" for each in logs))
    assert "neither eth_subscribe" in logs[0]["reason"]
    assert reader.seen == []  # no tips of a pool that nobody shows


async def test_nonsense_is_counted_and_what_is_sound_among_it_is_told(fake: Any, readers: Any) -> None:
    fake.subscribes = [BODIES]
    reader = readers(fake.ws)
    await reader.listens()
    huge = opening(2, input="0xe8e33700" + "00" * 140_000)
    torn = transaction(3, input="0xe8e33700" + "00" * 31)
    other = opening(4, chainId="0x1")
    nonsense: tuple[Any, ...] = (None, 5, "0x12", [], {}, {"hash": "0x1"}, {**opening(5), "from": "me"}, torn, other)
    await fake.announce(*nonsense, huge, opening(1))
    (event,) = await reader.find(PendingCall)
    assert event.tx_hash == opening(1)["hash"]
    assert reader.feed.lost == {"pending-nonsense": len(nonsense), "pending-too-large": 1}
    with capture_logs() as logs:
        reader.feed.tell()
    assert logs[0]["pending-nonsense"] == len(nonsense)
    assert not reader.feed.lost


async def test_a_node_that_sends_nothing_but_nonsense_is_left_and_asked_again(fake: Any, readers: Any) -> None:
    fake.subscribes = [BODIES]
    reader = readers(fake.ws)
    await reader.listens()
    with capture_logs() as logs:
        await fake.announce(*[{}] * MOST_NONSENSE)
        await reader.waits(lambda: bool(logs))
    assert f"{MOST_NONSENSE} things in a row" in logs[0]["reason"]
    await reader.listens()
    await fake.announce(opening(1))
    await reader.find(PendingCall)


async def test_a_flood_of_hints_is_cut_and_counted_and_own_transactions_are_not(fake: Any, readers: Any) -> None:
    fake.subscribes = [BODIES]
    own = "0x" + "0a" * 20
    reader = readers(fake.ws, own=own, max_events=3)
    await reader.listens()
    await fake.announce(*(opening(number) for number in range(1, 60)))
    await fake.announce(*(opening(number, **{"from": own}) for number in range(60, 70)))
    await reader.find(OwnTransaction, 10)
    told = [each for each in reader.hints if isinstance(each, PendingCall)]
    assert len(told) + reader.feed.lost["more hints than max_events"] == 69
    assert reader.feed.lost["more hints than max_events"] >= 40


async def test_memory_is_bounded(fake: Any, readers: Any) -> None:
    fake.subscribes = [BODIES]
    reader = readers(fake.ws, most=100)
    await reader.listens()
    await fake.announce(*(transaction(number) for number in range(1, 500)), opening(500))
    await reader.find(PendingCall)
    reader.feed.tell()
    wanted = {(10**9, 100_000 * 100)}
    await reader.until(lambda: [e for e in reader.seen if isinstance(e, PoolTips) and set(e.offers) == wanted])


async def test_a_block_that_no_node_tells_leaves_the_hints_alone(fake: Any, readers: Any) -> None:
    fake.subscribes = [BODIES]
    for block in (None, {"hash": 1}, "nonsense"):
        fake.answer = lambda method, params, block=block: (
            block if method == "eth_getBlockByNumber" else fake.usual(method, params)
        )
        reader = readers(fake.ws)
        await reader.listens()
        await reader.waits(lambda reader=reader: reader.feed.lost["blocks that no endpoint told"] > 0)
        await fake.announce(
            transaction(1, input="0x" + calldata("createPair(address,address)", *["0x" + "01" * 20] * 2).hex())
        )
        await reader.find(PendingLiquidity)
        assert not any(isinstance(each, PoolTips) for each in reader.seen)
        await reader.stop()


async def test_a_node_that_takes_subscriptions_and_hangs_up_is_asked_ever_less_often(fake: Any, readers: Any) -> None:
    fake.subscribes = [BODIES]
    reader = readers(fake.ws)
    source = reader.feed.sources[0]
    for failures in (1, 2, 3):
        await reader.listens()
        await fake.hang_up()
        await reader.waits(lambda: not source.up)
        assert source._backoff.failures == failures


async def test_what_waits_of_own_addresses_before_anybody_listened_is_asked_for(fake: Any, readers: Any) -> None:
    own, before = "0x" + "0a" * 20, transaction(1, **{"from": "0x" + "0a" * 20})
    fake.subscribes = [BODIES]
    answers: list[Any] = [
        {"pending": {"1": before}, "queued": {"9": opening(9, **{"from": own})}},
        "nonsense",
        {"a": 1},
    ]

    def answer(method: str, params: list[Any]) -> Any:
        if method == "txpool_contentFrom":
            assert params == [own]
            return answers.pop(0) if answers else {}
        return fake.usual(method, params)

    fake.answer = answer
    reader = readers(fake.ws, own=own)
    await reader.listens()
    found = await reader.find(OwnTransaction, 2)
    assert [each.tx_hash for each in found] == [before["hash"], opening(9)["hash"]]
    while answers:  # after each connection, and nonsense for an answer ends nothing
        left = len(answers)
        await fake.hang_up()
        await reader.waits(lambda left=left: len(answers) < left)
    await reader.listens()
    await fake.announce(opening(2))
    await reader.until(lambda: [each for each in reader.hints if each.tx_hash == opening(2)["hash"]])
