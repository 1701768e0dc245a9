"""Where trades are only played, the wallet is what the books say, from the first reading on."""

from pathlib import Path
from types import SimpleNamespace

from running import CHAIN, POOL, TOKEN, running

from sniper.runtime.playing import PlayContext
from sniper.types import NATIVE, asset_id

ETHER = asset_id(CHAIN, NATIVE)


async def test_an_account_starts_with_its_paper_cash(tmp_path: Path) -> None:
    async with running(tmp_path, account='paper_cash = "3 ether"') as stage:
        assert stage.run.kernel.accounts["main"].book.cash[ETHER] == 3 * 10**18


async def test_a_restart_keeps_what_was_played(tmp_path: Path) -> None:
    async with running(tmp_path, account='paper_cash = "3 ether"'):
        pass
    async with running(tmp_path, account='paper_cash = "5 ether"') as again:
        assert again.run.kernel.accounts["main"].book.cash[ETHER] == 3 * 10**18


async def test_a_swap_is_quoted_for_the_account_on_its_chain(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()
        kernel, pool = stage.run.kernel, stage.run.kernel.market.pool(asset_id(CHAIN, POOL))
        assert pool is not None
        here = kernel.accounts["main"]
        (venue,) = kernel.wiring.venues
        abroad = SimpleNamespace(wiring=SimpleNamespace(chain_id=CHAIN + 1, wallets=here.wiring.wallets))
        swap = here.planning.swap(here.wiring.address, venue, pool, NATIVE, TOKEN, 10**15, 0, opens=True)
        both = SimpleNamespace(market=kernel.market, accounts={"abroad": abroad, "main": here})
        assert PlayContext(both, {}).quote(swap) == PlayContext(kernel, {}).quote(swap)  # type: ignore[arg-type]
