"""How long the command line takes with 40 plugins beside the first-party ones. They are empty, and made for it."""

import os
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


def timed(arguments: list[str], environment: dict[str, str], cwd: Path) -> float:
    began = perf_counter()
    result = subprocess.run(arguments, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    taken = perf_counter() - began
    if result.returncode:
        raise AssertionError(f"{arguments} failed: {result.stderr[-2000:]}")
    if "plugins" in arguments and "empty-39" not in result.stdout:
        raise AssertionError("the generated plugins were not found")
    return taken


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
        taken: dict[str, list[float]] = {case: [] for case in cases}
        for arguments in cases.values():
            timed(arguments, environment, directory)  # compiles
        for _ in range(runs):
            for case, arguments in cases.items():
                taken[case].append(timed(arguments, environment, directory))
    bare = median(taken["bare"])
    return [
        Figure("sniper --help, 40 plugins", median(taken["help"]), "s", 0.25, beside={"python -c pass": bare}),
        Figure("sniper plugins list, 40 plugins", median(taken["list"]), "s", 0.5, beside={"best": min(taken["list"])}),
    ]
