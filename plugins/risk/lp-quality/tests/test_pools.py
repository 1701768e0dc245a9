"""History, ranges and first buyers of real pools."""

from typing import Any

import pytest

from sniper.codec import decode, encode
from sniper.errors import RpcError, SniperError
from sniper.evm.rpc import Endpoints
from sniper.risk import Finding
from sniper.runtime.forks import ChainAt
from sniper_amm_uniswap_v3.tick import MIN_SQRT_RATIO
from sniper_risk_lp_quality.check import Liquidity, LpQuality, LpQualityConfig
from sniper_risk_lp_quality.ranges import Price, worth
from sniper_sdk import zoo
from sniper_sdk.builders import view
from sniper_sdk.devchain import Account, calldata
from sniper_sdk.probing import Probing

ETHER = 10**18


def bps(finding: Finding) -> int:
    assert isinstance(finding.found, int)
    return finding.found


def launched(world: Probing[Liquidity], *, v3: bool = False, name: str = "liquidity-pulled") -> zoo.ZooToken:
    return zoo.deploy(world.chain, name, venues=(zoo.Venue.V3 if v3 else zoo.Venue.V2,))


def account(world: Probing[Liquidity], name: str, wei: int = ETHER) -> Account:
    made = Account.named(name)
    world.chain.fund(made.address, wei)
    return made


@pytest.mark.parametrize("v3", [False, True])
async def test_what_was_removed_is_told_with_its_block(world: Probing[Liquidity], v3: bool) -> None:
    token = launched(world, v3=v3)
    assert (await world.judged(token))["removed"].found == 0
    for call in token.pools[0].remove(world.chain, token.owner.address, 4000):
        world.do(token.owner, call)
    removed = (await world.judged(token))["removed"]
    assert (removed.ok, removed.severity) == (False, "deny")
    assert 3998 <= bps(removed) <= 4000
    assert f"block {world.chain.block_number()}: removed" in removed.evidence[-1]
    assert (await world.judged(token, max_removed_bps=4000))["removed"].ok


@pytest.mark.parametrize("v3", [False, True])
async def test_depth_is_what_the_pool_holds_of_the_quote_coin(world: Probing[Liquidity], v3: bool) -> None:
    token = launched(world, v3=v3)
    found = await world.found(token)
    assert abs(found.depth - 10 * ETHER) < 10**6
    assert found.kind == ("v3" if v3 else "v2")
    assert not (await world.judged(token, min_depth="11 ether"))["depth"].ok


async def test_a_range_without_the_quote_coin_is_told_by_its_value(world: Probing[Liquidity]) -> None:
    token, chain = launched(world, v3=True, name="plain"), world.chain
    buyer = chain.accounts[1]
    token.buy(buyer, 5 * ETHER)
    held, weth, manager = token.holding(buyer.address), chain.addresses.weth, chain.addresses.v3_positions
    world.do(buyer, zoo.approve(token.address, manager))
    first = int(token.address, 16) < int(weth, 16)
    # The token is coin 0 or 1; a range on its side of the price takes nothing of the other coin.
    slot = chain.call(token.pools[0].address, calldata("slot0()"))
    tick = int.from_bytes(slot[32:64], "big", signed=True) // 60 * 60
    lower, upper = (tick + 600, tick + 1200) if first else (tick - 1200, tick - 600)
    coins = (token.address, weth) if first else (weth, token.address)
    amounts = (held, 0) if first else (0, held)
    position = (*coins, 3000, lower, upper, *amounts, 0, 0, buyer.address, 2**63)
    signature = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
    chain.send(buyer, manager, calldata(signature, position), gas=1_000_000)
    findings = await world.judged(token, max_single_sided_bps=100, max_out_of_range_bps=100)
    assert not findings["single-sided"].ok
    assert findings["single-sided"].found == findings["out-of-range"].found
    # 5 of 15 ether left the pool's token side: the buyer's tokens are worth about a quarter of all value.
    assert 1800 <= bps(findings["single-sided"]) <= 2700
    found = await world.found(token)
    assert buyer.address.lower() in {part.holder for part in found.parts}
    assert findings["locked"].found == 10_000 - bps(findings["single-sided"]) - 1


async def test_buyers_whom_the_deployer_paid_are_told_with_the_payment(world: Probing[Liquidity]) -> None:
    token = launched(world)
    friend, other, stranger = (account(world, f"{who} {token.address}", 0) for who in ("friend", "other", "stranger"))
    bank = account(world, f"bank {token.address}", 10 * ETHER)
    world.chain.fund(stranger.address, 2 * ETHER)
    first = world.chain.block_number()
    world.chain.send(token.owner, friend.address, value=2 * ETHER, gas=21_000)
    world.chain.send(bank, other.address, value=2 * ETHER, gas=21_000)
    for who in (friend, stranger):
        token.buy(who, ETHER // 2)
    wide: dict[str, Any] = {"first_blocks": 20, "funding_blocks": 20}
    found = await world.found(token, **wide)
    tied = {buyer.address: buyer.links for buyer in found.buyers}
    assert set(tied) == {friend.address.lower(), stranger.address.lower()}
    assert tied[stranger.address.lower()] == ()
    (line,) = tied[friend.address.lower()]
    assert f"the deployer {token.owner.address.lower()} paid it {2 * ETHER} wei in block {first + 1}" in line
    funded = (await world.judged(token, max_funded_bps=100, funded_buyers="deny", **wide))["funded-buyers"]
    assert (funded.ok, funded.severity) == (False, "deny")
    assert 400 <= bps(funded) <= 500  # of the supply: 0.5 ether in a pool of 10

    world.chain.send(bank, stranger.address, value=1, gas=21_000)
    token.buy(other, ETHER // 4)
    found = await world.found(token, **wide)
    links = {buyer.address: buyer.links for buyer in found.buyers}
    assert f"and paid {other.address.lower()} as well" in links[stranger.address.lower()][0]
    assert (await world.found(token, first_blocks=20, funding_blocks=0)).buyers[1].links == ()


async def test_a_pool_older_than_the_logs_is_told_so_and_its_holders_are_strangers(world: Probing[Liquidity]) -> None:
    token = launched(world)
    world.chain.mine(30)
    found = await world.found(token, history_blocks=20)
    assert found.launch.block == -1
    assert "beginning" in found.cut[0]
    assert [part.kind for part in found.parts if part.amount > 1000] == ["wallet"]
    assert not (await world.judged(token, history_blocks=20))["locked"].ok


async def test_a_pool_of_no_known_kind_is_denied(world: Probing[Liquidity]) -> None:
    token = launched(world)
    intent = world.entry(token.address, world.chain.addresses.weth)
    check = LpQuality(config=LpQualityConfig())
    findings = list(check.judge(intent, view(), await check.probe(intent, world.io())))
    assert [(each.rule, each.ok) for each in findings] == [("pool-known", False)]


@pytest.mark.parametrize("refused", ["eth_getLogs", "eth_getBlockByNumber", "eth_call"])
async def test_a_node_that_lacks_what_is_asked_is_an_error(
    world: Probing[Liquidity], refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = launched(world)
    io = world.io()
    right = Endpoints._ask

    async def asked(self: Endpoints, requests, within, judge):  # type: ignore[no-untyped-def]
        if any(method == refused for method, _ in requests):
            raise RpcError(f"the node does not give {refused}: name another one")
        return await right(self, requests, within, judge)

    monkeypatch.setattr(Endpoints, "_ask", asked)
    with pytest.raises(SniperError, match=refused):
        await world.found(token, io=io)


async def test_a_block_has_its_transactions_and_later_ones_are_refused(world: Probing[Liquidity]) -> None:
    token = launched(world)
    chain = await world.io().chain(world.chain.chain_id)
    assert isinstance(chain, ChainAt)
    mined = await chain.mined(chain.block)
    assert mined.timestamp == world.chain.timestamp()
    assert [each.sender for each in mined.transactions] == [token.owner.address.lower()]
    assert mined.transactions[0].nonce + 1 == await chain.nonce(token.owner.address)
    with pytest.raises(RpcError, match="is not among those"):
        await chain.mined(chain.block + 1)


def test_a_range_is_worth_its_coins_at_the_present_price() -> None:
    even = Price(root=2**96, tick=0, quote=1)
    both, own = worth(even, -60, 60, 10**24)
    assert abs(both - 2 * own) <= 10**16
    assert worth(even, 60, 120, 10**24)[1] == 0  # coin 0 alone
    assert worth(even, -120, -60, 10**24)[0] == worth(even, -120, -60, 10**24)[1]
    assert worth(Price(root=2**96, tick=0, quote=0), -120, -60, 10**24)[1] == 0
    edge = worth(Price(root=MIN_SQRT_RATIO, tick=-887272, quote=0), -887272, 887272, 2**128 - 1)
    assert decode(encode(Liquidity(block=1, total=40 * edge[0])), Liquidity).total == 40 * edge[0]
    for nonsense in ((60, 60), (-(10**9), 10**9), (60, -60)):
        assert worth(even, *nonsense, 10**24) == (0, 0)
