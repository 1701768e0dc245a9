"""What a local EVM is told of the state of a real chain, and what it takes to tell it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import plays
import pytest
from ground import ETHER, OWNER, Ground
from msgspec.structs import replace

from sniper.errors import RpcError
from sniper.evm.rpc import Endpoints, Request
from sniper.runtime.errand import Given, Lacks
from sniper.runtime.node_stage import read_head
from sniper.runtime.stage import Head
from sniper.runtime.states import States
from sniper.scenario import Trader
from sniper_sdk.devchain import DevChain

NOBODY = "0x" + "4e" * 20
RICH = "0x" + "4f" * 20


async def test_state_is_read_as_a_node_tells_it(devchain: DevChain) -> None:
    ground = Ground(devchain)
    token = ground.launch("PlainToken").split(":")[-1]
    devchain.rpc.call("anvil_setBalance", RICH, hex(7))
    devchain.rpc.call("anvil_setNonce", RICH, hex(3))
    devchain.mine()
    weth = devchain.addresses.weth.lower()
    accounts, slots = (NOBODY, RICH, token, weth), tuple((each, slot) for each in (token, weth) for slot in range(12))
    head = await read_head(ground.endpoints, devchain.rpc.call("eth_getBlockByNumber", "latest", False)["hash"])
    states = States()
    for _ in range(2):  # cold, and from what is known
        given = await states.given(ground.endpoints, head, Lacks(accounts=accounts, slots=slots))
        for account in given.accounts:
            address = account.address
            assert account.balance == int(devchain.rpc.call("eth_getBalance", address, "latest"), 16)
            assert account.nonce == int(devchain.rpc.call("eth_getTransactionCount", address, "latest"), 16)
            assert "0x" + account.code.hex() == devchain.rpc.call("eth_getCode", address, "latest")
        for word in given.slots:
            stored = devchain.rpc.call("eth_getStorageAt", word.address, hex(word.slot), "latest")
            assert word.value == int(stored, 16)
        assert {each.address for each in given.accounts} == set(accounts)
        assert any(word.value for word in given.slots)
    await ground.close()


async def test_on_the_next_block_what_was_looked_at_is_read_at_once(
    devchain: DevChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground = Ground(devchain)
    pool = ground.launch("FeeToken")
    exchanges: list[list[str]] = []
    ask = Endpoints._ask

    async def counted(self: Endpoints, requests: Sequence[Request], *rest: Any) -> Any:
        exchanges.append([method for method, _ in requests])
        return await ask(self, requests, *rest)

    async def played() -> Any:
        exchanges.clear()
        trader = Trader(address=OWNER)
        return await ground.io().simulate(devchain.chain_id, plays.round_trip, pool, ETHER // 10, trader)

    monkeypatch.setattr(Endpoints, "_ask", counted)
    first = await played()
    cold = Counter(method for methods in exchanges for method in methods)
    devchain.mine()
    second = await played()
    warm = Counter(method for methods in exchanges for method in methods)
    assert (first.bought, first.sold) == (second.bought, second.sold)
    assert cold["debug_traceCall"] > 0
    assert warm["debug_traceCall"] == warm["eth_getCode"] == 0
    reads = [methods for methods in exchanges if "eth_call" in methods]
    assert len(reads) == 1
    assert sum(warm.values()) < 20
    await ground.close()


async def test_what_cannot_be_read_at_once_is_read_as_it_is_wanted(
    devchain: DevChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked at on another block is a hint: no verdict may hang on it."""
    ground = Ground(devchain)
    pool = ground.launch("FeeToken")
    trader = Trader(address=OWNER)
    first = await ground.io().simulate(devchain.chain_id, plays.round_trip, pool, ETHER // 10, trader)
    devchain.mine()
    given, refused = States.given, list[int]()

    async def capped(self: States, endpoints: Endpoints, head: Head, lacks: Lacks) -> Given:
        if len(lacks.slots) > 8 and not lacks.calls and not refused:
            refused.append(len(lacks.slots))
            raise RpcError("out of gas")
        return await given(self, endpoints, head, lacks)

    monkeypatch.setattr(States, "given", capped)
    second = await ground.io().simulate(devchain.chain_id, plays.round_trip, pool, ETHER // 10, trader)
    assert refused
    for earlier, later in ((first.bought, second.bought), (first.sold, second.sold)):
        # A zero byte of calldata is 12 gas cheaper than another, and the deadline in it follows the block's time.
        assert replace(earlier, gas_used=later.gas_used) == later
    await ground.close()


async def test_what_changed_since_is_read_anew(devchain: DevChain) -> None:
    ground = Ground(devchain)
    pool = ground.launch("PlainToken")
    trader = Trader(address=OWNER)
    before = await ground.io().simulate(devchain.chain_id, plays.round_trip, pool, ETHER // 10, trader)
    ground.buy(ETHER)
    after = await ground.io().simulate(devchain.chain_id, plays.round_trip, pool, ETHER // 10, trader)
    assert after.bought.received == after.bought.expected < before.bought.received
    assert after.sold.received == after.sold.expected
    await ground.close()


@pytest.mark.parametrize("fork", ["shanghai", "cancun"])
async def test_what_destroys_itself_is_gone_where_the_rules_say_so(fork: str) -> None:
    # CALLDATASIZE etc. do not matter: SSTORE(1, 7), CALLER SELFDESTRUCT.
    contract, code = "0x" + "de" * 20, "0x600760015533ff"
    with DevChain(hardfork=fork) as chain:
        chain.rpc.call("anvil_setCode", contract, code)
        chain.mine()
        for hardfork in (None, "newest"):  # in a worker, and by the node
            ground = Ground(chain, hardfork)
            before, after, word, data = await ground.io().simulate(chain.chain_id, plays.destroyed, contract, OWNER)
            assert before == 7
            # Since EIP-6780, only what was made in the same transaction.
            assert (after, word, data) == ((0, 0, b"") if fork == "shanghai" else (7, 7, b"")), hardfork
            await ground.close()
