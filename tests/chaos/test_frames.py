"""SIGKILL at every boundary of the journal: before a frame, in its middle, behind it, and behind the sync of a command.

Each start of the bot counts its frames and syncs from one, so what a start itself writes is among them. The number at
which it dies grows until a start lives long enough to buy, approve and sell.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest
from stand import Stand
from stand.audit import audit
from stand.harm import Where, dies
from stand.stand import STARTED_S

from sniper_sdk.faults import FaultProxy

MOST_BLOCKS = 60
LIVES = 80
"""A life of so many frames sees a launch, the entry, its approval, the exit and the blocks of each."""


async def lives_until(stand: Stand[FaultProxy], site: Path, nth: int, where: Where) -> bool:
    """Start the bot, let a launch come and its price rise; whether it died before that was over."""
    name = stand.traders[0].name
    await stand.bot.start(stand.write(), environment={**stand.environment, **dies(site, nth, where)})
    launch = None
    for _ in range(MOST_BLOCKS):
        head = stand.chain.block_number()
        if not await reaches(stand, head):
            return True
        book = stand.record.books[name]
        if launch is None:
            launch = stand.market.launch()
        elif launch.asset(stand.chain) in book.positions and not book.orders:
            stand.market.buy(launch, 8 * 10**18)
            stand.chain.mine()
        elif stand.record.entries_of(name).get(launch.asset(stand.chain)) and not book.orders:
            await stand.bot.kill()
            return False
        else:
            stand.chain.mine()
    raise AssertionError(f"{MOST_BLOCKS} blocks later nothing was sold:\n{stand.record.end()}")


async def reaches(stand: Stand[FaultProxy], head: int) -> bool:
    """Whether the bot has seen this block and nothing that it asked is open; False: it has died."""

    def there(_: object) -> bool:
        return not stand.bot.running or (stand.record.head >= head and stand.record.quiet)

    await stand.record.until(there, within_s=STARTED_S)
    return stand.bot.running


async def died_at(stand: Stand[FaultProxy], site: Path, moments: Iterable[tuple[Where, int]]) -> int:
    """Die at each of these; after each death another start goes on, and the account is audited. How often."""
    deaths = 0
    await stand.start()
    await stand.bot.kill()
    for where, nth in moments:
        if not await lives_until(stand, site, nth, where):
            break
        deaths += 1
        await stand.start()
        await stand.mine()
        await stand.mine_until(lambda record: not record.books["main"].orders)
        assert await audit(stand) == [], f"{where} {nth}"
        if stand.record.books["main"].positions:
            stand.kill_switch("flatten")  # else it would hold ever more, and at last as much as it may
            await stand.mine_until(lambda record: not record.books["main"].positions)
            assert await audit(stand) == [], f"flat after {where} {nth}"
            stand.kill_switch("off")
        await stand.bot.kill()
    return deaths


async def test_deaths_at_the_four_boundaries_of_a_frame(stand: Stand[FaultProxy], tmp_path: Path) -> None:
    moments: list[tuple[Where, int]] = [("before", 8), ("torn", 12), ("written", 10), ("synced", 2)]
    assert await died_at(stand, tmp_path / "site", moments) == len(moments)


@pytest.mark.long
@pytest.mark.parametrize("where", get_args(Where))
async def test_a_death_at_every_boundary(stand: Stand[FaultProxy], tmp_path: Path, where: Where) -> None:
    deaths = await died_at(stand, tmp_path / "site", ((where, nth) for nth in range(1, LIVES + 1)))
    print(f"{deaths} deaths {where}")
