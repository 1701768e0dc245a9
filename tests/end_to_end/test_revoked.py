"""A strategy that was installed buys from its worker, is revoked while the bot is down, and what it bought is sold."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from stand import Stand

from sniper.environments.revocations import learn
from sniper.environments.shelf import Shelf
from sniper.index import Revocation
from sniper.types import SECOND
from sniper_sdk.devchain import DevChain

ORIGINAL = Path(__file__).parents[2] / "plugins/strategy/launch-snipe"
NAME = "first-hour"
REASON = "sends what it hears to a stranger"


def built(directory: Path) -> Path:
    """launch-snipe under another name, as the wheel of a stranger."""
    project = directory / NAME
    shutil.copytree(ORIGINAL, project, ignore=shutil.ignore_patterns("tests", "__pycache__", "*.egg-info"))
    package = project / "src" / f"sniper_strategy_{NAME.replace('-', '_')}"
    (project / "src/sniper_strategy_launch_snipe").rename(package)
    for file in (project / "pyproject.toml", *package.glob("*.py")):
        file.write_text(file.read_text().replace("launch_snipe", "first_hour").replace("launch-snipe", NAME))
    words = ("-m", "build", "--wheel", "--no-isolation", "--outdir", str(directory), str(project))
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    [wheel] = directory.glob("*.whl")
    return wheel


def installed(shelf: Path, wheel: Path) -> None:
    words = ("-m", "sniper", "plugins", "install", str(wheel), "--accept-permissions")
    subprocess.run([sys.executable, *words], check=True, env={**os.environ, "SNIPER_PLUGINS": str(shelf)})


async def test_what_a_revoked_strategy_holds_is_sold_by_its_exits_and_nothing_more_is_bought(
    stand: Stand, chain: DevChain, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    installed(shelf, built(tmp_path))
    stand.environment = {"SNIPER_PLUGINS": str(shelf)}
    stand.document["strategy"] = {NAME: stand.document["strategy"]["launch-snipe"]}
    stand.document["runtime"] = {"deadlines": {"worker": 5.0}}
    await stand.start()
    held = await stand.hold_a_launch()
    await stand.bot.kill()

    [environment] = Shelf(shelf).environments()
    revoked = Revocation(
        name=environment.distribution,
        version=environment.version,
        sha256=environment.sha256,
        reason=REASON,
        at=1_700_000_000 * SECOND,
    )
    learn(shelf, [revoked], at=None)
    await stand.start()
    ignored = stand.market.launch()
    await stand.mine(5)
    assert stand.record.entries_of() == {held.asset(chain): 1}
    await stand.sell(held)
    assert chain.token_balance(held.token, stand.owner) == chain.token_balance(ignored.token, stand.owner) == 0
    assert REASON in (stand.directory / "bot.log").read_text()
    assert stand.differences() == []
    assert await stand.replayed("--epoch", "2") == 0
