"""Against a real relay and a real node: what goes where, and what is said of it when the relay does not."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from sniper.errors import RpcError
from sniper.evm.rpc import Endpoints
from sniper.evm.transaction import transaction_hash
from sniper.executor import Submission, Swap
from sniper.types import NATIVE
from sniper_executor_bundle.executor import BundleConfig, BundleExecutor
from sniper_sdk.devchain import CHAIN_ID, DevChain
from sniper_sdk.relay import Builder, Fault, FaultKind, Relay

GWEI, ETHER = 10**9, 10**18
DEPOSIT = bytes.fromhex("d0e30db0")
REFUSED = bytes.fromhex("2e1a7d4d") + (5).to_bytes(32, "big")
"""Unwraps what was never wrapped."""
WITHDRAW_MORE = bytes.fromhex("2e1a7d4d") + (2 * 10**18).to_bytes(32, "big")
WITHDRAW = bytes.fromhex("2e1a7d4d") + (5).to_bytes(32, "big")
SEND, CANCEL, PUBLIC = "eth_sendBundle", "eth_cancelBundle", "eth_sendRawTransaction"


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


Make = Callable[..., BundleExecutor]


@pytest.fixture
async def make(context: Any, relay: Relay) -> AsyncIterator[Make]:
    made: list[BundleExecutor] = []

    def bundled(*others: Relay, **options: Any) -> BundleExecutor:
        urls = [SecretStr(each.url) for each in (relay, *others)]
        made.append(BundleExecutor(BundleConfig(endpoints=tuple(urls), **options), context))
        return made[-1]

    yield bundled
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
    deadline: int = 0,
    to: str = "",
    before: tuple[Submission, ...] = (),
) -> Submission:
    owner = chain.accounts[3]
    raw = owner.sign(
        {
            "type": 2, "chainId": CHAIN_ID, "nonce": nonce, "maxPriorityFeePerGas": gwei * GWEI // 100,
            "maxFeePerGas": gwei * GWEI, "gas": 100_000, "value": value, "data": data, "to": to or chain.addresses.weth,
        }
    )  # fmt: skip
    swap = Swap(
        chain_id=CHAIN_ID, owner=owner.address.lower(), token_in=NATIVE, token_out=chain.addresses.weth.lower(),
        pool="", amm="", pool_data=0, amount_in=value, min_out=0, deadline=deadline, allowance=0, opens=True,
    )  # fmt: skip
    return Submission(
        account="main", attempt=f"main/s/{nonce}.0#{gwei}", chain_id=CHAIN_ID, owner=owner.address.lower(),
        purpose=purpose, nonce=nonce, gas=100_000, max_fee=gwei * GWEI, max_priority_fee=gwei * GWEI // 100,
        tx_hash=transaction_hash(raw), raw=raw, swap=swap, held=(), urgent=urgent, before=before,
    )  # fmt: skip


def methods(relay: Relay) -> list[str]:
    return [method for method, _ in relay.asked]


async def test_a_transaction_is_bundled_for_the_next_blocks_and_shown_to_nobody_else(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make
) -> None:
    bundles, sent, head = make(), submission(chain), chain.block_number()
    assert (await bundles.send(sent)).outcome == "accepted"
    assert [params[0]["blockNumber"] for _, params in relay.asked] == [hex(head + 1), hex(head + 2)]
    assert await bundles.settle(sent) is None
    assert builder.build().included == (sent.tx_hash,)
    settled = await bundles.settle(sent)
    assert settled is not None
    assert settled.ok
    assert PUBLIC not in methods(public)


@pytest.mark.parametrize("method", [SEND, "mev_sendBundle"])
async def test_it_is_bundled_again_for_each_next_block_until_one_has_it(
    chain: DevChain, builder: Builder, relay: Relay, make: Make, method: str
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    bundles, sent = make(method=method, fallback="never"), submission(chain)
    await bundles.send(sent)
    for _ in range(5):
        assert builder.build().included == ()
        assert await bundles.settle(sent) is None
    relay.faults.clear()
    assert builder.build().included == (sent.tx_hash,)
    asked = len(relay.asked)
    assert await bundles.settle(sent) is not None
    assert len(relay.asked) == asked


async def test_past_its_deadline_no_block_has_it(chain: DevChain, builder: Builder, relay: Relay, make: Make) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    sent = submission(chain, deadline=chain.timestamp() + chain.block_interval)
    bundles = make(fallback="never")
    await bundles.send(sent)
    builder.build()
    relay.faults.clear()
    await bundles.settle(sent)
    assert builder.build().included == ()


async def test_what_waits_with_lower_nonces_goes_before_it_in_the_same_block(
    chain: DevChain, builder: Builder, make: Make
) -> None:
    bundles = make()
    sent = [submission(chain, nonce=nonce, gwei=gwei) for nonce, gwei in ((0, 100), (1, 300), (2, 200))]
    for each in sent:
        assert (await bundles.send(each)).outcome == "accepted"
    assert builder.build().included == tuple(each.tx_hash for each in sent)


async def test_an_entry_that_reverts_by_now_holds_nothing_back_that_could_go_without_it(
    chain: DevChain, builder: Builder, make: Make
) -> None:
    bundles = make(simulate="never")
    first, bad = submission(chain), submission(chain, nonce=1, data=WITHDRAW_MORE, value=0)
    await bundles.send(first)
    await bundles.send(bad)
    assert builder.build().included == (first.tx_hash,)


# ---- plans ----


def plan(chain: DevChain, *, amount: bytes = WITHDRAW, purpose: str = "entry", gwei: int = 100) -> Submission:
    """Wrapping stands for the approval, and unwrapping for the swap that cannot do without it."""
    lead = submission(chain, purpose="approve", gwei=gwei)
    return submission(chain, nonce=1, data=amount, value=0, purpose=purpose, gwei=gwei, before=(lead,))


@pytest.mark.parametrize("method", [SEND, "mev_sendBundle"])
async def test_an_approval_and_its_swap_are_one_bundle_and_in_one_block(
    chain: DevChain, builder: Builder, relay: Relay, make: Make, method: str
) -> None:
    bundles, sent = make(method=method), plan(chain)
    assert (await bundles.send(sent)).outcome == "accepted"
    assert set(methods(relay)) == {method}
    (lead,) = sent.before
    assert await bundles.settle(lead) is None
    assert await bundles.settle(sent) is None
    assert builder.build().included == (lead.tx_hash, sent.tx_hash)
    assert await bundles.settle(lead) is not None
    assert await bundles.settle(sent) is not None


@pytest.mark.parametrize("method", [SEND, "mev_sendBundle"])
async def test_where_the_swap_reverts_by_now_its_approval_is_in_no_block_either(
    chain: DevChain, builder: Builder, make: Make, method: str
) -> None:
    bundles, sent = make(method=method, simulate="never", fallback="never"), plan(chain, amount=WITHDRAW_MORE)
    await bundles.send(sent)
    for _ in range(3):
        assert builder.build().included == ()
        for each in (*sent.before, sent):
            assert await bundles.settle(each) is None


@pytest.mark.parametrize("simulate", ["node", "relay"])
async def test_a_plan_is_simulated_in_its_order(chain: DevChain, make: Make, simulate: str) -> None:
    assert (await make(simulate=simulate).send(plan(chain))).outcome == "accepted"
    refused = await make(simulate=simulate).send(plan(chain, amount=WITHDRAW_MORE))
    assert refused.message.startswith("would revert: ")


@pytest.mark.parametrize("simulate", ["node", "relay"])
async def test_an_approval_that_reverts_holds_back_a_swap_that_would_not(
    chain: DevChain, make: Make, simulate: str
) -> None:
    lead = submission(chain, purpose="approve", data=WITHDRAW_MORE, value=0)
    refused = await make(simulate=simulate).send(submission(chain, nonce=1, before=(lead,)))
    assert refused.message.startswith("would revert: ")


async def test_of_a_plan_that_is_not_sent_all_nonces_are_free(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    bundles = make()
    assert (await bundles.send(plan(chain, amount=WITHDRAW_MORE))).outcome == "not-sent"
    assert relay.asked == []
    other = submission(chain)
    await bundles.send(other)
    assert builder.build().included == (other.tx_hash,)


async def test_a_plan_whose_approval_was_outbid_goes_with_the_newest_bid(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    bundles, sent = make(), plan(chain)
    await bundles.send(sent)
    builder.build()
    relay.faults.clear()
    higher = submission(chain, purpose="approve", gwei=120)
    await bundles.send(replace(sent, before=(higher,)))
    assert builder.build().included == (higher.tx_hash, sent.tx_hash)


async def test_a_plan_that_relays_censor_goes_public_with_the_same_bytes(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    bundles, sent = make(fallback_blocks=2), plan(chain)
    await bundles.send(sent)
    for _ in range(3):
        builder.build()
        for each in (*sent.before, sent):
            await bundles.settle(each)
    assert public.asked == [(PUBLIC, ["0x" + each.raw.hex()]) for each in (*sent.before, sent)]


async def test_where_a_swap_is_cancelled_its_approval_goes_on_by_itself(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    bundles, sent = make(), plan(chain)
    await bundles.send(sent)
    cancel = submission(chain, nonce=1, purpose="cancel", gwei=120, value=0, data=b"")
    await bundles.send(cancel)
    assert builder.build().included == (sent.before[0].tx_hash, cancel.tx_hash)


# ---- simulation ----


async def test_what_would_revert_is_not_sent_and_its_nonce_is_free(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    bundles = make()
    refused = await bundles.send(submission(chain, data=REFUSED, value=0))
    assert (refused.outcome, relay.asked) == ("not-sent", [])
    assert "would revert: " in refused.message
    other = submission(chain)  # with the same nonce
    assert (await bundles.send(other)).outcome == "accepted"
    assert builder.build().included == (other.tx_hash,)


async def test_a_relay_that_simulates_has_seen_the_bytes_so_that_the_nonce_is_not_free(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make
) -> None:
    bundles, sent = make(simulate="relay", fallback_blocks=1), submission(chain, data=REFUSED, value=0)
    refused = await bundles.send(sent)
    assert (refused.outcome, methods(relay)) == ("rejected", ["eth_callBundle"])
    for _ in range(3):
        builder.build()
        assert await bundles.settle(sent) is None
    assert (methods(relay), methods(public)) == (["eth_callBundle"], [])
    good = submission(chain, nonce=0, gwei=120)
    assert (await bundles.send(good)).outcome == "accepted"


async def test_the_reason_is_the_contracts_own(chain: DevChain, make: Make) -> None:
    """Uniswap's router says it in words."""
    late = bytes.fromhex("7ff36ab5") + b"".join(n.to_bytes(32, "big") for n in (0, 128, 1, 1, 0))
    for simulate in ("node", "relay"):
        sent = submission(chain, data=late, value=1, to=chain.addresses.v2_router)
        refused = await make(simulate=simulate).send(sent)
        assert "UniswapV2Router: EXPIRED" in refused.message


async def test_it_is_simulated_after_what_waits_before_it(chain: DevChain, builder: Builder, make: Make) -> None:
    """Unwrapping succeeds only after wrapping."""
    for simulate in ("node", "relay"):
        bundles = make(simulate=simulate)
        await bundles.send(submission(chain))
        assert (await bundles.send(submission(chain, nonce=1, data=WITHDRAW, value=0))).outcome == "accepted"


@pytest.mark.parametrize(("purpose", "outcome"), [("entry", "not-sent"), ("exit", "accepted")])
async def test_what_cannot_be_simulated_is_not_bought_and_is_sold(
    chain: DevChain, context: Context, make: Make, purpose: str, outcome: str
) -> None:
    dead = Context(chain, "http://127.0.0.1:9")
    context.kept = dead.kept
    assert (await make().send(submission(chain, purpose=purpose))).outcome == outcome
    await dead.kept.close()


# ---- replacement, cancellation, fallback ----


async def test_a_higher_bid_takes_the_place_of_a_lower_one_in_another_process_too(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    low, high = submission(chain), submission(chain, gwei=120)
    await make(key_file=None).send(low)
    before = make()
    before.relays = make().relays
    await before.send(low)
    after = make()
    after.relays = before.relays  # the same key, as from key_file
    await after.send(high)
    held = [bundle for bundle in builder.bundles(relay.name) if bundle.owner == after.relays.address]
    assert {tx.hash for bundle in held for tx in bundle.transactions} == {high.tx_hash}


async def test_a_lower_bid_that_comes_late_takes_no_higher_ones_place(
    chain: DevChain, builder: Builder, make: Make
) -> None:
    bundles, low, high = make(), submission(chain), submission(chain, gwei=120)
    await bundles.send(high)
    assert (await bundles.send(low)).outcome == "underpriced"
    assert builder.build().included == (high.tx_hash,)


async def test_a_cancellation_takes_the_bundles_back_and_its_nonce_publicly(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make
) -> None:
    bundles, entry = make(), submission(chain)
    cancel = submission(chain, purpose="cancel", gwei=120, value=0, data=b"")
    await bundles.send(entry)
    await bundles.send(cancel)
    assert methods(relay) == [SEND, SEND, CANCEL, CANCEL]
    assert methods(public) == [PUBLIC]
    assert builder.build().included == (cancel.tx_hash,)


async def test_an_urgent_sale_is_public_at_once_with_what_waits_before_it(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    bundles, entry = make(fallback="never"), submission(chain)
    exit_ = submission(chain, nonce=1, purpose="exit", urgent=True, data=WITHDRAW, value=0)
    await bundles.send(entry)
    await bundles.send(exit_)
    assert builder.build().included == (entry.tx_hash, exit_.tx_hash)


async def test_a_sale_that_reverts_by_now_fails_in_a_block_instead_of_waiting_for_ever(
    chain: DevChain, builder: Builder, make: Make
) -> None:
    bundles = make(simulate="never")
    sale = submission(chain, purpose="exit", data=WITHDRAW, value=0)
    await bundles.send(sale)
    assert builder.build().included == (sale.tx_hash,)
    settled = await bundles.settle(sale)
    assert settled is not None
    assert not settled.ok


async def test_what_relays_censor_goes_public_with_the_same_bytes(
    chain: DevChain, builder: Builder, relay: Relay, public: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    bundles, sent = make(fallback_blocks=2), submission(chain)
    await bundles.send(sent)
    for _ in range(3):
        builder.build()
        await bundles.settle(sent)
    assert public.asked == [(PUBLIC, ["0x" + sent.raw.hex()])]
    assert chain.token_balance(chain.addresses.weth, sent.owner) == ETHER


async def test_the_kill_switch_takes_the_bundles_back(
    chain: DevChain, builder: Builder, relay: Relay, context: Context, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.CENSOR))
    bundles, sent = make(), submission(chain)
    await bundles.send(sent)
    context.kill = "the kill switch is at no-entries"
    builder.build()
    await bundles.settle(sent)
    relay.faults.clear()
    assert builder.bundles(relay.name) == []
    assert builder.build().included == ()


# ---- what relays say ----


@pytest.mark.parametrize("kind", [FaultKind.LOSE_ANSWER, FaultKind.DENY])
async def test_a_relay_that_took_it_and_does_not_say_so_leaves_it_unknown_and_has_it_once(
    chain: DevChain, builder: Builder, relay: Relay, make: Make, kind: FaultKind
) -> None:
    relay.faults.add(Fault(kind, times=2))
    bundles, sent = make(), submission(chain)
    with pytest.raises(RpcError):
        await bundles.send(sent)
    assert (await bundles.send(sent)).outcome == "accepted"
    assert builder.build().included == (sent.tx_hash,)
    assert builder.build().included == ()
    assert chain.token_balance(chain.addresses.weth, sent.owner) == ETHER


@pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.ANSWER_TWICE])
async def test_a_relay_that_forgets_or_repeats_itself_costs_blocks_and_no_transaction(
    chain: DevChain, builder: Builder, relay: Relay, make: Make, kind: FaultKind
) -> None:
    relay.faults.add(Fault(kind, times=2))
    bundles, sent = make(), submission(chain)
    await bundles.send(sent)
    included = list(builder.build().included)
    for _ in range(2):
        if await bundles.settle(sent) is None:
            included += builder.build().included
    assert included == [sent.tx_hash]


async def test_a_late_relay_misses_its_blocks_and_the_public_pool_has_it_once(
    chain: DevChain, builder: Builder, relay: Relay, make: Make
) -> None:
    relay.faults.add(Fault(FaultKind.DELAY, blocks=2))
    bundles, sent = make(fallback_blocks=3), submission(chain)
    await bundles.send(sent)
    included: list[str] = []
    for _ in range(5):
        included += builder.build().included
        await bundles.settle(sent)
    assert included == [sent.tx_hash]


async def test_bundles_for_blocks_that_are_there_already_leave_it_unknown(
    chain: DevChain, context: Any, relay: Relay, make: Make
) -> None:
    context.block = lambda chain_id: chain.block_number() - 2
    with pytest.raises(RpcError, match="beyond block"):
        await make(simulate="never").send(submission(chain))
