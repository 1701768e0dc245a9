"""How long the command line takes with 40 plugins beside the first-party ones. They are empty, and made for it."""

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
    ]


def _figure(name: str, taken: list[tuple[float, float]], target: float, bare: float) -> Figure:
    walls, cpus = [wall for wall, _ in taken], [cpu for _, cpu in taken]
    beside = {"best": min(walls), "CPU s": median(cpus), "python -c pass": bare}
    return Figure(name, median(walls), "s", target, beside=beside)
