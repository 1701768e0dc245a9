"""The zoo's contracts, compiled by the pinned solc on first use and checked against the hashes kept here."""

import json
import subprocess
import tomllib
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from sniper.errors import SniperError
from sniper_sdk.npm import Artifact, Progress, UnknownArtifact, cache_root, checked, executable, made_once, packages

# shanghai: every chain that the bot trades on, and every simulator that it asks, knows these opcodes
_SETTINGS: dict[str, object] = {
    "optimizer": {"enabled": True, "runs": 200},
    "evmVersion": "shanghai",
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
    "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
}


class CompileFailed(SniperError, ValueError):
    """solc refused a contract of the zoo."""

    code = "zoo-compile"


def contract(name: str, progress: Progress | None = None) -> Artifact:
    """The contract of that name, for example ``FeeToken``; compiled by solc 0.8 on the first use of any of them.

    Raises `UnknownArtifact`, `CompileFailed`, `ArtifactMismatch`, and what `packages` raises.
    """
    built = _read(_build(progress))
    if name not in built:
        raise UnknownArtifact(f"the zoo has no contract {name!r}; it has {', '.join(sorted(built))}")
    return built[name]


def _build(progress: Progress | None) -> Path:
    modules = packages(progress)
    request = _request()
    version = json.loads((modules / "solc" / "package.json").read_text())["version"]
    target = cache_root() / "zoo" / f"{sha256(f'{version} {request}'.encode()).hexdigest()[:16]}.json"
    return made_once(target, lambda draft: _compile(modules, request, draft, progress))


@cache
def _request() -> str:
    sources = {
        source.name: {"content": source.read_text()}
        for source in sorted(files(__package__).joinpath("contracts").iterdir(), key=lambda source: source.name)
        if source.name.endswith(".sol")
    }
    return json.dumps({"language": "Solidity", "sources": sources, "settings": _SETTINGS})


@cache
def _read(built: Path) -> dict[str, Artifact]:
    expected = tomllib.loads(files(__package__).joinpath("bytecode.toml").read_text())
    return {
        name: checked(Artifact(name, tuple(entry["abi"]), bytes.fromhex(entry["bytecode"])), expected[name])
        for name, entry in json.loads(built.read_text()).items()
    }


def _compile(modules: Path, request: str, draft: Path, progress: Progress | None) -> None:
    if progress:
        progress("zoo contracts", 0, 1)
    command = [executable("node"), str(modules / "solc" / "solc.js"), "--standard-json"]
    compiled = subprocess.run(command, input=request, capture_output=True, text=True, check=False)
    if compiled.returncode != 0:
        raise CompileFailed(f"solc ended with status {compiled.returncode}: {compiled.stderr.strip()[-400:]}")
    # solc-js greets on the first line when it reads from a pipe
    answer: dict[str, Any] = json.loads(compiled.stdout[compiled.stdout.index("{") :])
    problems = [problem["formattedMessage"] for problem in answer.get("errors", ()) if problem["severity"] == "error"]
    if problems:
        raise CompileFailed(f"solc refused the zoo: {problems[0]}")
    draft.write_text(
        json.dumps(
            {
                name: {"abi": built["abi"], "bytecode": built["evm"]["bytecode"]["object"]}
                for contracts in answer["contracts"].values()
                for name, built in contracts.items()
                if built["evm"]["bytecode"]["object"]
            }
        )
    )
    if progress:
        progress("zoo contracts", 1, 1)
