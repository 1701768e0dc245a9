"""Contracts of our own, from Solidity sources: compiled by the pinned solc on first use, afterwards from the cache.

For the zoo, and for tests of a plugin whose real contract no package ships::

    pool = compiled(Path(__file__).parent / "contracts")["SolidlyPool"]

Contracts that several of them need are in ``contracts`` beside this page. A source imports such a one by the package's
name, and it is then compiled with the others::

    import {Coin} from "sniper_sdk/Coin.sol";
"""

import json
import re
import subprocess
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from sniper.errors import SniperError
from sniper_sdk.npm import Artifact, Progress, cache_root, executable, made_once, packages

SHANGHAI = "shanghai"
"""Every chain that the bot trades on, and every simulator that it asks, knows these opcodes."""

CANCUN = "cancun"
"""Adds transient storage (EIP-1153)."""

_SETTINGS: dict[str, object] = {
    "optimizer": {"enabled": True, "runs": 200},
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
}

_SHARED = f"{__package__}/"
_IMPORT = re.compile(r'^import [^"]*"([^"]+)";', re.MULTILINE)


class CompileFailed(SniperError, ValueError):
    """solc refused a source."""

    code = "solidity-compile"


def compiled(
    directory: Traversable, progress: Progress | None = None, *, evm_version: str = SHANGHAI, folder: str = ""
) -> dict[str, Artifact]:
    """Every contract of the ``.sol`` files in ``directory`` that can be deployed, by name; or of those in a `folder`
    of it. They import each other by the path from ``directory``, and shared ones as ``sniper_sdk/NAME.sol``. Raises
    `CompileFailed`, and what `packages` raises."""
    modules = packages(progress)
    request = _request(directory, folder, evm_version)
    version = json.loads((modules / "solc" / "package.json").read_text())["version"]
    target = cache_root() / "solidity" / f"{sha256(f'{version} {request}'.encode()).hexdigest()[:16]}.json"
    return _read(made_once(target, lambda draft: _compile(modules, request, draft, progress)))


def _request(directory: Traversable, folder: str, evm_version: str) -> str:
    own = directory.joinpath(folder) if folder else directory
    wanted = [f"{folder}/{entry.name}" if folder else entry.name for entry in own.iterdir()]
    wanted = sorted(name for name in wanted if name.endswith(".sol"))
    texts = _texts(directory, wanted)
    sources = {name: {"content": text} for name, text in sorted(texts.items())}
    # what is imported from another folder is compiled for whoever asks for that one
    asked = sorted(name for name in texts if name in wanted or name.startswith(_SHARED))
    output = {name: {"*": ["abi", "evm.bytecode.object"]} for name in asked}
    settings = {**_SETTINGS, "evmVersion": evm_version, "outputSelection": output}
    return json.dumps({"language": "Solidity", "sources": sources, "settings": settings})


def _texts(directory: Traversable, wanted: list[str]) -> dict[str, str]:
    """Of the wanted sources and all that they import, by the name under which they are imported."""
    texts: dict[str, str] = {}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in texts:
            continue
        home = files(__package__).joinpath("contracts") if name.startswith(_SHARED) else directory
        source = home.joinpath(name.removeprefix(_SHARED))
        if not source.is_file():
            raise CompileFailed(f"a source imports {name!r}, which is not there; import by the path from the folder")
        texts[name] = source.read_text()
        waiting += _IMPORT.findall(texts[name])
    return texts


@cache
def _read(built: Path) -> dict[str, Artifact]:
    return {
        name: Artifact(name, tuple(entry["abi"]), bytes.fromhex(entry["bytecode"]))
        for name, entry in json.loads(built.read_text()).items()
    }


def _compile(modules: Path, request: str, draft: Path, progress: Progress | None) -> None:
    if progress:
        progress("solidity contracts", 0, 1)
    command = [executable("node"), str(modules / "solc" / "solc.js"), "--standard-json"]
    # files: solc-js reads no more from a pipe than is in it, and ends before one has taken more than 64 KiB
    with TemporaryFile("w+") as given, TemporaryFile("w+") as output:
        given.write(request)
        given.seek(0)
        done = subprocess.run(command, stdin=given, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
        output.seek(0)
        written = output.read()
    if done.returncode != 0:
        raise CompileFailed(f"solc ended with status {done.returncode}: {done.stderr.strip()[-400:]}")
    # solc-js greets on the first line when it reads from a pipe
    answer: dict[str, Any] = json.loads(written[written.index("{") :])
    problems = [problem["formattedMessage"] for problem in answer.get("errors", ()) if problem["severity"] == "error"]
    if problems:
        raise CompileFailed(f"solc refused: {problems[0]}")
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
        progress("solidity contracts", 1, 1)
