"""Against anvil where a node behaves; against the fake node of conftest.py where one must misbehave."""

import asyncio
import random
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.errors import CallReverted, ConfigError, RpcError, WrongChain
from sniper.evm.abi import function
from sniper.evm.pacing import LONGEST_PAUSE, Backoff, TokenBucket
from sniper.evm.revert import Reverted, revert_reason
from sniper.evm.rpc import Endpoints, NodeError, Provider, SendKind
from sniper.evm.transaction import SigningKey, Transaction, signed, transaction_hash

from .conftest import CHAIN, RICH, Anvil, FakeNode

StartFake = Callable[..., Awaitable[FakeNode]]
SINK = "0x" + "5e" * 20
DEAD = "http://127.0.0.1:9"
ERROR_OOPS = bytes.fromhex("08c379a0") + function("e(string)").encode("oops")[4:]


async def raw_transfer(endpoints: Endpoints, key: SigningKey = RICH, **changes: Any) -> bytes:
    nonce = int(await endpoints.call("eth_getTransactionCount", (key.address, "pending")), 16)
    fields = {"nonce": nonce, "max_priority_fee": 10**9, "max_fee": 10**11, "gas": 21000, "to": SINK, "value": 1}
    payload = Transaction(chain_id=CHAIN, **{**fields, **changes}).payload()
    return signed(payload, key.sign(payload))


async def put_code(endpoints: Endpoints, address: str, code: str) -> str:
    await endpoints.call("anvil_setCode", (address, "0x" + code))
    return address


# Shared by all transports


@pytest.mark.parametrize("kind", ["http", "ws", "ipc"])
async def test_calls_batches_and_sends_over_each_transport(anvil: Anvil, kind: str) -> None:
    async with Endpoints(CHAIN, [getattr(anvil, kind)]) as endpoints:
        await endpoints.connect()
        assert await endpoints.call("eth_chainId") == hex(CHAIN)
        several = await asyncio.gather(*(endpoints.call("eth_chainId") for _ in range(20)))
        assert several == [hex(CHAIN)] * 20
        first, second = await endpoints.batch([("eth_chainId", ()), ("no_such_method", ())])
        assert first == hex(CHAIN)
        assert isinstance(second, NodeError)
        raw = await raw_transfer(endpoints)
        outcome = await endpoints.send_raw(raw)
        assert (outcome.kind, outcome.hash) == (SendKind.ACCEPTED, transaction_hash(raw))
        await endpoints.call("evm_mine")
        receipt = await endpoints.call("eth_getTransactionReceipt", (outcome.hash,))
        assert receipt["status"] == "0x1"


async def test_a_refused_call_carries_method_number_and_text(endpoints: Endpoints) -> None:
    with pytest.raises(NodeError, match="no_such_method") as caught:
        await endpoints.call("no_such_method")
    assert (caught.value.method, caught.value.number) == ("no_such_method", -32601)
    assert caught.value.code == "rpc"


# Reads


async def test_reads_are_pinned_to_their_block(endpoints: Endpoints) -> None:
    # Returns the balance of SINK, so the answer changes with the chain.
    reader = await put_code(endpoints, "0x" + "71" * 20, f"73{SINK[2:]}3160005260206000f3")
    before = await endpoints.call("eth_getBlockByNumber", ("latest", False))
    number = int(before["number"], 16)
    await endpoints.send_raw(await raw_transfer(endpoints, value=1000))
    await endpoints.call("evm_mine")
    (old,) = await endpoints.read([(reader, b"")], number)
    (same,) = await endpoints.read([(reader, b"")], before["hash"])
    (new,) = await endpoints.read([(reader, b"")], number + 1)
    assert isinstance(old, bytes)
    assert old == same
    assert isinstance(new, bytes)
    assert int.from_bytes(new, "big") - int.from_bytes(old, "big") == 1000


async def test_a_batch_of_reads_separates_what_reverts_from_what_answers(endpoints: Endpoints) -> None:
    push = "".join(f"7f{ERROR_OOPS.ljust(128, bytes(1))[at : at + 32].hex()}60{at:02x}52" for at in (0, 32, 64, 96))
    oops = await put_code(endpoints, "0x" + "72" * 20, push + f"60{len(ERROR_OOPS):02x}6000fd")
    burns = await put_code(endpoints, "0x" + "73" * 20, "5b600056")
    invalid = await put_code(endpoints, "0x" + "74" * 20, "fe")
    one = await put_code(endpoints, "0x" + "75" * 20, "600160005260206000f3")
    number = int(await endpoints.call("eth_blockNumber"), 16)
    reverted, gas, bad, good = await endpoints.read([(oops, b""), (burns, b""), (invalid, b""), (one, b"")], number)
    assert isinstance(reverted, Reverted)
    assert isinstance(reverted, CallReverted)
    assert (reverted.reason, reverted.data) == ("oops", ERROR_OOPS)
    assert isinstance(gas, Reverted)
    assert "OutOfGas" in gas.reason
    assert isinstance(bad, Reverted)
    assert good == (1).to_bytes(32, "big")


async def test_a_block_that_the_node_does_not_have_is_an_error_and_not_a_revert(endpoints: Endpoints) -> None:
    with pytest.raises(NodeError):
        await endpoints.read([(SINK, b"")], 10**9)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no reason given"),
        (ERROR_OOPS, "oops"),
        (ERROR_OOPS[:40], "malformed"),
        (bytes.fromhex("4e487b71") + (0x11).to_bytes(32, "big"), "panic 0x11: arithmetic overflow"),
        (bytes.fromhex("4e487b71") + (0x99).to_bytes(32, "big"), "panic 0x99: unknown"),
        (bytes.fromhex("e450d38c"), "custom error 0xe450d38c"),
        (b"\1", "custom error 0x01"),
        (bytes.fromhex("08c379a0") + function("e(string)").encode("a\x1b[31m\nb")[4:], "a?[31m?b"),
    ],
)
def test_revert_reasons(data: bytes, reason: str) -> None:
    assert revert_reason(data).startswith(reason)


@given(st.binary(max_size=300))
def test_any_return_data_has_a_short_printable_reason(data: bytes) -> None:
    for prefix in (b"", bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")):
        reason = revert_reason(prefix + data)
        assert reason.isprintable()
        assert len(reason) < 300


def bad_replies(node: FakeNode) -> dict[str, Callable[[Any], Any]]:
    return {
        "no JSON": lambda requests: "<html>busy</html>",
        "JSON of another shape": lambda requests: '"0x01"',
        "a wrong id": lambda requests: [{**node.answer(each), "id": 10**9} for each in requests],
        "half a batch": lambda requests: [node.answer(each) for each in requests[: len(requests) // 2]],
        "an answer twice": lambda requests: [node.answer(requests[0])] * len(requests),
        "neither result nor error": lambda requests: [{"jsonrpc": "2.0", "id": each["id"]} for each in requests],
        "no data": lambda requests: [node.answer(each, "0xzz") for each in requests],
        "a number for data": lambda requests: [node.answer(each, 7) for each in requests],
        "a rate limit": lambda requests: [node.error(each, -32005, "slow down") for each in requests],
        "an error of its own": lambda requests: [node.error(each, -32000, "header not found") for each in requests],
    }


@pytest.mark.parametrize("case", bad_replies(FakeNode(0)))
async def test_reads_go_on_to_the_next_endpoint_when_a_node_gives(fake: StartFake, case: str) -> None:
    liar, honest = await fake(), await fake()
    liar.reply = bad_replies(liar)[case]
    async with Endpoints(CHAIN, [liar.url, honest.url]) as endpoints:
        assert await endpoints.read([(SINK, b""), (SINK, b"")], 1) == [b"\1", b"\1"]
    assert liar.asked("eth_call") == 2
    assert honest.asked("eth_call") == 2


@pytest.mark.parametrize("case", ["no JSON", "a wrong id", "half a batch", "no data"])
async def test_a_lying_node_alone_is_an_error_that_names_it(fake: StartFake, case: str) -> None:
    liar = await fake()
    liar.reply = bad_replies(liar)[case]
    async with Endpoints(CHAIN, [liar.url], timeout=0.3) as endpoints:
        with pytest.raises(RpcError, match=liar.url):
            await endpoints.read([(SINK, b""), (SINK, b"")], 1)


async def test_answers_in_another_order_are_put_in_order(fake: StartFake) -> None:
    node = await fake()
    node.reply = lambda requests: [node.answer(each, f"0x{at:02x}") for at, each in enumerate(requests)][::-1]
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        assert await endpoints.read([(SINK, b"")] * 3, 1) == [b"\0", b"\1", b"\2"]


async def test_a_contract_cannot_turn_readers_away_by_what_it_reverts_with(fake: StartFake) -> None:
    node = await fake()
    node.reply = lambda requests: [node.error(each, 3, "execution reverted: rate limit") for each in requests]
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        (result,) = await endpoints.read([(SINK, b"")], 1)
        assert isinstance(result, Reverted)
        assert endpoints.endpoints[0].healthy


async def test_a_dead_endpoint_is_passed_over_and_then_left_alone(fake: StartFake) -> None:
    node = await fake()
    async with Endpoints(CHAIN, [DEAD, node.url]) as endpoints:
        await endpoints.call("eth_blockNumber")
        dead = endpoints.endpoints[0]
        assert not dead.healthy
        assert dead.failure is not None
        assert "127.0.0.1:9" in str(dead.failure)
        await endpoints.call("eth_blockNumber")
        assert node.asked("eth_blockNumber") == 2


@pytest.mark.parametrize("url", [DEAD, "ws://127.0.0.1:9", "/nowhere/node.ipc"])
async def test_only_dead_endpoints_are_an_error_within_the_timeout(url: str) -> None:
    async with Endpoints(CHAIN, [url], timeout=0.3) as endpoints:
        with pytest.raises(RpcError, match=r"no endpoint answered eth_blockNumber within 0\.3 s: .* cannot be reached"):
            await endpoints.call("eth_blockNumber")


async def test_a_silent_endpoint_is_left_after_the_attempt_timeout(fake: StartFake) -> None:
    silent, node = await fake(), await fake()
    silent.hold = asyncio.Event()
    async with Endpoints(CHAIN, [silent.url, node.url], attempt_timeout=0.1) as endpoints:
        assert await endpoints.call("eth_blockNumber") == "0x01"
        assert "did not answer within 0." in str(endpoints.endpoints[0].failure)
    silent.hold.set()


async def test_an_endpoint_that_recovers_is_used_again(fake: StartFake) -> None:
    node = await fake()
    busy = iter([True, False])
    node.reply = lambda requests: "busy" if next(busy) else [node.answer(each) for each in requests]
    async with Endpoints(CHAIN, [node.url], timeout=5.0, rng=random.Random(1)) as endpoints:
        assert await endpoints.call("eth_blockNumber") == "0x01"
        assert endpoints.endpoints[0].healthy
    assert node.asked("eth_chainId") == 2, "the chain is verified again after a failure"


# The wrong chain, and what must not be shown


async def test_another_chain_names_both_ids_and_the_endpoint(anvil: Anvil) -> None:
    async with Endpoints(1, [anvil.http + "/?key=SECRETKEY"]) as endpoints:
        for attempt in (endpoints.connect(), endpoints.call("eth_blockNumber"), endpoints.send_raw(b"\2")):
            with pytest.raises(WrongChain) as caught:
                await attempt
            assert f"{anvil.http} serves chain {CHAIN}, but the config says chain 1" in str(caught.value)
            assert "SECRETKEY" not in str(caught.value)


async def test_reads_avoid_an_endpoint_of_another_chain(fake: StartFake) -> None:
    other, right = await fake(5), await fake()
    async with Endpoints(CHAIN, [other.url, right.url]) as endpoints:
        await endpoints.call("eth_blockNumber")
    assert other.asked("eth_blockNumber") == 0


@pytest.mark.parametrize("scheme", ["http", "ws"])
@pytest.mark.parametrize("case", ["dead", "garbage", "refused"])
async def test_no_error_shows_the_key_in_a_url(fake: StartFake, scheme: str, case: str) -> None:
    node = await fake()
    node.reply = lambda requests: "garbage"
    node.status = 401 if case == "refused" else 200
    host = "127.0.0.1:9" if case == "dead" else node.url.removeprefix("http://")
    url = f"{scheme}://user:SECRETPASS@{host}/v3/SECRETKEY?token=SECRETTOKEN"
    async with Endpoints(CHAIN, [Provider(url=url)], timeout=0.3) as endpoints:
        with pytest.raises(RpcError) as caught:
            await endpoints.call("eth_blockNumber")
        text = "".join(traceback.format_exception(caught.value)) + repr(endpoints.endpoints) + repr(Provider(url=url))
    assert "SECRET" not in text


def test_an_address_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        Endpoints(CHAIN, ["SECRETKEY"])
    assert "SECRETKEY" not in str(caught.value)
    with pytest.raises(ConfigError, match="no endpoint"):
        Endpoints(CHAIN, [])


# Sends


async def test_a_node_s_refusals_of_a_transaction_are_typed(endpoints: Endpoints) -> None:
    used = await raw_transfer(endpoints)
    assert (await endpoints.send_raw(used)).kind is SendKind.ACCEPTED
    await endpoints.call("evm_mine")
    conflicting = await raw_transfer(endpoints, nonce=0, value=2)
    assert (await endpoints.send_raw(conflicting)).kind is SendKind.NONCE_TOO_LOW
    poor = await raw_transfer(endpoints, SigningKey(b"\x42" * 32))
    assert (await endpoints.send_raw(poor)).kind is SendKind.INSUFFICIENT_FUNDS
    cheap = await raw_transfer(endpoints, max_fee=1, max_priority_fee=0)
    assert (await endpoints.send_raw(cheap)).kind is SendKind.UNDERPRICED
    starved = await endpoints.send_raw(await raw_transfer(endpoints, gas=20999))
    assert starved.kind is SendKind.REJECTED
    assert "gas" in starved.message
    await endpoints.call("evm_setAutomine", (False,))
    try:
        waiting = await raw_transfer(endpoints)
        assert (await endpoints.send_raw(waiting)).kind is SendKind.ACCEPTED
        known = await endpoints.send_raw(waiting)
        assert (known.kind, known.hash) == (SendKind.KNOWN, transaction_hash(waiting))
    finally:
        await endpoints.call("evm_setAutomine", (True,))
        await endpoints.call("evm_mine")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("already known", SendKind.KNOWN),
        ("ALREADY_EXISTS: already known", SendKind.KNOWN),
        ("AlreadyKnown", SendKind.KNOWN),
        ("OldNonce", SendKind.NONCE_TOO_LOW),
        ("nonce too low: next nonce 5, tx nonce 4", SendKind.NONCE_TOO_LOW),
        ("replacement transaction underpriced", SendKind.UNDERPRICED),
        ("max fee per gas less than block base fee: address 0x…", SendKind.UNDERPRICED),
        ("insufficient funds for gas * price + value", SendKind.INSUFFICIENT_FUNDS),
        ("Upfront cost exceeds account balance", SendKind.INSUFFICIENT_FUNDS),
        ("exceeds block gas limit", SendKind.REJECTED),
    ],
)
async def test_the_words_of_other_nodes_are_understood(fake: StartFake, words: str, kind: SendKind) -> None:
    node = await fake()
    node.reply = lambda requests: [node.error(requests[0], -32000, words)]
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        outcome = await endpoints.send_raw(b"\2raw")
    assert (outcome.kind, outcome.message) == (kind, words)


async def test_a_failed_send_is_not_repeated_elsewhere(fake: StartFake) -> None:
    silent, node = await fake(), await fake()
    silent.reply = lambda requests: "garbage"
    async with Endpoints(CHAIN, [silent.url, node.url]) as endpoints:
        with pytest.raises(RpcError):
            await endpoints.send_raw(b"\2raw")
    assert silent.asked("eth_sendRawTransaction") == 1
    assert node.asked("eth_sendRawTransaction") == 0


async def test_a_node_that_confirms_another_transaction_is_not_believed(fake: StartFake) -> None:
    node = await fake()
    node.reply = lambda requests: [node.answer(requests[0], "0x" + "ab" * 32)]
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        with pytest.raises(RpcError, match="outcome is unknown"):
            await endpoints.send_raw(b"\2raw")


async def sent_to_all(fake: StartFake, *replies: Callable[[FakeNode, Any], Any]) -> tuple[Sequence[FakeNode], Any]:
    nodes = []
    for reply in replies:
        node = await fake()
        node.reply = partial(reply, node)
        nodes.append(node)
    async with Endpoints(CHAIN, [node.url for node in nodes]) as endpoints:
        try:
            outcome: Any = await endpoints.send_raw(b"\2raw", to="all")
        except RpcError as error:
            outcome = error
        await asyncio.gather(*endpoints._sending, return_exceptions=True)
    return nodes, outcome


def accepts(node: FakeNode, requests: Any) -> Any:
    return [node.answer(requests[0], transaction_hash(b"\2raw"))]


def refuses(words: str) -> Callable[[FakeNode, Any], Any]:
    return lambda node, requests: [node.error(requests[0], -32000, words)]


async def test_sending_to_all_gives_the_same_bytes_to_each_and_takes_the_acceptance(fake: StartFake) -> None:
    nodes, outcome = await sent_to_all(fake, refuses("nonce too low"), accepts, lambda node, requests: "garbage")
    assert [node.asked("eth_sendRawTransaction") for node in nodes] == [1, 1, 1]
    assert outcome.kind is SendKind.ACCEPTED


async def test_known_by_one_outweighs_a_failure_of_another(fake: StartFake) -> None:
    _, outcome = await sent_to_all(fake, lambda node, requests: "garbage", refuses("already known"))
    assert outcome.kind is SendKind.KNOWN


async def test_a_refusal_beside_a_failure_leaves_the_outcome_unknown(fake: StartFake) -> None:
    _, outcome = await sent_to_all(fake, lambda node, requests: "garbage", refuses("nonce too low"))
    assert isinstance(outcome, RpcError)


# Subscriptions, over web3.py


@pytest.mark.parametrize("kind", ["ws", "ipc"])
async def test_subscriptions_yield_heads_and_logs_as_the_node_sent_them(anvil: Anvil, kind: str) -> None:
    emitter = "0x" + "76" * 20
    async with Endpoints(CHAIN, [anvil.http, getattr(anvil, kind)]) as endpoints:
        await put_code(endpoints, emitter, "602a60005260206000a0")
        stream = endpoints.subscriptions(("newHeads",), ("logs", {"address": emitter}))
        found: dict[int, Any] = {}
        async with aclosing(stream) as notifications, asyncio.timeout(60):
            while len(found) < 2:
                following = asyncio.ensure_future(anext(notifications))
                while not following.done():
                    await endpoints.send_raw(await raw_transfer(endpoints, to=emitter, gas=100_000, value=0))
                    await asyncio.wait([following], timeout=0.2)
                which, result = following.result()
                found[which] = result
    assert found[0]["number"].startswith("0x")
    assert (found[1]["address"], found[1]["data"]) == (emitter, "0x" + (42).to_bytes(32, "big").hex())


async def test_subscriptions_need_an_endpoint_that_has_them(anvil: Anvil) -> None:
    async with Endpoints(CHAIN, [anvil.http]) as endpoints:
        with pytest.raises(RpcError, match="ws://"):
            await anext(endpoints.subscriptions(("newHeads",)))


async def test_subscriptions_to_another_chain_or_to_nobody_are_errors_without_the_key(anvil: Anvil) -> None:
    async with Endpoints(1, [anvil.ws + "/?key=SECRETKEY"]) as endpoints:
        with pytest.raises(WrongChain):
            await anext(endpoints.subscriptions(("newHeads",)))
    async with Endpoints(CHAIN, ["ws://127.0.0.1:9/SECRETKEY"]) as endpoints:
        with pytest.raises(RpcError) as caught:
            await anext(endpoints.subscriptions(("newHeads",)))
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


# Pacing


@given(st.lists(st.tuples(st.integers(1, 8), st.floats(0, 2)), max_size=30))
def test_a_budget_is_never_exceeded_by_who_waits(uses: list[tuple[int, float]]) -> None:
    bucket, now, spent = TokenBucket(rate=3.0, burst=5), 0.0, 0
    for cost, pause in uses:
        now += pause
        now += bucket.wait(cost, now)
        assert bucket.wait(cost, now) < 1e-6
        bucket.take(cost, now)
        spent += cost
        assert spent <= 5 + 3.0 * now + max(0, cost - 5) + 1e-6


@given(st.integers(0), st.integers(1, 40))
def test_pauses_double_with_jitter_up_to_a_ceiling(seed: int, failures: int) -> None:
    backoff = Backoff(random.Random(seed))
    for _ in range(failures):
        backoff.failed(100.0, 100.0)
    longest = min(LONGEST_PAUSE, 0.2 * 2 ** (failures - 1))
    assert longest / 2 <= backoff.until - 100.0 <= longest
    backoff.succeeded()
    assert (backoff.failures, backoff.until) == (0, 0.0)


async def test_a_spent_budget_moves_reads_to_another_endpoint(fake: StartFake) -> None:
    small, large = await fake(), await fake()
    async with Endpoints(CHAIN, [Provider(url=small.url, rate=0.001, burst=3), large.url]) as endpoints:
        for _ in range(6):
            await endpoints.call("eth_blockNumber")
    assert sum(map(len, small.seen)) <= 3
    assert large.asked("eth_blockNumber") >= 4
