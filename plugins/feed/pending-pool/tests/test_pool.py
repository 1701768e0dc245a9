"""A real node whose pool fills and is mined when a test says so."""

from importlib.resources import files
from typing import Any

import pytest

from sniper.events import OwnTransaction, PendingCall, PendingLiquidity, PoolTips
from sniper.types import NATIVE, asset_id
from sniper_sdk.devchain.abi import calldata, encoded, selector
from sniper_sdk.solidity import compiled

GWEI = 10**9
ETHER = 10**18
MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
DEADLINE = 2**40


CONTRACTS = compiled(files("sniper_sdk").joinpath("contracts"))


def coin(chain: Any) -> str:
    """An ERC-20 of the first account, which the router may take."""
    token: str = chain.deploy(CONTRACTS["Coin"], 18, 10**24).lower()
    chain.send(chain.accounts[0], token, calldata("approve(address,uint256)", chain.addresses.v2_router, 2**255))
    return token


def add_liquidity(chain: Any, token: str, **options: Any) -> str:
    owner = chain.accounts[0]
    data = calldata(
        "addLiquidityETH(address,uint256,uint256,uint256,address,uint256)", token, 10**21, 0, 0, owner.address, DEADLINE
    )
    return str(chain.submit(owner, chain.addresses.v2_router, data, 5 * ETHER, **options))


@pytest.mark.parametrize("transport", ["ws", "http"])
async def test_liquidity_is_told_before_it_is_mined(chain: Any, readers: Any, transport: str) -> None:
    token = coin(chain)
    reader = readers(chain.ws_url if transport == "ws" else chain.rpc_url)
    await reader.listens()
    hash_ = add_liquidity(chain, token)
    (event,) = await reader.find(PendingLiquidity)
    assert chain.rpc.call("eth_getTransactionReceipt", hash_) is None
    assert (event.tx_hash, event.coins, event.amounts) == (hash_, (token, NATIVE), (10**21, 5 * ETHER))
    assert (event.contract, event.creates) == (chain.addresses.v2_router.lower(), False)
    assert (event.max_tip, event.max_fee) == (GWEI, 101 * GWEI)
    chain.mine()
    assert chain.receipt(hash_).succeeded
    assert chain.token_balance(chain.addresses.weth, pair(chain, token)) == 5 * ETHER


def pair(chain: Any, token: str) -> str:
    data = calldata("getPair(address,address)", token, chain.addresses.weth)
    found: bytes = chain.call(chain.addresses.v2_factory, data)
    return "0x" + found[12:].hex()


async def test_a_v3_pool_is_told_with_its_first_position(chain: Any, readers: Any) -> None:
    reader = readers(chain.ws_url)
    await reader.listens()
    token, weth = sorted((f"0x{0xFEED:040x}", chain.addresses.weth.lower()))
    made = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    types = ("address", "address", "uint24", "int24", "int24", *("uint256",) * 4, "address", "uint256")
    owner = chain.accounts[0].address
    mint = selector(MINT) + encoded(types, (token, weth, 3000, -60, 60, 7, 8, 0, 0, owner, DEADLINE))
    calls = [calldata(made, token, weth, 3000, 2**96), mint]
    chain.submit(chain.accounts[0], chain.addresses.v3_positions, calldata("multicall(bytes[])", calls))
    (event,) = await reader.find(PendingLiquidity)
    assert (event.coins, event.amounts, event.creates) == ((token, weth), (7, 8), True)


async def test_opened_trading_is_told_before_it_is_mined(chain: Any, readers: Any) -> None:
    reader = readers(chain.ws_url)
    await reader.listens()
    token = f"0x{0xBEEF:040x}"
    hash_ = chain.submit(chain.accounts[3], token, calldata("openTrading()"))
    (event,) = await reader.find(PendingCall)
    assert (event.tx_hash, event.token, event.name) == (hash_, asset_id(31337, token), "openTrading")


async def test_endpoints_that_tell_transactions_or_hashes_tell_each_once(chain: Any, readers: Any, proxy: Any) -> None:
    reader = readers(chain.ws_url, f"ws://127.0.0.1:{proxy.port}", chain.rpc_url, own=chain.accounts[0].address)
    await reader.listens(3)
    hashes = [chain.create_pair()[0] for _ in range(5)]
    await reader.find(PendingLiquidity, 5)
    await reader.find(OwnTransaction, 5)
    await reader.waits(lambda: all(source.taken >= len(hashes) for source in reader.feed.sources))
    assert sorted(e.tx_hash for e in reader.hints if isinstance(e, PendingLiquidity)) == sorted(hashes)
    assert sorted(e.tx_hash for e in reader.hints if isinstance(e, OwnTransaction)) == sorted(hashes)


async def test_a_cut_connection_is_made_again_and_nothing_is_told_twice(chain: Any, readers: Any, proxy: Any) -> None:
    reader = readers(f"ws://127.0.0.1:{proxy.port}")
    await reader.listens()
    first, _ = chain.create_pair()
    await reader.find(PendingLiquidity)
    proxy.cut()
    await reader.waits(lambda: not reader.feed.sources[0].up)
    await reader.listens()
    second, _ = chain.create_pair()
    found = await reader.find(PendingLiquidity, 2)
    assert [event.tx_hash for event in found] == [first, second]


async def test_a_second_endpoint_goes_on_while_the_first_one_is_cut(chain: Any, readers: Any, proxy: Any) -> None:
    reader = readers(f"ws://127.0.0.1:{proxy.port}", chain.rpc_url)
    await reader.listens(2)
    proxy.cut()
    hash_, _ = chain.create_pair()
    (event,) = await reader.find(PendingLiquidity)
    assert event.tx_hash == hash_


async def test_own_transactions_are_told_whatever_they_do(chain: Any, readers: Any) -> None:
    own = chain.accounts[4]
    reader = readers(chain.ws_url, own=own.address)
    await reader.listens()
    chain.submit(chain.accounts[5], chain.accounts[6].address, value=1)
    hash_ = chain.submit(own, chain.accounts[6].address, value=3)
    (event,) = await reader.find(OwnTransaction)
    assert (event.tx_hash, event.sender, event.nonce, event.value) == (hash_, own.address.lower(), 0, 3)
    assert (event.to, event.selector) == (chain.accounts[6].address.lower(), "")


async def test_tips_are_those_that_wait_for_the_next_block(chain: Any, readers: Any) -> None:
    """The next base fee is computed: after an empty block an eighth lower."""
    reader = readers(chain.ws_url)
    await reader.listens()
    for account, tip in zip(chain.accounts, (3 * GWEI, GWEI, 3 * GWEI), strict=False):
        chain.submit(account, chain.accounts[9].address, gas=50_000, tip=tip)
    wanted = ((3 * GWEI, 100_000), (GWEI, 50_000))
    await reader.until(lambda: [e for e in reader.seen if isinstance(e, PoolTips) and e.offers == wanted])
    chain.mine()
    number = chain.block_number()
    await reader.until(
        lambda: [e for e in reader.seen if isinstance(e, PoolTips) and (e.block, e.offers) == (number, ())]
    )


async def test_tips_follow_the_kernels_block_and_what_was_mined_in_all_blocks_before_it(
    chain: Any, readers: Any
) -> None:
    reader = readers(chain.ws_url)

    def stand() -> None:
        """The kernel has taken all blocks, and the feed hears of the newest."""
        blocks = [chain.rpc.call("eth_getBlockByNumber", hex(n), False) for n in range(chain.block_number(), first, -1)]
        recent = tuple((int(block["number"], 16), block["hash"]) for block in blocks)
        reader.context.resume = {"number": recent[0][0], "hash": recent[0][1], "recent": recent}

    first = chain.block_number() - 1
    stand()
    await reader.listens()
    await reader.find(PoolTips)
    for account in chain.accounts[:3]:
        chain.submit(account, chain.accounts[9].address, gas=50_000)
    await reader.until(lambda: [e for e in reader.seen if isinstance(e, PoolTips) and e.offers == ((GWEI, 150_000),)])
    chain.mine(3)
    stand()
    number = chain.block_number()
    await reader.until(
        lambda: [e for e in reader.seen if isinstance(e, PoolTips) and (e.block, e.offers) == (number, ())]
    )
