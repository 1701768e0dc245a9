"""Where trades are only played, the wallet is what the books say, from the first reading on."""

from pathlib import Path

from running import CHAIN, running

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
