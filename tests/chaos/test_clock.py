"""The machine's clock jumps while the bot holds a position that is to be sold for its age."""

from pathlib import Path

from stand import Stand
from stand.audit import audit
from stand.harm import JumpingClock

from sniper.kernel import facts as f
from sniper_sdk.faults import FaultProxy

HOUR_NS = 3_600 * 10**9


async def test_a_position_is_sold_for_its_age_after_the_clock_went_ahead_and_came_back(
    stand: Stand[FaultProxy], tmp_path: Path
) -> None:
    clock = JumpingClock(tmp_path)
    stand.environment = dict(clock.environment)
    stand.document["strategy"]["launch-snipe"]["exits"] = ["max-age"]
    stand.document["exit"] = {"max-age": {"max_age_s": 2}}
    await stand.start()
    clock.set(HOUR_NS)
    await stand.mine()
    clock.set(0)
    asset = stand.market.launch().asset(stand.chain)
    await stand.mine_until(lambda record: record.entries_of().get(asset) and not record.books["main"].orders)
    await stand.until(lambda record: any(fact.side == "reduce" for fact in record.all(f.OrderPlaced)))
    await stand.mine_until(
        lambda record: asset not in record.books["main"].positions and not record.books["main"].orders
    )
    assert await audit(stand) == []
    assert await stand.replayed() == 0
