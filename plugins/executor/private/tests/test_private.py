"""Against a real relay and a real node: what goes where, and what is said of it when the relay does not."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from sniper.errors import ConfigError, RpcError
from sniper.evm.rpc import Endpoints
from sniper.evm.transaction import transaction_hash
from sniper.executor import Submission
from sniper_executor_private.executor import Private, PrivateConfig
from sniper_sdk.devchain import CHAIN_ID, DevChain
from sniper_sdk.relay import Builder, Fault, FaultKind, Relay, signer_of

GWEI, ETHER = 10**9, 10**18
DEPOSIT = bytes.fromhex("d0e30db0")
WITHDRAW = bytes.fromhex("2e1a7d4d") + (5).to_bytes(32, "big")
PRIVATE, PUBLIC = "eth_sendPrivateTransaction", "eth_sendRawTransaction"


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
async def public(builder: Builder) -> AsyncIterator[Relay]:
    """The node of the config: only its public door is used."""
    async with Relay(builder, name="public") as running:
        yield running


@pytest.fixture
async def relay(builder: Builder) -> AsyncIterator[Relay]:
    async with Relay(builder) as running:
        yield running


class Context:
    kill = ""

    def __init__(self, chain: DevChain, url: str) -> None:
        self.chain = chain
        self.kept = Endpoints(CHAIN_ID, [url], timeout=2.0)

    def endpoints(self, chain_id: int) -> Any:
        return self.kept

    def block(self, chain_id: int) -> int:
        return self.chain.block_number()

    def withheld(self, submission: Submission) -> str:
        return self.kill if submission.purpose == "entry" else ""


@pytest.fixture
async def context(chain: DevChain, public: Relay) -> AsyncIterator[Context]:
    made = Context(chain, public.url)
    yield made
    await made.kept.close()


Make = Callable[..., Private]


@pytest.fixture
async def make(context: Any, relay: Relay) -> AsyncIterator[Make]:
    made: list[Private] = []

    def private(*others: Relay, **options: Any) -> Private:
        urls = [SecretStr(each.url) for each in (relay, *others)]
        made.append(Private(PrivateConfig(endpoints=tuple(urls), **options), context))
        return made[-1]

    yield private
    for each in made:
        await each.close()


def submission(
    chain: DevChain,
    *,
    purpose: str = "entry",
    urgent: bool = False,
    nonce: int = 0,
    gwei: int = 100,
    data: bytes = DEPOSIT,
    value: int = ETHER,
) -> Submission:
    owner = chain.accounts[3]
    raw = owner.sign(
        {
            "type": 2, "chainId": CHAIN_ID, "nonce": nonce, "maxPriorityFeePerGas": gwei * GWEI // 100,
            "maxFeePerGas": gwei * GWEI, "gas": 100_000, "value": value, "data": data, "to": chain.addresses.weth,
        }
    )  # fmt: skip
    return Submission(
        account="main", attempt=f"main/s/{nonce}.0#{gwei}", chain_id=CHAIN_ID, owner=owner.address.lower(),
        purpose=purpose, nonce=nonce, gas=100_000, max_fee=gwei * GWEI, max_priority_fee=gwei * GWEI // 100,
        tx_hash=transaction_hash(raw), raw=raw, swap=None, held=(), urgent=urgent,
    )  # fmt: skip


def methods(relay: Relay) -> list[str]:
    return [method for method, _ in relay.asked]


async def test_a_transaction_goes_to_all_relays_and_to_no_public_pool(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make
) -> None:
    async with Relay(builder, name="second") as second:
        private, sent = make(second), submission(chain)
        assert (await private.send(sent)).outcome == "accepted"
        assert methods(relay) == methods(second) == [PRIVATE]
        assert relay.asked[0][1][0]["maxBlockNumber"] == hex(chain.block_number() + 25)
        assert await private.settle(sent) is None
        assert builder.build().included == (sent.tx_hash,)
    settled = await private.settle(sent)
    assert settled is not None
    assert settled.ok
    assert PUBLIC not in methods(public)


async def test_requests_are_signed_with_the_key_of_the_file_and_with_no_wallets_key(
    chain: DevChain, builder: Builder, relay: Relay, make: Make, tmp_path: Path
) -> None:
    file = tmp_path / "relay-key"
    file.write_text("0x" + "5e" * 32 + "\n")
    private = make(key_file=file)
    await private.send(submission(chain))
    (held,) = builder.bundles(relay.name)
    assert held.owner == private.relays.address
    file.write_text(chain.accounts[3].key.hex())
    refused = await make(key_file=file).send(submission(chain))
    assert refused.outcome == "not-sent"
    assert "wallet" in refused.message
    assert relay.asked == relay.asked[:1]


@pytest.mark.parametrize("content", ["", "zz" * 32, "00" * 32, "5e" * 31, "5e" * 33])
def test_a_file_without_a_key_is_named_and_not_shown(tmp_path: Path, content: str) -> None:
    file = tmp_path / "relay-key"
    file.write_text(content)
    nothing: Any = None
    config = PrivateConfig(endpoints=(SecretStr("http://relay.example/s3cr3t"),), key_file=file)
    with pytest.raises(ConfigError, match="64 random hex digits") as raised:
        Private(config, nothing)
    assert not content or content not in str(raised.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        Private(config.model_copy(update={"key_file": tmp_path / "none"}), nothing)


@pytest.mark.parametrize("url", ["ws://relay.example/s3cr3t", "/s3cr3t/relay.ipc"])
def test_a_relay_is_asked_over_http(url: str) -> None:
    with pytest.raises(ValidationError, match="number 1 does not begin with https://"):
        PrivateConfig(endpoints=(SecretStr(url),))


def test_without_a_relay_there_is_no_config_and_no_url_is_shown() -> None:
    with pytest.raises(ValidationError):
        PrivateConfig(endpoints=())
    assert "s3cr3t" not in repr(PrivateConfig(endpoints=(SecretStr("http://relay.example/s3cr3t"),)))


async def test_what_reverts_is_in_no_block_while_it_is_private_and_in_one_once_it_is_public(
    chain: DevChain, builder: Builder, make: Make
) -> None:
    private, sent = make(fallback_blocks=2), submission(chain, data=WITHDRAW, value=0)
    await private.send(sent)
    assert builder.build().included == ()
    assert await private.settle(sent) is None
    assert builder.build().included == ()
    assert await private.settle(sent) is None
    assert builder.build().included == (sent.tx_hash,)
    settled = await private.settle(sent)
    assert settled is not None
    assert not settled.ok


# ---- urgency and fallback ----


@pytest.mark.parametrize(("purpose", "urgent"), [("exit", True), ("cancel", False)])
async def test_what_must_not_wait_is_public_at_once_with_all_that_waits_before_it(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make, purpose: str, urgent: bool
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    private, entry = make(fallback="never"), submission(chain)
    exit_ = submission(chain, nonce=1, purpose=purpose, urgent=urgent)
    await private.send(entry)
    assert (await private.send(exit_)).outcome == "accepted"
    assert methods(public) == [PUBLIC, PUBLIC]
    assert builder.build().included == (entry.tx_hash, exit_.tx_hash)


async def test_urgent_sales_stay_private_where_the_config_says_so(
    chain: DevChain, relay: Relay, public: Relay, make: Make
) -> None:
    await make(urgent="private").send(submission(chain, purpose="exit", urgent=True))
    assert (methods(relay), methods(public)) == ([PRIVATE], [])


@pytest.mark.parametrize(
    ("purpose", "fallback", "goes"),
    [("entry", "public", True), ("entry", "never", False), ("exit", "never", True), ("approve", "never", False)],
)
async def test_what_a_relay_censors_goes_public_where_it_may(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make, purpose: str, fallback: str, goes: bool
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    private, sent = make(fallback=fallback, fallback_blocks=2), submission(chain, purpose=purpose)
    await private.send(sent)
    for _ in range(4):
        builder.build()
        await private.settle(sent)
    assert methods(public) == ([PUBLIC] if goes else [])
    assert chain.nonce(chain.accounts[3].address) == int(goes)
    if goes:
        assert public.asked[0][1] == ["0x" + sent.raw.hex()]


async def test_blocks_are_counted_from_a_nonces_first_bid(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    private, first, second = make(fallback_blocks=2), submission(chain), submission(chain, gwei=120)
    await private.send(first)
    builder.build()
    await private.send(second)
    assert await private.settle(first) is None
    builder.build()
    assert await private.settle(first) is None  # what a higher bid took the place of goes nowhere
    assert methods(public) == []
    assert await private.settle(second) is None
    assert builder.build().included == (second.tx_hash,)


async def test_what_the_public_pool_has_is_outbid_there(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    public.faults.add(Fault(FaultKind.CENSOR))
    private, low, high = make(fallback_blocks=1), submission(chain), submission(chain, gwei=120)
    await private.send(low)
    builder.build()
    await private.settle(low)
    await private.send(high)
    assert [params[0] for _, params in public.asked] == ["0x" + low.raw.hex(), "0x" + high.raw.hex()]
    public.faults.clear()
    assert builder.build().included == (high.tx_hash,)


async def test_a_relay_that_does_not_answer_holds_no_cancellation_back(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    private = make()
    await private.send(submission(chain))
    relay.faults.add(Fault(FaultKind.LOSE_ANSWER))
    cancel = submission(chain, purpose="cancel", gwei=120, value=0, data=b"")
    assert (await private.send(cancel)).outcome == "accepted"
    assert builder.build().included == (cancel.tx_hash,)


async def test_a_lower_bid_that_comes_late_takes_no_higher_ones_place(
    chain: DevChain, builder: Builder, make: Make
) -> None:
    private, low, high = make(), submission(chain), submission(chain, gwei=120)
    await private.send(high)
    assert (await private.send(low)).outcome == "underpriced"
    assert builder.build().included == (high.tx_hash,)


async def test_a_cancellation_asks_the_relays_to_forget_what_it_replaces(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    private, entry = make(), submission(chain)
    await private.send(entry)
    await private.send(submission(chain, purpose="cancel", gwei=120, value=0))
    assert methods(relay) == [PRIVATE, "eth_cancelPrivateTransaction"]
    assert builder.bundles(relay.name) == []


async def test_what_expired_at_the_relays_is_sent_to_them_anew(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    private, sent = make(max_blocks=2, fallback="never"), submission(chain)
    await private.send(sent)
    for _ in range(3):
        builder.build()
        await private.settle(sent)
    assert methods(relay) == [PRIVATE, PRIVATE]
    relay.faults.clear()
    assert builder.build().included == (sent.tx_hash,)


async def test_the_kill_switch_takes_back_what_relays_still_have_and_lets_it_go_again(
    chain: DevChain, builder: Builder, relay: Relay, context: Context, make: Make
) -> None:
    private, sent = make(fallback_blocks=1), submission(chain)
    relay.faults.add(Fault(FaultKind.CENSOR))
    await private.send(sent)
    context.kill = "the kill switch is at no-entries"
    builder.build()
    await private.settle(sent)
    await private.settle(sent)
    assert methods(relay) == [PRIVATE, "eth_cancelPrivateTransaction"]
    relay.faults.clear()
    assert builder.build().included == ()
    context.kill = ""
    await private.settle(sent)
    assert builder.build().included == (sent.tx_hash,)


# ---- what relays say ----


async def test_the_same_bytes_again_do_no_harm(chain: DevChain, builder: Builder, make: Make) -> None:
    private, sent = make(), submission(chain)
    first, again = await private.send(sent), await private.send(sent)
    builder.build()
    after = await make().send(sent)
    assert (first.outcome, again.outcome, after.outcome) == ("accepted", "known", "nonce-too-low")


@pytest.mark.parametrize("kind", [FaultKind.LOSE_ANSWER, FaultKind.DENY])
async def test_a_relay_that_took_it_and_does_not_say_so_leaves_it_unknown_and_has_it_once(
    chain: DevChain, builder: Builder, relay: Relay, make: Make, kind: FaultKind
) -> None:
    relay.faults.add(Fault(kind, times=1))
    private, sent = make(), submission(chain)
    with pytest.raises(RpcError):
        await private.send(sent)
    assert (await private.send(sent)).outcome == "known"
    assert builder.build().included == (sent.tx_hash,)
    assert builder.build().included == ()


async def test_an_answer_that_came_twice_is_not_taken_for_the_next_ones(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.ANSWER_TWICE, times=1))
    private = make()
    first, second = submission(chain), submission(chain, nonce=1)
    assert (await private.send(first)).outcome == "accepted"
    for _ in range(2):  # where the second answer was read for it, nobody knows: the same bytes go again
        try:
            outcome = await private.send(second)
        except RpcError:
            continue
        assert outcome.outcome in ("accepted", "known")
    assert builder.build().included == (first.tx_hash, second.tx_hash)


async def test_a_relay_that_forgets_what_it_accepted_costs_blocks_and_no_transaction(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.DROP))
    private, sent = make(fallback_blocks=1), submission(chain)
    assert (await private.send(sent)).outcome == "accepted"
    assert builder.build().included == ()
    await private.settle(sent)
    assert builder.build().included == (sent.tx_hash,)


async def test_a_late_relay_brings_it_late_and_once(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.DELAY, blocks=3))
    private, sent = make(fallback_blocks=1), submission(chain)
    await private.send(sent)
    included = []
    for _ in range(5):
        included += builder.build().included
        await private.settle(sent)
    assert included == [sent.tx_hash]
    assert chain.token_balance(chain.addresses.weth, sent.owner) == ETHER


async def test_one_relay_that_is_dead_says_nothing_against_one_that_accepted(
    chain: DevChain, builder: Builder, make: Make
) -> None:
    dead = await Relay(builder, name="dead").start()
    await dead.stop()
    private, sent = make(dead), submission(chain)
    assert (await private.send(sent)).outcome == "accepted"
    poor = submission(chain, nonce=1, value=20_000 * ETHER)
    with pytest.raises(RpcError, match="cannot be reached"):  # refused by one, and the other may have it
        await private.send(poor)


@pytest.mark.parametrize(
    ("options", "outcome"),
    [({"value": 20_000 * ETHER}, "insufficient-funds"), ({"gwei": 0}, "underpriced")],
)
async def test_what_a_relay_refuses_is_told_in_the_words_of_the_contract(
    chain: DevChain, make: Make, options: dict[str, int], outcome: str
) -> None:
    refused = await make().send(submission(chain, **options))  # type: ignore[arg-type]
    assert refused.outcome == outcome
    assert refused.message.startswith("http://127.0.0.1:")


def test_signatures_are_those_that_the_relay_checks() -> None:
    from sniper_executor_private.reputation import header, reputation_key

    key = reputation_key(None)
    assert signer_of(header(key, b"body"), b"body") == key.address
