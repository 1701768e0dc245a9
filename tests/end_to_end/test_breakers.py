"""A breaker on a running bot: it stops entries, outlives SIGKILL, and only a person undoes it."""

import asyncio

from stand import Stand

from sniper.kernel import facts as f
from sniper.runtime import control


def refusals(stand: Stand, asset: str) -> list[str]:
    stand.record.read()
    intents = {fact.intent for fact in stand.record.all(f.IntentFormed) if fact.token == asset}
    return [fact.rule for fact in stand.record.all(f.Verdict) if fact.intent in intents and not fact.allowed]


async def asked(stand: Stand, **command: object) -> None:
    await asyncio.to_thread(control.ask, stand.data, command)


async def test_a_loss_trips_until_a_person_lowers_it_and_exits_go_on(stand: Stand) -> None:
    stand.document["risk"]["market-stress"] = {"trip_losses": 1}
    await stand.start()
    lost, held = await stand.hold_a_launch(), await stand.hold_a_launch()
    token = lost.asset(stand.chain)
    await asked(stand, command="close", token=token, account="main", share_bps=10_000, reason="a test")
    await stand.mine_until(lambda record: token not in record.books["main"].positions)
    await stand.until(lambda record: record.all(f.Tripped))
    path = stand.data / "accounts" / "main" / "kill-switch"
    assert path.read_text() == "no-entries\n"
    await stand.restart()
    book = stand.record.books["main"]
    assert (book.kill, book.tripped) == ("no-entries", "market-stress: losses in a row: 1, 1 trips")
    refused = stand.market.launch().asset(stand.chain)
    await stand.until(lambda _: refusals(stand, refused))
    assert refusals(stand, refused) == ["kernel.kill-switch-off"]
    await stand.sell(held)
    await asked(stand, command="kill-switch", level="off", account="main", reason="looked at")
    assert path.read_text() == "off\n"
    await stand.hold_a_launch()
    assert stand.differences() == []
    assert await stand.replayed() == 0
    assert path.read_text() == "off\n"
