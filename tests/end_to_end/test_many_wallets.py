"""One account that trades from several wallets of a real chain, with a key of its own for each."""

import json
from collections import Counter

import pytest
from stand import Stand
from stand.command import sniper
from stand.market import Launch

from sniper.kernel import facts as f
from sniper.types import NATIVE
from sniper_sdk.devchain import DevChain

ETHER = 10**18
MOST = 16


def launched(stand: Stand, count: int) -> list[Launch]:
    """So many tokens get a pool with liquidity in one and the same block, and none before."""
    chain = stand.chain
    chain.rpc.call("evm_setBlockGasLimit", hex(2 * 10**9))
    made = [stand.market.prepared() for _ in range(count)]
    for each in made:
        stand.market.offer(each)
    chain.mine()
    return made


def waiting(chain: DevChain, wallets: list[str]) -> dict[str, list[int]]:
    """By wallet: the nonces that wait in the chain's pool."""
    content = chain.rpc.call("txpool_content")
    assert not any(content["queued"].get(key) for key in content["queued"]), "a nonce is missing below one that waits"
    found = {address.lower(): sorted(map(int, by_nonce)) for address, by_nonce in content["pending"].items()}
    return {wallet: found.get(wallet, []) for wallet in wallets}


async def test_what_each_wallet_bought_is_sold_by_it_after_a_crash_and_the_commands_say_which_one_it_is(
    stand: Stand, chain: DevChain
) -> None:
    wallets = stand.add_wallets(2)
    stand.document["account"]["main"]["execution"]["max_pending"] = 1
    chain_rules = stand.document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]
    chain_rules |= {"recipients": wallets, "max_value": 5 * ETHER}
    await stand.start()
    launches = launched(stand, 3)
    await stand.until(lambda record: len(record.attempts("entry", "sent")) == 3)
    await stand.restart()
    await stand.mine_until(lambda record: record.books["main"].positions and not record.books["main"].orders)
    held = {token: position.wallet for token, position in stand.record.books["main"].positions.items()}
    assert sorted(held.values()) == sorted(wallets)
    assert stand.differences() == []
    code, printed = await sniper(stand, "positions", "--json")
    assert code == 0, printed
    found = json.loads(printed)
    assert {each["token"]: each["wallet"] for each in found["positions"]} == held
    (cash,) = found["cash"]
    assert sum(int(purse["amount"]) for purse in cash["wallets"].values()) == int(cash["amount"])
    for command in (("status",), ("orders", "--all"), ("positions",)):
        code, printed = await sniper(stand, *command)
        assert code == 0, printed
        assert all(wallet[:8] in printed for wallet in wallets), printed
    entry = found["positions"][0]["entries"][0]
    code, printed = await sniper(stand, "why", entry)
    assert f"From wallet {held[found['positions'][0]['token']]}." in printed, printed
    for launch in launches:
        stand.market.buy(launch, 8 * ETHER)
    await stand.mine_until(lambda record: not record.books["main"].positions and not record.books["main"].orders)
    sold = {placed.token: placed.owner for placed in stand.record.all(f.OrderPlaced) if placed.side == "reduce"}
    assert sold == held
    assert stand.differences() == []
    before = chain.balance(wallets[2])
    asked = ("transfer", "1 ether", "--from", wallets[1], "--to", wallets[2])
    code, printed = await sniper(stand, *asked)
    assert code == 0, printed
    await stand.mine_until(lambda record: record.all(f.OrderEnded) and not record.books["main"].orders)
    native = f"{chain.chain_id}:{NATIVE}"
    await stand.until(lambda record: record.books["main"].cash_of(native, wallets[2]) == before + ETHER)
    assert [stand.record.books["main"].cash_of(native, each) for each in wallets] == list(map(chain.balance, wallets))
    code, printed = await sniper(stand, "reconcile")
    assert code == 0, printed
    assert await stand.replayed() == 0


@pytest.mark.parametrize("count", [pytest.param(24, id="24"), pytest.param(200, id="200", marks=pytest.mark.long)])
async def test_as_many_transactions_as_wallets_may_have_wait_at_once_and_all_are_booked(
    stand: Stand, chain: DevChain, count: int
) -> None:
    wallets = stand.add_wallets(-(-count // MOST) - 1)
    strategy = stand.document["strategy"]["launch-snipe"]
    strategy |= {"max_per_block": count + 1, "exits": []}
    stand.document["risk"] = {
        "limits": {"max_spend_per_trade": ETHER, "max_spend_per_day": 100 * ETHER, "max_positions": count}
    }
    rules = stand.document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]
    rules |= {"max_value_per_hour": 100 * ETHER, "max_value_per_day": 100 * ETHER}
    await stand.start()
    launched(stand, count)
    await stand.until(lambda record: len(record.attempts("entry", "sent")) == count)
    found = waiting(chain, wallets)
    assert sum(map(len, found.values())) == count
    assert all(nonces == list(range(len(nonces))) and len(nonces) <= MOST for nonces in found.values()), found
    assert max(map(len, found.values())) - min(map(len, found.values())) <= 1, "spread evenly"
    await stand.mine_until(lambda record: not record.books["main"].orders)
    book = stand.record.books["main"]
    assert len(book.positions) == count
    assert Counter(position.wallet for position in book.positions.values()) == {
        wallet: len(nonces) for wallet, nonces in found.items()
    }
    assert stand.differences() == []
    code, printed = await sniper(stand, "reconcile")
    assert code == 0, printed
    assert printed.count("The books are what the chain says, to the unit.") == len(wallets)
    assert await stand.replayed() == 0
