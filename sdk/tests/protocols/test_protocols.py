"""Real contracts, which make pools and quote them."""

from collections.abc import Iterator

import pytest

from sniper.evm.abi import function
from sniper.evm.keccak import keccak256
from sniper.types import NATIVE
from sniper_sdk.devchain import DevChain
from sniper_sdk.protocols import PERMIT2, Protocols
from sniper_sdk.zoo import contract

ETHER = 10**18


@pytest.fixture(scope="module")
def chain() -> Iterator[DevChain]:
    with DevChain() as running:
        yield running


@pytest.fixture(scope="module")
def protocols(chain: DevChain) -> Protocols:
    return Protocols.deployed(chain)


@pytest.fixture(scope="module")
def coins(chain: DevChain) -> tuple[str, str, str, str]:
    a, b, c, d = (chain.deploy(contract("PlainToken"), name, name, 2**120).lower() for name in "abcd")
    return a, b, c, d


@pytest.mark.parametrize("native", [False, True])
def test_v4_pools_live_in_the_manager_under_the_hash_of_their_key(
    chain: DevChain, protocols: Protocols, coins: tuple[str, ...], native: bool
) -> None:
    v4, coin = protocols.v4, NATIVE if native else coins[1]
    key = v4.create(chain, coins[0], coin, fee=3000, tick_spacing=60, liquidity=100 * ETHER, ticks=60_000)
    assert (key.currency0 == NATIVE) == native
    assert 0.98 * ETHER < v4.quote(chain, key, coin, ETHER) < 0.99 * ETHER
    slot = function("extsload(bytes32)(bytes32)")
    place = keccak256(bytes.fromhex(key.id[2:]) + (6).to_bytes(32, "big"))  # StateLibrary: pools are at slot 6
    (state,) = slot.decode(chain.call(v4.manager, slot.encode(place)))
    assert int.from_bytes(state, "big") & 2**160 - 1 == 1 << 96


def test_the_universal_router_knows_the_manager_and_permit2_its_chain(chain: DevChain, protocols: Protocols) -> None:
    manager = function("poolManager()(address)")
    router = protocols.universal_router.router
    assert manager.decode(chain.call(router, manager.encode())) == (protocols.v4.manager.lower(),)
    assert len(chain.call(PERMIT2, function("DOMAIN_SEPARATOR()").encode())) == 32


def test_a_curve_pool_trades_all_its_coins(
    chain: DevChain, protocols: Protocols, coins: tuple[str, str, str, str]
) -> None:
    pool = protocols.curve.create(chain, coins, amounts=(1_000 * ETHER,) * 4)
    for i, j in ((0, 1), (3, 2)):
        assert 0.999 * ETHER < protocols.curve.quote(chain, pool, i, j, ETHER) < ETHER


def test_a_balancer_pool_has_its_address_in_its_id(
    chain: DevChain, protocols: Protocols, coins: tuple[str, ...]
) -> None:
    weights = {coins[0]: (ETHER // 4, 100 * ETHER), coins[1]: (ETHER // 4 * 3, 300 * ETHER)}
    pool, pool_id = protocols.balancer.create(chain, weights)
    assert pool_id.startswith(pool)
    assert 0.98 * ETHER < protocols.balancer.quote(chain, pool_id, coins[0], coins[1], ETHER) < ETHER
