"""Whatever relays, node and process do: each nonce has one effect, and every one comes into a block in the end."""

import random
from typing import Any

import pytest
from pydantic import SecretStr

from sniper.errors import RpcError
from sniper.evm.rpc import Endpoints
from sniper.evm.transaction import transaction_hash
from sniper.executor import Submission
from sniper_executor_bundle.executor import BundleConfig, BundleExecutor
from sniper_executor_private.executor import Private, PrivateConfig
from sniper_executor_private.relayed import Relayed
from sniper_sdk.devchain import CHAIN_ID, DevChain
from sniper_sdk.relay import Builder, Fault, FaultKind, Relay

GWEI, ETHER = 10**9, 10**18
TRANSACTIONS, STEPS = 6, 120
RESTARTS, BLOCKS = 0.04, 0.35


class Context:
    def __init__(self, chain: DevChain, url: str) -> None:
        self.chain = chain
        self.kept = Endpoints(CHAIN_ID, [url], timeout=2.0)

    def endpoints(self, chain_id: int) -> Any:
        return self.kept

    def block(self, chain_id: int) -> int:
        return self.chain.block_number()

    def withheld(self, submission: Submission) -> str:
        return ""


def wrapping(chain: DevChain, nonce: int, gwei: int, *, urgent: bool) -> Submission:
    """Wraps ether, so that the balance counts how many were in a block."""
    owner = chain.accounts[3]
    raw = owner.sign(
        {
            "type": 2, "chainId": CHAIN_ID, "nonce": nonce, "maxPriorityFeePerGas": gwei * GWEI // 100,
            "maxFeePerGas": gwei * GWEI, "gas": 100_000, "value": ETHER, "data": bytes.fromhex("d0e30db0"),
            "to": chain.addresses.weth,
        }
    )  # fmt: skip
    return Submission(
        account="main", attempt=f"main/s/{nonce}.0#{gwei}", chain_id=CHAIN_ID, owner=owner.address.lower(),
        purpose="exit" if urgent else "entry", nonce=nonce, gas=100_000, max_fee=gwei * GWEI,
        max_priority_fee=gwei * GWEI // 100, tx_hash=transaction_hash(raw), raw=raw, swap=None, held=(), urgent=urgent,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["private", "eth_sendBundle", "mev_sendBundle"])
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
async def test_every_nonce_has_one_effect_in_the_end(kind: str, seed: int) -> None:
    draw = random.Random(seed)
    with DevChain(automine=False, order="fifo") as chain:
        builder = Builder(chain)
        async with Relay(builder, name="public") as public, Relay(builder, seed=seed) as relay:
            for fault in (*FaultKind,):
                relay.faults.add(Fault(fault, percent=15, blocks=2, methods=METHODS))
            context = Context(chain, public.url)
            executor = made(kind, relay, context)
            open_: dict[int, list[Submission]] = {}
            included: list[str] = []
            for step in range(STEPS):
                if len(open_) < TRANSACTIONS and draw.random() < 0.2:
                    new = wrapping(chain, len(open_), 100, urgent=draw.random() < 0.1)
                    open_[new.nonce] = [new]
                    await send(executor, new)
                if draw.random() < RESTARTS:
                    await executor.close()
                    executor = made(kind, relay, context)
                    for bids in open_.values():  # as the kernel does at a start, for what is not settled
                        for bid in bids:
                            await send(executor, bid)
                if draw.random() < BLOCKS or step > STEPS * 3 // 4:
                    included += builder.build().included
                    for bids in open_.values():
                        for bid in bids:
                            await settle(executor, bid)
                waiting = [n for n, bids in open_.items() if not {bid.tx_hash for bid in bids} & set(included)]
                if waiting and draw.random() < 0.1:
                    bids = open_[min(waiting)]
                    higher = wrapping(
                        chain, min(waiting), bids[-1].max_fee // GWEI * 9 // 8 + 1, urgent=bids[-1].urgent
                    )
                    bids.append(higher)
                    await send(executor, higher)
            assert len(open_) == TRANSACTIONS
            assert relay.faults.fired
            assert len(included) == len(set(included)) == TRANSACTIONS
            for bids in open_.values():
                assert len({bid.tx_hash for bid in bids} & set(included)) == 1
            assert chain.token_balance(chain.addresses.weth, chain.accounts[3].address) == TRANSACTIONS * ETHER
            await executor.close()
            await context.kept.close()


METHODS = frozenset({"eth_sendPrivateTransaction", "eth_sendBundle", "mev_sendBundle"})


def made(kind: str, relay: Relay, context: Any) -> Relayed:
    urls = (SecretStr(relay.url),)
    if kind == "private":
        return Private(PrivateConfig(endpoints=urls, fallback_blocks=3), context)
    return BundleExecutor(BundleConfig(endpoints=urls, fallback_blocks=3, method=kind), context)  # type: ignore[arg-type]


async def send(executor: Relayed, submission: Submission) -> None:
    """What raised is unknown: the kernel sends it again, and so does this, with the next restart or not at all."""
    try:
        outcome = await executor.send(submission)
    except RpcError:
        return
    assert outcome.outcome in ("accepted", "known", "nonce-too-low", "underpriced"), outcome


async def settle(executor: Relayed, submission: Submission) -> None:
    try:
        await executor.settle(submission)
    except RpcError:
        return
