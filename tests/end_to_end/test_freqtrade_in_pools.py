"""A strategy of freqtrade, unmodified, on a token of a real node's Uniswap V2."""

from pathlib import Path

import pytest
from stand import FUNDS, Stand
from stand.market import ETHER, Launch

from sniper.catalogue import Catalogue
from sniper.kernel import facts as f
from sniper.runtime.backtest import backtest
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.types import Mode

STRATEGIES = Path(__file__).parents[2] / "plugins" / "strategy" / "freqtrade" / "tests" / "strategies"


def rising(stand: Stand) -> Launch:
    """A bot whose one strategy is freqtrade's, on a token that has no pool yet."""
    launch = stand.market.prepared()
    chain = stand.chain
    stand.document["strategy"] = {
        "freqtrade-pools": {
            "sizer": "fixed",
            "exits": [],
            "file": str(STRATEGIES / "seconds.py"),
            "strategy": "Rising",
            "pools": {launch.asset(chain): f"{chain.chain_id}:{launch.pool.lower()}"},
            "stake": "0.04 ether",
            "slots": 1,
            "check_s": 1,
        }
    }
    del stand.document["exit"]
    return launch


async def bought_and_sold(stand: Stand, launch: Launch) -> list[tuple[int, int]]:
    """Its price rises twice. Cash and amount of each fill."""
    asset = launch.asset(stand.chain)
    await stand.start()
    stand.market.offer(launch)
    await stand.mine(2)
    stand.market.buy(launch, ETHER)
    await stand.mine()
    await stand.until(lambda record: record.entries_of("main").get(asset))
    await stand.mine_until(lambda record: record.books["main"].positions and not record.books["main"].orders)
    stand.market.buy(launch, 4 * ETHER)
    await stand.mine_until(lambda record: asset not in record.books["main"].positions)
    return [(fact.cash, fact.amount) for fact in stand.record.all(f.Booked) if fact.amount]


async def test_it_buys_and_sells_in_a_real_pool(stand: Stand) -> None:
    launch = rising(stand)
    (paid, bought), (received, sold) = await bought_and_sold(stand, launch)
    assert (paid, bought + sold) == (-4 * 10**16, 0)
    assert received > -paid * 12 // 10
    assert stand.chain.token_balance(launch.token, stand.owner) == 0
    wanted = [fact.reason for fact in stand.record.all(f.IntentFormed)]
    assert wanted == ["Rising: rising", "freqtrade-pools: Rising: roi"]
    assert stand.differences() == []
    assert await stand.replayed() == 0


async def test_what_paper_plays_a_backtest_of_that_run_plays_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = rising(stand)
    stand.document["mode"] = "paper"
    played = await bought_and_sold(stand, launch)
    assert len(played) == 2
    assert stand.nonce() == 0
    assert await stand.replayed() == 0
    resolved = resolve(load(stand.config, mode=Mode.BACKTEST), Catalogue.discover())
    again = (await backtest(resolved, stand.journal, cash=FUNDS)).accounts["main"]
    assert [(fill.cash, fill.amount) for fill in again.fills if fill.amount] == played
