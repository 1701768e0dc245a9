"""Money that goes to own wallets, on a real chain, by a real signer with its own rules."""

import json

from stand import Stand
from stand.command import sniper

from sniper.kernel import facts as f
from sniper.types import NATIVE
from sniper_sdk.devchain import DevChain

COLD = "0x" + "c01d" * 10
SHORT = "0x" + "5407" * 10
STRANGE = "0x" + "57a4" * 10
ETHER = 10**18


def allow(stand: Stand, *wallets: str, **sweep: int) -> None:
    """In the account's config and in the signer's rules."""
    stand.document["account"]["main"]["treasury"] = {"to": list(wallets), **sweep}
    chain = stand.document["signer"]["keystore"]["rules"]["chains"][str(stand.chain.chain_id)]
    chain |= {"recipients": [COLD], "max_value": 5 * ETHER}


async def test_what_is_sent_by_hand_arrives_and_the_books_still_equal_the_chain(stand: Stand, chain: DevChain) -> None:
    allow(stand, COLD, STRANGE)
    await stand.start()
    before = chain.balance(COLD)
    asked = ("transfer", "1.5 ether", "--to", COLD, "--json", "--key", "once")
    code, printed = await sniper(stand, *asked)
    assert code == 0, printed
    intent = json.loads(printed)["intent"]
    assert await sniper(stand, *asked) == (0, printed)  # the same key is the same transfer
    await stand.mine_until(lambda record: record.all(f.OrderEnded) and not record.books["main"].orders)
    assert chain.balance(COLD) - before == 3 * ETHER // 2
    assert stand.record.books["main"].cash[f"{chain.chain_id}:{NATIVE}"] == chain.balance(stand.owner)
    assert stand.differences() == []
    code, told = await sniper(stand, "why", intent)
    assert (code, f"sent 1.5 ether to {COLD}" in told) == (0, True), told
    code, printed = await sniper(stand, "reconcile")
    assert code == 0, printed
    # The config names that wallet; the signer does not, and its word counts.
    code, printed = await sniper(stand, "transfer", "1 ether", "--to", STRANGE)
    await stand.mine_until(lambda record: len(record.all(f.OrderEnded)) == 2)
    assert stand.record.all(f.OrderEnded)[-1].state == "failed"
    assert "recipient" in stand.record.all(f.OrderEnded)[-1].reason
    assert chain.balance(STRANGE) == 0
    code, printed = await sniper(stand, "transfer", "1 ether", "--to", "0x" + "11" * 20)
    assert (code, "is no own wallet of account main" in printed) == (1, True), printed


async def test_what_is_above_the_line_is_swept_and_trading_goes_on(stand: Stand, chain: DevChain) -> None:
    funds = chain.balance(stand.owner)
    allow(stand, COLD, sweep_above=funds - ETHER, keep=funds - 3 * ETHER)
    await stand.start()
    before = chain.balance(COLD)
    await stand.mine_until(lambda record: record.all(f.OrderEnded) and not record.books["main"].orders)
    assert chain.balance(COLD) - before == 3 * ETHER
    held = await stand.hold_a_launch()
    await stand.sell(held)
    assert stand.record.books["main"].cash[f"{chain.chain_id}:{NATIVE}"] == chain.balance(stand.owner)
    assert len([placed for placed in stand.record.all(f.OrderPlaced) if placed.side == "transfer"]) == 1
    assert await stand.replayed() == 0


async def test_a_bot_that_is_killed_while_it_sends_sends_once(stand: Stand, chain: DevChain) -> None:
    allow(stand, COLD)
    await stand.start()
    before = chain.balance(COLD)
    code, printed = await sniper(stand, "transfer", "1 ether", "--to", COLD)
    assert code == 0, printed
    await stand.until(lambda record: record.attempts("transfer", "signed"))
    await stand.restart()
    await stand.mine_until(lambda record: record.all(f.OrderEnded) and not record.books["main"].orders)
    assert chain.balance(COLD) - before == ETHER


async def test_a_wallet_that_runs_short_of_gas_is_given_some_once_though_the_bot_is_killed_meanwhile(
    stand: Stand, chain: DevChain
) -> None:
    allow(stand, COLD)
    gas = {"to": [SHORT], "floor": "0.05 ether", "ceiling": "0.2 ether", "per_day": "1 ether"}
    stand.document["account"]["main"]["treasury"]["gas"] = gas
    stand.document["account"]["main"]["execution"]["read_wallet_blocks"] = 1
    stand.document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]["recipients"] = [COLD, SHORT]
    chain.fund(SHORT, ETHER // 25)
    await stand.start()
    await stand.mine()
    await stand.until(lambda record: record.attempts("transfer", "signed"))
    await stand.restart()
    for _ in range(6):
        await stand.mine()
    assert chain.balance(SHORT) == ETHER // 5
    assert len(stand.record.all(f.OrderPlaced)) == 1
    assert stand.record.books["main"].cash[f"{chain.chain_id}:{NATIVE}"] == chain.balance(stand.owner)
    assert await stand.replayed() == 0
