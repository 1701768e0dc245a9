"""The three levels on a running bot, set beside it through the file and by asking it through its socket."""

import asyncio

import pytest
from stand import Stand

from sniper.kernel import facts as f
from sniper.runtime import control


async def set_level(stand: Stand, how: str, level: str) -> None:
    """By the file, as when the bot does not answer, or by the command that ``sniper kill-switch`` sends."""
    if how == "file":
        stand.kill_switch(level)
    else:
        await asyncio.to_thread(control.ask, stand.data, {"command": "kill-switch", "level": level, "reason": "a test"})
    await stand.until(lambda record: record.books["main"].kill == level)


def verdicts(stand: Stand, asset: str) -> list[str]:
    """The rules by which a token was refused."""
    stand.record.read()
    of_token = {intent.intent for intent in stand.record.all(f.IntentFormed) if intent.token == asset}
    return [fact.rule for fact in stand.record.all(f.Verdict) if fact.intent in of_token and not fact.allowed]


@pytest.mark.parametrize("how", ["file", "socket"])
async def test_no_entries_refuses_launches_and_lets_exits_through(stand: Stand, how: str) -> None:
    await stand.start()
    held = await stand.hold_a_launch()
    await set_level(stand, how, "no-entries")
    refused = stand.market.launch()
    await stand.until(lambda _: verdicts(stand, refused.asset(stand.chain)))
    assert verdicts(stand, refused.asset(stand.chain)) == ["kernel.kill-switch-off"]
    await stand.sell(held)
    assert stand.record.entries_of() == {held.asset(stand.chain): 1}
    assert stand.differences() == []
    await set_level(stand, how, "off")
    await stand.sell(await stand.hold_a_launch())
    assert stand.differences() == []


@pytest.mark.parametrize("how", ["file", "socket"])
async def test_flatten_closes_everything(stand: Stand, how: str) -> None:
    await stand.start()
    launches = [await stand.hold_a_launch() for _ in range(3)]
    await set_level(stand, how, "flatten")
    await stand.mine_until(lambda record: not record.books["main"].positions and not record.books["main"].orders)
    assert [stand.chain.token_balance(launch.token, stand.owner) for launch in launches] == [0, 0, 0]
    assert all("kill switch" in i.reason for i in stand.record.all(f.IntentFormed) if i.side == "reduce")
    refused = stand.market.launch()
    await stand.until(lambda _: verdicts(stand, refused.asset(stand.chain)))
    assert stand.differences() == []


@pytest.mark.parametrize("how", ["file", "socket"])
async def test_freeze_stops_all_sending_until_it_is_lifted(stand: Stand, how: str) -> None:
    await stand.start()
    held = await stand.hold_a_launch()
    sent = stand.nonce()
    await set_level(stand, how, "freeze")
    refused = stand.market.launch()
    await stand.until(lambda _: verdicts(stand, refused.asset(stand.chain)))
    stand.market.buy(held, 8 * 10**18)
    await stand.mine(5)
    assert any(rule == "kernel.not-frozen" for rule in verdicts(stand, held.asset(stand.chain)))
    assert stand.nonce() == sent
    assert stand.differences() == []
    await set_level(stand, how, "off")
    await stand.mine_until(lambda record: not record.books["main"].positions and not record.books["main"].orders)
    assert stand.nonce() == sent + 1
    assert stand.differences() == []


async def test_freeze_beside_a_bot_that_is_busy_signing_stops_what_it_is_about_to_send(stand: Stand) -> None:
    """The file is written while the probe is out; the kernel has not been told when its order reaches the signer."""
    await stand.start()
    simulated = stand.node.hold("eth_simulateV1")
    stand.market.launch()
    await simulated.wait()
    stand.kill_switch("freeze")
    stand.node.release("eth_simulateV1")
    await stand.until(lambda record: record.books["main"].kill == "freeze")
    await stand.mine(3)
    assert stand.nonce() == 0
    assert stand.differences() == []


async def test_a_level_outlives_the_process(stand: Stand) -> None:
    await stand.start()
    held = await stand.hold_a_launch()
    stand.kill_switch("no-entries")
    await stand.restart()
    await stand.until(lambda record: record.books["main"].kill == "no-entries")
    refused = stand.market.launch()
    await stand.until(lambda _: verdicts(stand, refused.asset(stand.chain)))
    await stand.sell(held)
    assert stand.record.entries_of() == {held.asset(stand.chain): 1}
    assert stand.differences() == []


async def test_what_the_file_says_before_the_start_holds_from_the_first_event(stand: Stand) -> None:
    stand.data.mkdir()
    stand.kill_switch("freeze")
    await stand.start()
    stand.market.launch()
    await stand.mine(2)
    await stand.until(lambda record: record.all(f.Verdict))
    assert stand.record.all(f.OrderPlaced) == []
    assert stand.nonce() == 0
