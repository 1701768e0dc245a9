"""The dev chain: a real node with the real contracts, equal from run to run, and gone when it should be."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st
from rlp import encode as rlp_encode  # type: ignore[import-untyped]

from sniper.errors import CallReverted, RpcError
from sniper.evm.keccak import keccak256
from sniper_sdk.devchain import (
    GENESIS_TIMESTAMP,
    Account,
    ChainNotRunning,
    ChainStartFailed,
    DevChain,
    calldata,
    checksum,
    contract_address,
    create2_address,
    decoded,
)
from sniper_sdk.npm import artifact


@pytest.fixture(scope="module")
def chain() -> Iterator[DevChain]:
    with DevChain() as running:
        yield running


def _address(chain: DevChain, contract: str, question: str) -> str:
    (answer,) = decoded(("address",), chain.call(contract, calldata(question)))
    return to_checksum_address(answer)


def test_the_contracts_know_one_another(chain: DevChain) -> None:
    known = chain.addresses
    assert _address(chain, known.v2_router, "factory()") == known.v2_factory
    assert _address(chain, known.v2_router, "WETH()") == known.weth
    assert _address(chain, known.v3_router, "factory()") == known.v3_factory
    assert _address(chain, known.v3_router, "factoryV2()") == known.v2_factory
    assert _address(chain, known.v3_router, "positionManager()") == known.v3_positions
    assert _address(chain, known.v3_positions, "factory()") == known.v3_factory
    assert _address(chain, known.v3_quoter, "WETH9()") == known.weth


def test_accounts_hold_ether_and_can_wrap_it(chain: DevChain) -> None:
    account = chain.accounts[1]
    before = chain.balance(account.address)
    receipt = chain.send(account, chain.addresses.weth, calldata("deposit()"), 7)
    assert chain.token_balance(chain.addresses.weth, account.address) == 7
    assert before - chain.balance(account.address) == 7 + receipt.fee
    assert receipt.logs[0].address == chain.addresses.weth


def test_a_failed_transaction_raises_with_the_contracts_reason(chain: DevChain) -> None:
    same = calldata("createPair(address,address)", chain.addresses.weth, chain.addresses.weth)
    with pytest.raises(CallReverted, match="UniswapV2: IDENTICAL_ADDRESSES"):
        chain.send(chain.accounts[0], chain.addresses.v2_factory, same)
    with pytest.raises(CallReverted, match="without a reason"):
        chain.call(chain.addresses.weth, calldata("withdraw(uint256)", 1), sender=chain.accounts[9].address)


def test_deploy_encodes_the_constructors_arguments(chain: DevChain) -> None:
    owner = chain.accounts[2].address
    factory = chain.deploy(artifact("UniswapV2Factory"), owner)
    assert _address(chain, factory, "feeToSetter()") == owner


def test_bare_creation_code_with_arguments_is_refused(chain: DevChain) -> None:
    with pytest.raises(TypeError, match="Artifact"):
        chain.deploy(artifact("UniswapV2Factory").bytecode, chain.accounts[0].address)


def test_a_snapshot_brings_the_state_back_once(chain: DevChain) -> None:
    before = chain.balance(chain.accounts[3].address)
    snapshot = chain.snapshot()
    chain.send(chain.accounts[3], chain.accounts[4].address, value=1)
    chain.revert(snapshot)
    assert chain.balance(chain.accounts[3].address) == before
    with pytest.raises(RpcError, match="take a new one"):
        chain.revert(snapshot)


def test_a_reorg_takes_back_what_its_blocks_did() -> None:
    with DevChain() as chain:
        receiver = Account.named("receiver").address
        chain.mine(2)
        kept = chain.send(chain.accounts[0], receiver, value=1)
        gone = chain.send(chain.accounts[0], receiver, value=10)
        head = chain.rpc.call("eth_getBlockByNumber", hex(gone.block), False)["hash"]
        chain.reorg(1)
        assert chain.block_number() == gone.block
        assert chain.rpc.call("eth_getBlockByNumber", hex(gone.block), False)["hash"] != head
        assert chain.balance(receiver) == 1
        assert chain.receipt(kept.hash).succeeded
        with pytest.raises(RpcError, match="not mined"):
            chain.receipt(gone.hash)


async def test_the_websocket_tells_of_new_blocks() -> None:
    with DevChain() as chain:
        async with aiohttp.ClientSession() as session, session.ws_connect(chain.ws_url) as socket:
            await socket.send_json({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
            assert "result" in await socket.receive_json(timeout=30)
            chain.mine()
            told = await socket.receive_json(timeout=30)
            assert int(told["params"]["result"]["number"], 16) == chain.block_number()


def test_without_automine_a_transaction_waits_for_mine() -> None:
    with DevChain(automine=False) as chain:
        receiver = Account.named("receiver").address
        waiting = chain.submit(chain.accounts[0], receiver, value=5)
        assert chain.nonce(chain.accounts[0].address) == 1
        assert chain.balance(receiver) == 0
        with pytest.raises(RpcError, match="not mined"):
            chain.receipt(waiting)
        number = chain.block_number()
        chain.mine()
        assert chain.receipt(waiting).block == number + 1 == chain.block_number()
        assert chain.balance(receiver) == 5
        assert chain.send(chain.accounts[0], receiver, value=1).block == number + 2


def test_the_higher_tip_comes_first_in_a_block() -> None:
    with DevChain(automine=False) as chain:
        modest = chain.submit(chain.accounts[0], chain.accounts[2].address, tip=1)
        generous = chain.submit(chain.accounts[1], chain.accounts[2].address, tip=10**9)
        chain.mine()
        assert (chain.receipt(generous).index, chain.receipt(modest).index) == (0, 1)


def test_with_a_block_time_the_node_mines_by_itself() -> None:
    with DevChain(block_time=0.2) as chain:
        receipt = chain.send(chain.accounts[0], chain.accounts[1].address, value=1)
        assert receipt.succeeded
        assert receipt.block > 7


def test_two_chains_with_the_same_transactions_have_the_same_blocks() -> None:
    heads = []
    for _ in range(2):
        with DevChain() as chain:
            start = chain.timestamp()
            chain.send(chain.accounts[0], chain.addresses.weth, calldata("deposit()"), 3)
            chain.mine(2)
            head = chain.rpc.call("eth_getBlockByNumber", "latest", False)
            assert int(head["timestamp"], 16) == start + 3 * 12
            heads.append((head["hash"], head["stateRoot"]))
    assert heads[0] == heads[1]
    assert start > GENESIS_TIMESTAMP


@pytest.mark.parametrize("hardfork", ["prague", "osaka"])
def test_chain_id_and_hardfork_are_chosen(hardfork: str) -> None:
    with DevChain(chain_id=4711, hardfork=hardfork) as chain:
        assert chain.rpc.call("eth_chainId") == hex(4711)
        assert chain.send(chain.accounts[0], chain.accounts[1].address, value=1).succeeded


def test_an_unknown_hardfork_is_refused_with_the_nodes_words() -> None:
    with pytest.raises(ChainStartFailed, match="atlantis"):
        DevChain(hardfork="atlantis").start()


def test_a_chain_that_does_not_run_says_so() -> None:
    chain = DevChain()
    with pytest.raises(ChainNotRunning, match="with DevChain"):
        chain.block_number()
    chain.start()
    chain.stop()
    chain.stop()
    with pytest.raises(ChainNotRunning):
        _ = chain.rpc_url


def test_a_dead_node_is_an_rpc_error() -> None:
    with DevChain() as chain:
        node = os.pidfd_open(chain.pid)
        os.kill(chain.pid, signal.SIGKILL)
        select.select([node], [], [])
        os.close(node)
        with pytest.raises(RpcError, match="does not answer"):
            chain.block_number()


def test_the_node_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom sniper_sdk.devchain import DevChain\nchain = DevChain().start()\n"
        "print(chain.pid, flush=True)\ntime.sleep(600)"
    )
    # what is killed cannot tidy up: its directory goes with the test's
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert parent.stdout is not None
        node = os.pidfd_open(int(parent.stdout.readline()))
    finally:
        parent.kill()
        parent.wait()
    try:
        ended, _, _ = select.select([node], [], [], 30)
        assert ended == [node]
    finally:
        os.close(node)


def test_accounts_follow_from_their_names() -> None:
    assert Account.named("a") == Account.named("a")
    assert Account.named("a").address != Account.named("b").address
    assert Account.named("a").key.hex() not in repr(Account.named("a"))


@given(st.binary(min_size=20, max_size=20))
def test_checksums_are_those_of_eip_55(address: bytes) -> None:
    assert checksum(address) == to_checksum_address(address)


@given(st.binary(min_size=20, max_size=20), st.integers(min_value=0, max_value=2**64 - 1))
def test_created_addresses_hash_the_rlp_of_creator_and_nonce(creator: bytes, nonce: int) -> None:
    assert contract_address(checksum(creator), nonce) == checksum(keccak256(rlp_encode([creator, nonce]))[12:])


def test_create2_addresses_are_those_of_eip_1014() -> None:
    # the fourth example of the EIP
    creator = "0x00000000000000000000000000000000deadbeef"
    salt = bytes.fromhex("00000000000000000000000000000000000000000000000000000000cafebabe")
    expected = "0x60f3f640a8508fC6a86d45DF051962668E1e8AC7"
    assert create2_address(creator, salt, keccak256(bytes.fromhex("deadbeef"))) == expected


def test_calldata_takes_plain_arguments_structs_and_none() -> None:
    to = "0x" + "11" * 20
    words = bytes(12) + b"\x11" * 20 + (5).to_bytes(32, "big")
    assert calldata("transfer(address,uint256)", to, 5) == bytes.fromhex("a9059cbb") + words
    assert calldata("deposit()").hex() == "d0e30db0"
    flat = calldata("f(address,uint24)", to, 3)[4:]
    assert calldata("g((address,uint24))", (to, 3))[4:] == flat


def test_importing_the_package_loads_nothing_heavy() -> None:
    script = (
        "import sys, sniper_sdk, sniper_sdk.devchain, sniper_sdk.zoo\n"
        "print([name for name in ('web3', 'eth_account', 'eth_abi', 'eth_utils', 'aiohttp', 'pytest', 'rich')"
        " if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"


def test_a_killed_node_is_back_with_what_was_kept_and_no_more() -> None:
    with DevChain(automine=False) as chain:
        sender, friend = chain.accounts[:2]
        before = chain.balance(friend.address)
        kept = chain.send(sender, friend.address, value=5)
        state = chain.state()
        waiting = chain.submit(sender, friend.address, value=7)
        chain.mine()
        lost = chain.block_number()
        chain.restart(state)
        assert chain.block_number() == kept.block == lost - 1
        assert chain.receipt(kept.hash) == kept
        assert chain.rpc.call("eth_getTransactionByHash", waiting) is None
        assert chain.balance(friend.address) == before + 5
        assert int(chain.rpc.call("eth_getBalance", friend.address, hex(kept.block - 1)), 16) == before
        assert chain.send(sender, friend.address, value=1).block == lost
