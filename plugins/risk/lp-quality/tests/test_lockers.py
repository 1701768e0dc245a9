"""Locks are believed by what they do: contracts of our own, put to the test on a dev chain."""

from pathlib import Path

import pytest

from sniper_risk_lp_quality.check import Liquidity
from sniper_sdk import zoo
from sniper_sdk.devchain import calldata
from sniper_sdk.probing import Probing
from sniper_sdk.solidity import compiled

CONTRACTS = Path(__file__).parent / "contracts"
YEAR = 365 * 86_400


def launched(world: Probing[Liquidity], *, v3: bool = False) -> zoo.ZooToken:
    venue = zoo.Venue.V3 if v3 else zoo.Venue.V2
    return zoo.deploy(world.chain, "liquidity-pulled", venues=(venue,))


def deposited(world: Probing[Liquidity], token: zoo.ZooToken, name: str, *arguments: object) -> str:
    """All LP tokens in a new lock; its address."""
    lock = world.chain.deploy(compiled(CONTRACTS)[name], *arguments, sender=token.owner)
    pair = token.pools[0].address
    world.send(
        token.owner, pair, "transfer(address,uint256)", lock, world.chain.token_balance(pair, token.owner.address)
    )
    return lock


async def test_a_lock_whose_date_nobody_can_bring_forward_is_one(world: Probing[Liquidity]) -> None:
    token = launched(world)
    lock = deposited(world, token, "Honest").lower()
    locked = (await world.judged(token))["locked"]
    assert (locked.ok, locked.sure) == (True, "confirmed")
    until = int.from_bytes(world.chain.call(lock, calldata("releaseTime()")), "big")
    assert f"locked until {until} s UTC, {lock}" in locked.evidence[0]
    assert not (await world.judged(token, min_lock_s=2 * YEAR))["locked"].ok
    assert not (await world.judged(token, trust_locks=False))["locked"].ok


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Sooner", "goes from"),
        ("TwoSteps", "in several steps"),
        ("Delegating", "DELEGATECALL"),
        ("Open", "goes from"),
    ],
)
async def test_a_lock_that_can_be_opened_is_none(world: Probing[Liquidity], name: str, why: str) -> None:
    token = launched(world)
    deposited(world, token, name)
    findings = await world.judged(token)
    assert not findings["locked"].ok
    assert why in findings["locked"].evidence[0]


@pytest.mark.parametrize("clone", [True, False])
async def test_only_what_runs_says_whether_it_is_a_lock(world: Probing[Liquidity], clone: bool) -> None:
    """A clone of a lock is one. What only names a lock, and hands its calls on to whom a slot says, is none."""
    token, chain = launched(world), world.chain
    lock, kept = deposited(world, token, "Honest"), "0x" + "10" * 20
    chain.rpc.call("anvil_setCode", kept, chain.rpc.call("eth_getCode", lock, "latest"))
    chain.rpc.call("anvil_setStorageAt", lock, hex(7), "0x" + kept[2:].rjust(64, "0"))
    named = f"73{kept[2:]}5af4"
    begin, end = "363d3d373d3d3d363d", "3d82803e903d91602b57fd5bf3"
    # PUSH1(26) JUMP, what never runs, JUMPDEST; CALLDATACOPY, DELEGATECALL of what slot 7 names, and what that returns.
    decoy = f"601a56{named}5b365f5f375f5f365f6007545af43d5f5f3e603257" + "5f5ffd5b3d5ff3"
    chain.rpc.call("anvil_setCode", lock, "0x" + (begin + named + end if clone else decoy))
    locked = (await world.judged(token))["locked"]
    assert locked.ok is clone, locked
    assert clone or "DELEGATECALL" in locked.evidence[0]


async def test_a_lock_that_has_approved_somebody_is_none(world: Probing[Liquidity]) -> None:
    token = launched(world)
    deposited(world, token, "Approving", token.pools[0].address)
    locked = (await world.judged(token))["locked"]
    assert not locked.ok
    assert f"it lets {token.owner.address.lower()} take it" in locked.evidence[0]


async def test_of_a_lock_of_many_what_it_records_is_locked_and_no_more(world: Probing[Liquidity]) -> None:
    token, chain = launched(world), world.chain
    pair = token.pools[0].address
    lock = chain.deploy(compiled(CONTRACTS)["Records"], sender=chain.accounts[3])
    owned = chain.token_balance(pair, token.owner.address)
    world.send(token.owner, pair, "approve(address,uint256)", lock, owned)
    for share, days in ((owned * 6 // 10, 300), (owned * 3 // 10, 10)):
        until = chain.timestamp() + days * 86_400
        world.send(token.owner, lock, "lock(address,uint256,uint256)", pair, share, until)
    world.send(token.owner, pair, "transfer(address,uint256)", lock, owned // 20)
    found = await world.found(token)
    kinds = [(part.kind, round(100 * part.amount / found.total)) for part in found.parts if part.amount > 1000]
    assert kinds == [("locked", 60), ("locked", 30), ("wallet", 5), ("contract", 5)]
    assert (await world.judged(token))["locked"].found == 6000
    assert (await world.judged(token, min_lock_s=86_400))["locked"].found == 9000


@pytest.mark.parametrize("strict", [True, False])
async def test_a_position_in_a_lock_is_locked_where_the_lock_holds_it(world: Probing[Liquidity], strict: bool) -> None:
    token, chain = launched(world, v3=True), world.chain
    lock = chain.deploy(compiled(CONTRACTS)["Keeper"], strict, sender=token.owner)
    manager, owner = chain.addresses.v3_positions, token.owner.address
    number = int.from_bytes(chain.call(manager, calldata("tokenOfOwnerByIndex(address,uint256)", owner, 0)), "big")
    world.send(token.owner, manager, "transferFrom(address,address,uint256)", owner, lock, number)
    locked = (await world.judged(token))["locked"]
    assert (locked.ok, locked.found) == ((True, 10_000) if strict else (False, 0))
    assert lock.lower() in locked.evidence[0]
