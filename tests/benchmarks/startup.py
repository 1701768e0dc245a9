"""How long the command line takes with 40 plugins beside the first-party ones, which are empty and made for it, and how
long it takes until a backtest at an exchange is over that has an hour of bars to play."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from figures import Figure

PLUGINS = 40
RUNS = 15

MODULE = '''"""An empty exit."""

from sniper import ExitSpec, hookimpl


@hookimpl
def sniper_exits() -> list[ExitSpec]:
    return [ExitSpec(name="empty-{n}", summary="Never sells", factory="empty_exit_{n}:Nothing")]
'''


CONFIG = """
[venue.gen]
plugin = "ccxt"
exchange = "binance"
[account.main.desk.gen]
quote = "USDT"
paper_cash = { USDT = "10000" }
[strategy.ema-cross]
instrument = "gen:BTC/USDT"
size = "0.01"
exits = []
[sizer.fixed]
amount = "100 coins"
"""
BARS = 60


def stock(directory: Path, command: list[str]) -> list[str]:
    """A config and an hour of bars. The command that trades the one on the other."""
    rows = [f"{1_704_067_200 + 60 * n},{40_000 + n},{40_001 + n},{40_000 + n},{40_001 + n},1" for n in range(BARS)]
    (directory / "bars.csv").write_text("\n".join(["time,open,high,low,close,volume", *rows]) + "\n")
    (directory / "sniper.toml").write_text(CONFIG)
    about = ["--as", "bars", "--instrument", "gen:BTC/USDT", "--tick", "0.01", "--lot", "0.001"]
    subprocess.run([*command, "data", "import", "bars.csv", *about], cwd=directory, capture_output=True, check=True)
    return [*command, "backtest", "sniper.toml", "--data", "market"]


def install(directory: Path) -> None:
    """Packages as pip would leave them: a module and its metadata."""
    for n in range(PLUGINS):
        package = directory / f"empty_exit_{n}"
        package.mkdir()
        (package / "__init__.py").write_text(MODULE.format(n=n))
        info = directory / f"sniper_exit_empty_{n}-1.0.dist-info"
        info.mkdir()
        name = f"sniper-exit-empty-{n}"
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: sniper-core\n"
        )
        (info / "entry_points.txt").write_text(f"[sniper.plugins]\nempty-{n} = empty_exit_{n}\n")
        (info / "RECORD").write_text("")


def timed(arguments: list[str], environment: dict[str, str], cwd: Path) -> tuple[float, float]:
    """Wall and CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = perf_counter()
    result = subprocess.run(arguments, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    taken = perf_counter() - began
    if result.returncode:
        raise AssertionError(f"{arguments} failed: {result.stderr[-2000:]}")
    if "plugins" in arguments and "empty-39" not in result.stdout:
        raise AssertionError("the generated plugins were not found")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def figures(quick: bool = False) -> list[Figure]:
    runs = 5 if quick else RUNS
    command = [str(Path(sys.executable).with_name("sniper"))]
    with tempfile.TemporaryDirectory(prefix="sniper-bench-") as name:
        directory = Path(name)
        install(directory)
        environment = {**os.environ, "PYTHONPATH": str(directory)}
        cases = {
            "bare": [sys.executable, "-c", "pass"],
            "help": [*command, "--help"],
            "list": [*command, "plugins", "list"],
            "backtest": stock(directory, command),
        }
        taken: dict[str, list[tuple[float, float]]] = {case: [] for case in cases}
        for arguments in cases.values():
            timed(arguments, environment, directory)  # compiles
        for _ in range(runs):
            for case, arguments in cases.items():
                taken[case].append(timed(arguments, environment, directory))
    bare = median(wall for wall, _ in taken["bare"])
    return [
        _figure("sniper --help, 40 plugins", taken["help"], 0.25, bare),
        _figure("sniper plugins list, 40 plugins", taken["list"], 0.5, bare),
        _figure("sniper backtest of an hour, 40 plugins", taken["backtest"], 0.8, bare),
    ]


def _figure(name: str, taken: list[tuple[float, float]], target: float, bare: float) -> Figure:
    walls, cpus = [wall for wall, _ in taken], [cpu for _, cpu in taken]
    beside = {"best": min(walls), "CPU s": median(cpus), "python -c pass": bare}
    return Figure(name, median(walls), "s", target, beside=beside)
