"""What the check says of tokens on a dev chain."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.codec import decode, encode
from sniper.errors import RpcError, SniperError
from sniper.evm.rpc import Endpoints
from sniper.risk import Finding
from sniper_risk_holders.check import Holding
from sniper_risk_holders.past import created
from sniper_sdk import zoo
from sniper_sdk.devchain import Account, DevChain
from sniper_sdk.probing import Probing
from sniper_sdk.solidity import compiled
from sniper_sdk.zoo import Call, V2Pool, contract

CONTRACTS = Path(__file__).parent / "contracts"
ETHER = 10**18
SUPPLY = 10**24
NOBODY = "0x000000000000000000000000000000000000dEaD"


def bps(finding: Finding) -> int:
    assert isinstance(finding.found, int)
    return finding.found


def account(world: Probing[Holding], name: str) -> Account:
    """Nobody has met it: its name counts the blocks."""
    made = Account.named(f"{name} {world.chain.block_number()}")
    world.chain.fund(made.address, 100 * ETHER)
    return made


def launched(world: Probing[Holding], name: str = "plain", *, v3: bool = False) -> zoo.ZooToken:
    venues = (zoo.Venue.V3 if v3 else zoo.Venue.V2,)
    return zoo.deploy(world.chain, name, venues=venues, owner=account(world, "owner"))


@pytest.mark.parametrize("name", ["plain", "liquidity-locked", "no-return", "rebasing", "clone-of-plain"])
async def test_a_token_that_lies_in_its_pool_passes(world: Probing[Holding], name: str) -> None:
    token = launched(world, name)
    assert await world.denied(token) == set()
    assert bps((await world.judged(token))["holders-seen"]) >= 9_990


async def test_the_pool_is_left_out_in_v3_too(world: Probing[Holding]) -> None:
    findings = await world.judged(launched(world, v3=True))
    assert all(finding.ok for finding in findings.values())
    assert findings["top-holder"].found == 0


async def test_one_who_holds_much_is_told_and_not_what_is_burnt_or_locked(world: Probing[Holding]) -> None:
    token, whale = launched(world), account(world, "whale")
    token.buy(whale, 5 * ETHER)
    held = token.holding(whale.address)
    findings = await world.judged(token)
    assert await world.denied(token) == {"top-holder"}
    assert findings["top-holder"].found == held * 10_000 // token.supply == 3326
    assert f"33.26% {whale.address.lower()}, wallet, has sent 1 transactions" in findings["top-holder"].evidence
    assert findings["herfindahl"].found == 1106
    assert findings["fresh-wallets"].found == 3326
    assert findings["holders-seen"].found == 10_000

    lock = world.chain.deploy(contract("DatedLocker"), whale.address, sender=whale)
    world.send(whale, token.address, "transfer(address,uint256)", lock, held // 2)
    world.send(whale, token.address, "transfer(address,uint256)", NOBODY, held // 4)
    found = await world.found(token)
    assert {each.kind for each in found.holders} == {"pool", "wallet", "locked", "burnt"}
    assert found.top == found.top_ten == token.holding(whale.address)
    after = await world.judged(token)
    assert after["top-holder"].ok
    assert after["fresh-wallets"].found == 0  # it has sent more since
    assert not (await world.judged(token, max_top_bps=500))["top-holder"].ok


async def test_ten_who_hold_much_together_are_told(world: Probing[Holding]) -> None:
    token, whale = launched(world), account(world, "whale")
    token.buy(whale, 20 * ETHER)
    part = token.holding(whale.address) // 12
    for number in range(11):
        world.send(whale, token.address, "transfer(address,uint256)", Account.named(f"hand {number}").address, part)
    findings = await world.judged(token)
    assert await world.denied(token) == {"top-ten"}
    assert 5_400 <= bps(findings["top-ten"]) <= 5_600  # ten of the twelve parts of two thirds
    assert not findings["fresh-wallets"].ok
    assert len(findings["top-ten"].evidence) == 10


async def test_buys_in_the_block_of_the_launch_are_a_bundle(world: Probing[Holding]) -> None:
    chain, owner = world.chain, account(world, "owner")
    first, second, late = (account(world, f"{each} buyer") for each in ("first", "second", "late"))
    address = chain.deploy(contract("PlainToken"), "Bundle", "BUN", SUPPLY, sender=owner)
    pool = V2Pool(address, chain.addresses)
    chain.rpc.call("evm_setAutomine", False)
    try:
        calls = [pool.create(SUPPLY, 10 * ETHER), *pool.add(NOBODY, SUPPLY, 10 * ETHER)]
        nonce = chain.nonce(owner.address)
        for turn, call in enumerate(calls):
            submit(world, owner, call, tip=10**10, nonce=nonce + turn)
        for buyer in (first, second):
            submit(world, buyer, pool.buy(buyer.address, 2 * ETHER), tip=10**9)
        chain.mine()
    finally:
        chain.rpc.call("evm_setAutomine", True)
    call = pool.buy(late.address, ETHER)
    chain.send(late, call.to, call.data, call.value, gas=call.gas)
    token = zoo.ZooToken(zoo.specimen("plain"), chain, address, (pool,), owner, SUPPLY, 10 * ETHER)
    bundled = (await world.judged(token))["bundled-buys"]
    held = sum(token.holding(each.address) for each in (first, second))
    assert (bundled.ok, bundled.severity, bundled.found) == (False, "warn", held * 10_000 // SUPPLY)
    assert bundled.note == "2 of 3 first buyers"
    assert {line.split()[0] for line in bundled.evidence} == {first.address.lower(), second.address.lower()}
    assert await world.denied(token, bundled="deny") == {"bundled-buys"}


async def test_a_purchase_of_the_deployer_is_a_bundle_in_later_blocks_too(world: Probing[Holding]) -> None:
    token, other = launched(world), account(world, "other")
    token.buy(token.owner, 3 * ETHER)
    token.buy(other, ETHER)
    bundled = (await world.judged(token, first_blocks=10))["bundled-buys"]
    assert bundled.found == token.holding(token.owner.address) * 10_000 // token.supply
    assert "it is a deployer itself" in bundled.evidence[0]


async def test_what_the_deployer_created_before_is_told_and_only_tokens_count(world: Probing[Holding]) -> None:
    owner = account(world, "serial owner")
    world.chain.deploy(contract("DatedLocker"), owner.address, sender=owner)
    before = [world.chain.deploy(contract("PlainToken"), "Old", "OLD", SUPPLY, sender=owner) for _ in range(3)]
    token = zoo.deploy(world.chain, "plain", owner=owner)
    found = await world.found(token)
    assert list(found.earlier) == [each.lower() for each in before]
    assert (await world.judged(token))["earlier-tokens"].ok
    assert await world.denied(token, max_earlier_tokens=2, earlier="deny") == {"earlier-tokens"}


async def test_holders_from_before_the_logs_are_missing_and_told_so(world: Probing[Holding]) -> None:
    token, whale = launched(world), account(world, "whale")
    token.buy(whale, 8 * ETHER)
    world.chain.mine(30)
    seen = (await world.judged(token, history_blocks=20, unseen="deny"))["holders-seen"]
    assert (seen.ok, seen.severity) == (False, "deny")
    assert "beginning" in seen.evidence[0]


async def test_a_token_that_claims_more_than_there_can_be_is_denied_and_its_evidence_journaled(
    world: Probing[Holding],
) -> None:
    owner = account(world, "liar")
    address = world.chain.deploy(compiled(CONTRACTS)["Liar"], sender=owner)
    pool = V2Pool(address, world.chain.addresses)
    call = pool.create(1, 1)
    world.chain.send(owner, call.to, call.data, gas=call.gas)
    world.send(owner, address, "tell(address)", pool.address)
    token = zoo.ZooToken(zoo.specimen("plain"), world.chain, address, (pool,), owner, 1, 0)
    found = await world.found(token)
    assert decode(encode(found), Holding) == found
    assert {"top-holder", "top-ten"} <= await world.denied(token)


@pytest.mark.parametrize("refused", ["eth_getLogs", "eth_getBlockByNumber", "eth_getTransactionCount", "eth_call"])
async def test_a_node_that_lacks_what_is_asked_is_an_error(
    world: Probing[Holding], refused: str, monkeypatch: pytest.MonkeyPatch
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


def test_created_contracts_are_where_the_chain_puts_them(devchain: DevChain) -> None:
    owner = Account.named("a creator")
    devchain.fund(owner.address, ETHER * 100)
    for nonce in range(3):
        assert devchain.deploy(contract("PlainToken"), "T", "T", 1, sender=owner).lower() == created(
            owner.address.lower(), nonce
        )


@given(st.integers(0, 2**64 - 2))
def test_each_nonce_has_an_address_of_its_own(nonce: int) -> None:
    creator = "0x" + "ab" * 20
    assert created(creator, nonce) != created(creator, nonce + 1)
    assert len(created(creator, nonce)) == 42


def submit(world: Probing[Holding], who: Account, call: Call, *, tip: int, nonce: int | None = None) -> None:
    world.chain.submit(who, call.to, call.data, call.value, gas=call.gas, tip=tip, nonce=nonce)
