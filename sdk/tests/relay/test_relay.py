"""Relay and builder on a real node: what is in a block, in which order, and what a relay gets wrong on demand."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest
from eth_account import Account as Wallet
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from sniper.evm.keccak import keccak256
from sniper.evm.transaction import SigningKey, transaction_hash
from sniper_sdk.devchain import Account, DevChain
from sniper_sdk.relay import BlockDiffers, Builder, Fault, FaultKind, Faults, Refused, Relay, header, signer_of

GWEI, ETHER = 10**9, 10**18
ME = SigningKey(keccak256(b"reputation of one"))
OTHER = SigningKey(keccak256(b"reputation of another"))
COINBASE = "0x" + "00" * 20
"""Of the dev chain: what is sent to it is a direct payment to whoever builds the block."""

Ask = Callable[..., Awaitable[Any]]


class Said(Exception):
    """A JSON-RPC error."""


@pytest.fixture(scope="module")
def node() -> Iterator[DevChain]:
    with DevChain(automine=False, order="fifo") as running:
        yield running


@pytest.fixture
def chain(node: DevChain) -> Iterator[DevChain]:
    at = node.snapshot()
    yield node
    node.rpc.call("anvil_dropAllTransactions")
    node.revert(at)


@pytest.fixture
def builder(chain: DevChain) -> Builder:
    return Builder(chain)


@pytest.fixture
async def relay(builder: Builder) -> AsyncIterator[Relay]:
    async with Relay(builder) as running:
        yield running


@pytest.fixture
async def ask(relay: Relay) -> AsyncIterator[Ask]:
    """One request, signed by ``key`` unless that is None. Raises `Said`."""
    async with aiohttp.ClientSession() as session:

        async def asked(method: str, *params: Any, key: SigningKey | None = ME, to: Relay = relay) -> Any:
            body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).encode()
            headers = {"X-Flashbots-Signature": header(key, body)} if key else {}
            async with session.post(to.url, data=body, headers=headers) as response:
                told = json.loads(await response.read())
            if "error" in told:
                raise Said(told["error"]["message"])
            return told["result"]

        yield asked


def signed(
    chain: DevChain,
    sender: Account,
    *,
    nonce: int | None = None,
    tip: int = GWEI,
    max_fee: int = 100 * GWEI,
    to: str = "0x" + "11" * 20,
    value: int = 1,
    data: bytes = b"",
    gas: int = 100_000,
) -> str:
    raw = sender.sign(
        {
            "type": 2, "chainId": chain.chain_id, "nonce": chain.nonce(sender.address) if nonce is None else nonce,
            "maxPriorityFeePerGas": tip, "maxFeePerGas": max_fee, "gas": gas, "value": value, "data": data, "to": to,
        }
    )  # fmt: skip
    return "0x" + raw.hex()


def hash_of(raw: str) -> str:
    return transaction_hash(bytes.fromhex(raw[2:]))


def reverting(chain: DevChain, sender: Account, **options: Any) -> str:
    """Withdraws ether that it never wrapped."""
    data = bytes.fromhex("2e1a7d4d") + (5).to_bytes(32, "big")
    return signed(chain, sender, to=chain.addresses.weth, value=0, data=data, **options)


def target(chain: DevChain, ahead: int = 1) -> str:
    return hex(chain.block_number() + ahead)


# ---- who asks ----


def test_the_signature_is_the_one_that_flashbots_documents() -> None:
    body = b'{"jsonrpc":"2.0"}'
    wallet = Wallet.from_key(keccak256(b"reputation of one"))
    theirs = wallet.sign_message(encode_defunct(text="0x" + keccak256(body).hex())).signature.hex()
    assert signer_of(f"{wallet.address}:0x{theirs.removeprefix('0x')}", body) == ME.address == wallet.address.lower()
    recovered = Wallet.recover_message(
        encode_defunct(text="0x" + keccak256(body).hex()), signature=header(ME, body).partition(":")[2]
    )
    assert recovered.lower() == ME.address


@pytest.mark.parametrize("value", [None, "", "0x11:0x22", f"{ME.address}:zz", header(OTHER, b"body")[:30], "no colon"])
def test_a_signature_that_cannot_be_read_is_refused(value: str | None) -> None:
    with pytest.raises(Refused):
        signer_of(value, b"body")


def test_a_signature_of_another_body_or_another_ones_name_is_refused() -> None:
    with pytest.raises(Refused):
        signer_of(header(ME, b"body"), b"another body")
    with pytest.raises(Refused):
        signer_of(f"{ME.address}:{header(OTHER, b'body').partition(':')[2]}", b"body")


async def test_what_is_private_needs_a_signature_and_what_is_public_none(chain: DevChain, ask: Ask) -> None:
    raw = signed(chain, chain.accounts[0])
    for method, params in [
        ("eth_sendPrivateTransaction", {"tx": raw}),
        ("eth_sendBundle", {"txs": [raw]}),
        ("eth_callBundle", {"txs": [raw]}),
        ("mev_sendBundle", {}),
        ("eth_cancelBundle", {"replacementUuid": "a"}),
    ]:
        with pytest.raises(Said, match="missing X-Flashbots-Signature"):
            await ask(method, params, key=None)
    assert await ask("eth_sendRawTransaction", raw, key=None) == hash_of(raw)


# ---- blocks ----


async def test_a_block_is_ordered_by_what_is_paid_per_gas_direct_payments_included(
    chain: DevChain, builder: Builder, ask: Ask
) -> None:
    cheap, dear, paying = chain.accounts[:3]
    low = signed(chain, cheap, tip=GWEI)
    high = signed(chain, dear, tip=3 * GWEI)
    direct = signed(chain, paying, tip=1, to=COINBASE, value=10**15, gas=21_000)
    await ask("eth_sendRawTransaction", low)
    await ask("eth_sendRawTransaction", high)
    await ask("eth_sendBundle", {"txs": [direct], "blockNumber": target(chain)})
    assert builder.build().included == (hash_of(direct), hash_of(high), hash_of(low))


async def test_a_bundle_with_a_transaction_that_reverts_is_left_out_as_a_whole(
    chain: DevChain, builder: Builder, ask: Ask
) -> None:
    good, bad = signed(chain, chain.accounts[0]), reverting(chain, chain.accounts[1])
    other = signed(chain, chain.accounts[2])
    await ask("eth_sendBundle", {"txs": [good, bad], "blockNumber": target(chain)})
    await ask("eth_sendRawTransaction", other)
    built = builder.build()
    assert built.included == (hash_of(other),)
    assert list(built.left_out.values()) == [f"{hash_of(bad)} reverts"]
    assert chain.nonce(chain.accounts[0].address) == 0


async def test_a_transaction_that_may_revert_stays_in_its_bundle_and_one_that_may_be_dropped_goes(
    chain: DevChain, builder: Builder, ask: Ask
) -> None:
    good, bad = signed(chain, chain.accounts[0]), reverting(chain, chain.accounts[1])
    asked = {"txs": [bad, good], "blockNumber": target(chain)}
    await ask("eth_sendBundle", {**asked, "droppingTxHashes": [hash_of(bad)]})
    assert builder.build().included == (hash_of(good),)
    again = signed(chain, chain.accounts[0])
    asked = {"txs": [bad, again], "blockNumber": target(chain)}
    await ask("eth_sendBundle", {**asked, "revertingTxHashes": [hash_of(bad)]})
    assert builder.build().included == (hash_of(bad), hash_of(again))


async def test_a_bundle_is_in_its_target_block_or_in_none(chain: DevChain, builder: Builder, ask: Ask) -> None:
    raw = signed(chain, chain.accounts[0])
    await ask("eth_sendBundle", {"txs": [raw], "blockNumber": target(chain, 2)})
    assert builder.build().included == ()
    assert builder.build().included == (hash_of(raw),)
    late = signed(chain, chain.accounts[0])
    await ask("eth_sendBundle", {"txs": [late], "blockNumber": target(chain)})
    chain.mine()
    assert builder.build().included == ()
    with pytest.raises(Said, match="there already"):
        await ask("eth_sendBundle", {"txs": [late], "blockNumber": target(chain, 0)})


async def test_a_bundle_waits_for_its_time(chain: DevChain, builder: Builder, ask: Ask) -> None:
    raw, next_time = signed(chain, chain.accounts[0]), chain.timestamp() + chain.block_interval
    await ask("eth_sendBundle", {"txs": [raw], "blockNumber": target(chain), "maxTimestamp": next_time - 1})
    assert builder.build().included == ()
    await ask("eth_sendBundle", {"txs": [raw], "blockNumber": target(chain), "minTimestamp": next_time + 12})
    assert builder.build().included == (hash_of(raw),)


async def test_a_bundle_whose_transaction_another_one_brought_first_drops_it_where_it_may(
    chain: DevChain, builder: Builder, ask: Ask
) -> None:
    sender = chain.accounts[0]
    first, second = signed(chain, sender, nonce=0, tip=5 * GWEI), signed(chain, sender, nonce=1)
    await ask("eth_sendBundle", {"txs": [first], "blockNumber": target(chain)})
    both = {"txs": [first, second], "blockNumber": target(chain)}
    await ask("eth_sendBundle", {**both, "droppingTxHashes": [hash_of(first)]})
    assert builder.build().included == (hash_of(first), hash_of(second))


async def test_nonces_are_used_in_order_and_what_has_none_yet_waits(
    chain: DevChain, builder: Builder, ask: Ask
) -> None:
    sender = chain.accounts[0]
    one, two, four = (signed(chain, sender, nonce=n, tip=t * GWEI) for n, t in ((0, 1), (1, 9), (3, 9)))
    for raw in (four, two, one):
        await ask("eth_sendRawTransaction", raw)
    assert await ask("eth_getTransactionCount", sender.address, "pending") == "0x2"
    assert builder.build().included == (hash_of(one), hash_of(two))
    three = signed(chain, sender, nonce=2)
    await ask("eth_sendRawTransaction", three)
    assert builder.build().included == (hash_of(three), hash_of(four))


async def test_a_replacement_must_outbid_by_ten_percent_in_both_fees(
    chain: DevChain, builder: Builder, ask: Ask
) -> None:
    sender = chain.accounts[0]
    await ask("eth_sendRawTransaction", signed(chain, sender, tip=10 * GWEI))
    for tip, max_fee in ((10 * GWEI, 100 * GWEI + 1), (11 * GWEI, 109 * GWEI), (10 * GWEI, 110 * GWEI)):
        with pytest.raises(Said, match="replacement transaction underpriced"):
            await ask("eth_sendRawTransaction", signed(chain, sender, tip=tip, max_fee=max_fee))
    better = signed(chain, sender, tip=11 * GWEI, max_fee=110 * GWEI)
    await ask("eth_sendRawTransaction", better)
    with pytest.raises(Said, match="already known"):
        await ask("eth_sendRawTransaction", better)
    assert builder.build().included == (hash_of(better),)
    with pytest.raises(Said, match="nonce too low"):
        await ask("eth_sendRawTransaction", better)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"value": 20_000 * ETHER}, "insufficient funds"),
        ({"max_fee": 1, "tip": 1}, "underpriced"),
        ({"tip": 0}, "unde"),
    ],
)
async def test_what_no_pool_would_take_is_refused_in_geths_words(
    chain: DevChain, ask: Ask, options: dict[str, int], words: str
) -> None:
    raw = signed(chain, chain.accounts[0], **options)
    with pytest.raises(Said, match=words):
        await ask("eth_sendRawTransaction", raw)
    with pytest.raises(Said, match=words):
        await ask("eth_sendPrivateTransaction", {"tx": raw})


async def test_a_block_that_another_builder_won_takes_nothing_from_what_waits(
    chain: DevChain, builder: Builder, ask: Ask
) -> None:
    raw = signed(chain, chain.accounts[0])
    await ask("eth_sendRawTransaction", raw)
    chain.send(chain.accounts[1], "0x" + "22" * 20, value=1)
    assert builder.build().included == (hash_of(raw),)


async def test_what_was_sent_to_the_node_itself_is_told_instead_of_mined_unseen(
    chain: DevChain, builder: Builder
) -> None:
    chain.submit(chain.accounts[0], "0x" + "22" * 20)
    with pytest.raises(BlockDiffers, match="to a relay's URL"):
        builder.build()


# ---- private ----


async def test_a_private_transaction_is_in_no_public_pool_and_never_reverts_on_chain(
    chain: DevChain, builder: Builder, ask: Ask
) -> None:
    good, bad = signed(chain, chain.accounts[0]), reverting(chain, chain.accounts[1])
    await ask("eth_sendPrivateTransaction", {"tx": good})
    await ask("eth_sendPrivateTransaction", {"tx": bad})
    assert await ask("eth_getTransactionCount", chain.accounts[0].address, "pending") == "0x0"
    assert builder.build().included == (hash_of(good),)


async def test_a_private_transaction_expires_and_is_cancelled_by_its_sender_alone(
    chain: DevChain, builder: Builder, ask: Ask, relay: Relay
) -> None:
    raw = signed(chain, chain.accounts[0])
    relay.faults.add(Fault(FaultKind.CENSOR))
    await ask("eth_sendPrivateTransaction", {"tx": raw, "maxBlockNumber": target(chain, 2)})
    assert [builder.build().included for _ in range(2)] == [(), ()]
    relay.faults.clear()
    assert builder.build().included == ()
    await ask("eth_sendPrivateTransaction", {"tx": raw})
    assert not await ask("eth_cancelPrivateTransaction", {"txHash": hash_of(raw)}, key=OTHER)
    assert await ask("eth_cancelPrivateTransaction", {"txHash": hash_of(raw)})
    assert not await ask("eth_cancelPrivateTransaction", {"txHash": hash_of(raw)})
    assert builder.build().included == ()


# ---- bundles ----


async def test_a_bundle_is_replaced_and_cancelled_by_its_uuid_and_by_nobody_else(
    chain: DevChain, builder: Builder, ask: Ask
) -> None:
    first, second = signed(chain, chain.accounts[0]), signed(chain, chain.accounts[1])
    for raw in (first, second):
        await ask("eth_sendBundle", {"txs": [raw], "blockNumber": target(chain), "replacementUuid": "one"})
    await ask("eth_cancelBundle", {"replacementUuid": "one"}, key=OTHER)
    assert builder.build().included == (hash_of(second),)
    await ask("eth_sendBundle", {"txs": [first], "blockNumber": target(chain), "replacementUuid": "one"})
    await ask("eth_cancelBundle", {"replacementUuid": "one"})
    assert builder.build().included == ()
    await ask("eth_sendBundle", {"txs": [first], "blockNumber": target(chain), "replacementUuid": "one"})
    await ask("eth_sendBundle", {"txs": [], "replacementUuid": "one"})
    assert builder.build().included == ()


async def test_a_bundle_is_simulated_with_what_each_transaction_did_and_why_it_reverts(
    chain: DevChain, ask: Ask
) -> None:
    sender = chain.accounts[0]
    good = signed(chain, sender, nonce=0, tip=2 * GWEI, gas=21_000)
    token = bytes.fromhex("23b872dd") + bytes(12) + bytes.fromhex(sender.address[2:]) + bytes(63) + b"\x01"
    bad = signed(chain, sender, nonce=1, to=chain.addresses.v2_router, value=0, data=token)
    found = await ask("eth_callBundle", {"txs": [good, bad], "blockNumber": target(chain)})
    ok, failed = found["results"]
    assert (ok["txHash"], ok["gasUsed"]) == (hash_of(good), 21_000)
    assert "error" not in ok
    assert failed["error"] == "execution reverted"
    assert found["coinbaseDiff"] == str(2 * GWEI * 21_000 + GWEI * failed["gasUsed"])
    with pytest.raises(Said, match="nonce too high"):
        await ask("eth_callBundle", {"txs": [bad], "blockNumber": target(chain)})
    assert chain.nonce(sender.address) == 0


async def test_a_mev_share_bundle_is_valid_over_a_range_of_blocks_and_holds_own_transactions_only(
    chain: DevChain, builder: Builder, ask: Ask
) -> None:
    raw = signed(chain, chain.accounts[0])
    inclusion = {"block": target(chain), "maxBlock": target(chain, 2)}
    whole = {"version": "v0.1", "inclusion": inclusion, "body": [{"tx": raw, "canRevert": False}]}
    with pytest.raises(Said, match="one's own"):
        await ask("mev_sendBundle", {**whole, "body": [{"hash": "0x" + "11" * 32}, {"tx": raw}]})
    with pytest.raises(Said, match="write v0"):
        await ask("mev_sendBundle", {**whole, "version": "v9"})
    await ask("mev_sendBundle", whole)
    chain.mine()
    assert builder.build().included == (hash_of(raw),)


@pytest.mark.parametrize(
    "params",
    [[], [1], [{"txs": "x"}], [{"txs": ["0x12"]}], [{"txs": []}], [{"txs": [], "blockNumber": "x"}],
     [{"txs": [], "blockNumber": -1, "replacementUuid": "a"}]],
)  # fmt: skip
async def test_a_request_that_makes_no_sense_is_refused_in_words(ask: Ask, params: list[Any]) -> None:
    with pytest.raises(Said):
        await ask("eth_sendBundle", *params)


# ---- faults ----


async def test_a_relay_that_censors_a_sender_holds_nobody_else_back(
    chain: DevChain, builder: Builder, relay: Relay, ask: Ask
) -> None:
    mine, other = signed(chain, chain.accounts[0]), signed(chain, chain.accounts[1])
    relay.faults.add(Fault(FaultKind.CENSOR, sender=chain.accounts[0].address.lower()))
    for raw in (mine, other):
        assert await ask("eth_sendPrivateTransaction", {"tx": raw}) == hash_of(raw)
    assert builder.build().included == (hash_of(other),)
    relay.faults.clear()
    assert builder.build().included == (hash_of(mine),)


async def test_another_relay_before_the_same_builder_makes_the_censor_powerless(
    chain: DevChain, builder: Builder, relay: Relay, ask: Ask
) -> None:
    raw = signed(chain, chain.accounts[0])
    relay.faults.add(Fault(FaultKind.CENSOR))
    async with Relay(builder, name="second") as second:
        for door in (relay, second):
            await ask("eth_sendPrivateTransaction", {"tx": raw}, to=door)
        assert builder.build().included == (hash_of(raw),)
        assert builder.build().included == ()


async def test_a_relay_that_is_late_makes_a_bundle_miss_its_block_and_a_transaction_wait(
    chain: DevChain, builder: Builder, relay: Relay, ask: Ask
) -> None:
    bundled, single = signed(chain, chain.accounts[0]), signed(chain, chain.accounts[1])
    relay.faults.add(Fault(FaultKind.DELAY, blocks=1))
    await ask("eth_sendBundle", {"txs": [bundled], "blockNumber": target(chain)})
    await ask("eth_sendPrivateTransaction", {"tx": single})
    assert builder.build().included == ()
    assert builder.build().included == (hash_of(single),)


async def test_a_lost_answer_is_of_something_that_was_taken(
    chain: DevChain, builder: Builder, relay: Relay, ask: Ask
) -> None:
    raw = signed(chain, chain.accounts[0])
    relay.faults.add(Fault(FaultKind.LOSE_ANSWER, times=1))
    with pytest.raises(aiohttp.ClientError):
        await ask("eth_sendPrivateTransaction", {"tx": raw})
    with pytest.raises(Said, match="already known"):
        await ask("eth_sendPrivateTransaction", {"tx": raw})
    assert builder.build().included == (hash_of(raw),)


async def test_an_error_though_it_was_taken_and_a_word_though_it_was_dropped(
    chain: DevChain, builder: Builder, relay: Relay, ask: Ask
) -> None:
    denied, dropped = signed(chain, chain.accounts[0]), signed(chain, chain.accounts[1])
    relay.faults.add(Fault(FaultKind.DENY, times=1))
    with pytest.raises(Said, match="internal error"):
        await ask("eth_sendPrivateTransaction", {"tx": denied})
    relay.faults.add(Fault(FaultKind.DROP, times=1))
    assert await ask("eth_sendPrivateTransaction", {"tx": dropped}) == hash_of(dropped)
    assert builder.build().included == (hash_of(denied),)
    assert relay.faults.fired == [
        (1, FaultKind.DENY, "eth_sendPrivateTransaction"),
        (2, FaultKind.DROP, "eth_sendPrivateTransaction"),
    ]


async def test_an_answer_comes_twice_on_the_wire(chain: DevChain, relay: Relay) -> None:
    raw = signed(chain, chain.accounts[0])
    relay.faults.add(Fault(FaultKind.ANSWER_TWICE, times=1))
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(relay.url.rpartition(":")[2]))
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    told = b""
    async with asyncio.timeout(5):
        while told.count(hash_of(raw).encode()) < 2:
            told += await reader.read(4096)
    writer.close()
    assert told.count(b"HTTP/1.1 200 OK") == 2


@given(seed=st.integers(0, 2**32), percent=st.integers(1, 99), methods=st.lists(st.sampled_from("abc"), max_size=40))
def test_the_same_seed_and_requests_give_the_same_faults(seed: int, percent: int, methods: list[str]) -> None:
    def fired() -> object:
        faults = Faults(seed)
        faults.add(Fault(FaultKind.DROP, percent=percent), Fault(FaultKind.DENY, methods=frozenset("a"), times=3))
        for method in methods:
            faults.draw(method)
        return faults.fired

    assert fired() == fired()


def test_a_builder_wants_a_chain_that_leaves_mining_to_it() -> None:
    with pytest.raises(ValueError, match="fifo"):
        Builder(DevChain())
