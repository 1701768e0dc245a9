"""Fills in the templates of a kind."""

import keyword
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from sniper.catalogue import DRIVERS
from sniper.errors import SniperError

_KEBAB: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST: Final = 30


class TemplateError(SniperError, ValueError):
    """No package can be written with this kind, name or directory."""

    code = "template"


@dataclass(frozen=True)
class Kind:
    """What the templates of a kind have in common.

    module   File of the code, without its suffix. ``extra``: further arguments of the spec.
    summary  Of the example that the template writes.
    of       The kind of plugin that it is, where that is another one: two contracts may make one kind.
    """

    hook: str
    spec: str
    module: str
    summary: str
    extra: str = ""
    of: str = ""


KINDS: Final[Mapping[str, Kind]] = {
    "amm": Kind("sniper_amms", "AmmSpec", "pool", "Prices pools as x times y = k"),
    "app": Kind("sniper_apps", "AppSpec", "command", "Says hello"),
    "bus": Kind("sniper_buses", "BusSpec", "bus", "Carries events in this process"),
    "exchange": Kind(
        "sniper_exchanges",
        "ExchangeSpec",
        "exchange",
        "Trades at an exchange with Binance's REST interface",
        of="venue",
    ),
    "executor": Kind(
        "sniper_executors", "ExecutorSpec", "executor", "Plays transactions and sends nothing", 'modes=("paper",),'
    ),
    "exit": Kind("sniper_exits", "ExitSpec", "rule", "Sells after a fall from the highest value"),
    "fee": Kind("sniper_fee_estimators", "FeeEstimatorSpec", "estimator", "Bids a fixed tip"),
    "feed": Kind("sniper_feeds", "FeedSpec", "feed", "Says that time goes by", 'emits=("clock/1",),'),
    "index": Kind("sniper_indexes", "IndexSpec", "index", "Finds plugins in one folder of your own"),
    "lease": Kind("sniper_leases", "LeaseSpec", "keeper", "Keeps leases in one file that is locked"),
    "risk": Kind("sniper_risk_checks", "RiskCheckSpec", "check", "Caps positions and amounts"),
    "router": Kind("sniper_routers", "RouterSpec", "router", "Proposes the best single pool"),
    "signer": Kind("sniper_signers", "SignerSpec", "signer", "Signs with a key file, for development chains"),
    "sizer": Kind("sniper_sizers", "SizerSpec", "sizer", "Pays a share of the free cash"),
    "store": Kind("sniper_stores", "StoreSpec", "store", "Keeps the verdicts in one SQLite file"),
    "strategy": Kind("sniper_strategies", "StrategySpec", "strategy", "Buys each token whose pool is deep enough"),
    "venue": Kind("sniper_venues", "VenueSpec", "venue", "Trades through one router"),
}

_USUAL: Final[Mapping[str, str]] = {"amm": "constant-product", "exit": "stop-loss", "sizer": "fixed"}
"""What the example config of a package uses beside it, by kind."""


def write_package(kind: str, name: str, directory: Path) -> Path:
    """Write the package ``sniper-<kind>-<name>`` into ``directory``, which must be new or empty; returns it.

    Raises `TemplateError`.
    """
    texts = package_files(kind, name)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise TemplateError(f"{directory} is there already and is not empty; name another one with --dir")
    for path, text in texts.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if text.startswith("#!"):
            file.chmod(0o755)
    # where a line breaks depends on the length of the name
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", "."],
        cwd=directory, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise TemplateError(f"{directory} was written, but ruff could not format it: {done.stderr.strip()[-400:]}")
    return directory


def package_files(kind: str, name: str) -> dict[str, str]:
    """The texts of a new package, by path. Raises `TemplateError`."""
    if kind not in KINDS:
        raise TemplateError(f"there is no kind of plugin {kind!r}; there are {', '.join(KINDS)}")
    if not _KEBAB.fullmatch(name) or len(name) > _LONGEST or keyword.iskeyword(name):
        raise TemplateError(f"{name!r} is no name: write it in kebab-case, such as dip-buyer, {_LONGEST} at most")
    words = _words(kind, name)
    section = _filled(f"{kind}/section.toml", words) if _has(f"{kind}/section.toml") else ""
    usage = f"\n```toml\n{section}```\n" if section else ""
    package, module = words["package"], words["module"]
    example = {"example.toml": _example(kind, words, section)} if section else {}
    shown = "`example.toml` is a whole config.\n" if section else ""
    return {
        ".ci/run": _filled("ci_run", words),
        ".github/workflows/test.yml": _filled("workflow.yml", words),
        ".gitignore": _filled("gitignore", words),
        "CHANGELOG.md": _filled("CHANGELOG.md", words),
        **example,
        "pyproject.toml": _filled("pyproject.toml", words),
        "README.md": _filled("README.md", {**words, "usage": usage, "example": shown}),
        f"src/{package}/__init__.py": _filled("init.py", words),
        f"src/{package}/{module}.py": _filled(f"{kind}/module.py", words),
        f"src/{package}/py.typed": "",
        "tests/test_conformance.py": _filled(f"{kind}/test.py", words),
    }


def _example(kind: str, words: Mapping[str, str], section: str) -> str:
    """A whole config around the section of this plugin, which takes the place of the one that does the same."""
    if _has(f"{kind}/example.toml"):
        return _filled(f"{kind}/example.toml", {**words, "section": section})
    names = {other: words["name"] if kind == other else name for other, name in _USUAL.items()}
    around = _filled("around.toml", names).split("\n\n")
    others = [table for table in around if not table.startswith(f"[{kind}.")]
    return _filled(
        "example.toml", {**words, "section": "\n".join([section, *(f"{table.strip()}\n" for table in others)])}
    )


def _words(kind: str, name: str) -> dict[str, str]:
    known = KINDS[kind]
    distribution = f"sniper-{known.of or kind}-{name}"
    title, snake = "".join(part.capitalize() for part in name.split("-")), name.replace("-", "_")
    package = distribution.replace("-", "_")
    attribute = f"{snake}_command" if kind == "app" else title
    factory = f"{package}.{known.module}:{attribute}"
    group = DRIVERS.get(kind)
    libraries = {
        "app": ['"click>=8.2"'],
        "bus": [],
        "exchange": ['"aiohttp>=3.12"', '"pydantic>=2.12"'],
        "index": ['"msgspec>=0.19"', '"packaging>=25"'],
        "lease": [],
        "store": [],
    }.get(kind, ['"pydantic>=2.12"'])
    return {
        "attribute": attribute,
        "dependencies": ", ".join(['"sniper-core>=0.1,<0.2"', *libraries]),
        "distribution": distribution,
        "driver": f'\n[project.entry-points."{group}"]\n{name} = "{factory}"\n' if group else "",
        "extra": f"\n            {known.extra}" if known.extra else "",
        "hook": known.hook,
        "kind": known.of or kind,
        "module": known.module,
        "name": name,
        "package": package,
        "spec": known.spec,
        "summary": known.summary,
        "summary_lower": known.summary[0].lower() + known.summary[1:],
        "title": title,
    }


def _has(name: str) -> bool:
    return files(__package__).joinpath(f"{name}.tmpl").is_file()


def _filled(name: str, words: Mapping[str, str]) -> str:
    return Template(files(__package__).joinpath(f"{name}.tmpl").read_text()).substitute(words)
