"""Write the member lists that other tools cannot glob for themselves: run it (or make lock) after adding a plugin.

* the extras of sniper-core, by which the core vouches for its first-party distributions
* uv's sources, so that members resolve to each other
* import-linter's packages and its contracts about plugins
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Member(NamedTuple):
    directory: Path
    distribution: str

    @property
    def package(self) -> str:
        return self.distribution.replace("-", "_")

    @property
    def uses(self) -> list[str]:
        """Packages of other plugins that it declares as dependencies: arithmetic that two protocols share."""
        project = tomllib.loads((self.directory / "pyproject.toml").read_text())["project"]
        names = [re.split(r"[^a-z0-9-]", dependency)[0] for dependency in project.get("dependencies", ())]
        return [name.replace("-", "_") for name in names if re.fullmatch(r"sniper(-[a-z0-9]+){2,}", name)]

    @property
    def is_plugin(self) -> bool:
        return self.directory.parts[:-2][-1:] == ("plugins",)


def members() -> list[Member]:
    """All workspace members but the core, found by their pyproject.toml."""
    files = [ROOT / "sdk/pyproject.toml", ROOT / "registry/pyproject.toml", *ROOT.glob("plugins/*/*/pyproject.toml")]
    return sorted(Member(file.parent, tomllib.loads(file.read_text())["project"]["name"]) for file in files)


def extras(found: list[Member]) -> str:
    default = [member.distribution for member in found if member.distribution != "sniper-sdk"]
    lines = ["[project.optional-dependencies]", "default = [", *(f'    "{name}",' for name in default), "]"]
    return "\n".join([*lines, 'sdk = ["sniper-sdk"]'])


def sources(found: list[Member]) -> str:
    names = ["sniper-core", *(member.distribution for member in found)]
    return "\n".join(["[tool.uv.sources]", *(f"{name} = {{ workspace = true }}" for name in names)])


def contracts(found: list[Member]) -> str:
    plugins = [member.package for member in found if member.is_plugin]
    used = {other for member in found for other in member.uses}
    # an app that nothing builds on is a command: it shows and runs what the core's own commands do
    commands = [name for name in plugins if name.startswith("sniper_app_") and name not in used]
    pure = [name for name in plugins if name not in commands]
    return f"""\
# Who may import whom. Written by scripts/members.py; edit it there.

[importlinter]
root_packages ={_listed(["sniper", "sniper_sdk", "sniper_registry", *plugins])}
include_external_packages = True
exclude_type_checking_imports = True

[importlinter:contract:core]
name = The core imports no plugin, not the sdk and not the registry
type = forbidden
source_modules = sniper
forbidden_modules ={_listed(["sniper_sdk", "sniper_registry", *plugins])}

[importlinter:contract:plugins]
name = A plugin imports no other plugin, except one that it declares as a dependency
type = independence
modules ={_listed(plugins)}
ignore_imports ={_listed([f"{member.package}.** -> {other}.**" for member in found for other in member.uses])}

[importlinter:contract:contracts]
name = A plugin imports the contracts of the core, not the sdk, the registry or what runs it
type = forbidden
source_modules ={_listed(pure)}
forbidden_modules ={
        _listed(
            [
                "sniper_sdk",
                "sniper_registry",
                "sniper.catalogue",
                "sniper.cli",
                "sniper.kernel",
                "sniper.runtime",
                "sniper.settings",
            ]
        )
    }

[importlinter:contract:commands]
name = A command of a plugin imports neither the sdk nor the registry
type = forbidden
source_modules ={_listed(commands)}
forbidden_modules ={_listed(["sniper_sdk", "sniper_registry"])}

[importlinter:contract:kernel]
name = The kernel reads no clock, network, environment or random source
type = forbidden
source_modules = sniper.kernel
forbidden_modules ={
        _listed(
            [
                "sniper.catalogue",
                "sniper.cli",
                "sniper.evm.rpc",
                "sniper.journal",
                "sniper.runtime",
                "sniper.settings",
                "aiohttp",
                "asyncio",
                "os",
                "random",
                "secrets",
                "socket",
                "ssl",
                "subprocess",
                "threading",
                "time",
                "uuid",
                "web3",
            ]
        )
    }

[importlinter:contract:light]
name = What every plugin's own module imports is light
type = forbidden
source_modules = sniper
as_packages = False
forbidden_modules ={_listed(["aiohttp", "asyncio", "click", "pydantic", "rich", "stevedore", "web3"])}
"""


def _listed(names: list[str]) -> str:
    return "".join(f"\n    {name}" for name in names)


def _between_marks(file: Path, text: str) -> str:
    """The file with ``text`` in place of what stands between its marks."""
    old = file.read_text()
    new, count = re.subn(
        r"(?s)(# begin of members, see scripts/members.py\n).*?(# end of members)",
        lambda m: f"{m[1]}{text}\n{m[2]}",
        old,
    )
    if count != 1:
        raise SystemExit(
            f"{file}: the marks '# begin of members, see scripts/members.py' and '# end of members' are gone"
        )
    return new


def outputs() -> Iterator[tuple[Path, str]]:
    found = members()
    yield ROOT / "core/pyproject.toml", _between_marks(ROOT / "core/pyproject.toml", extras(found))
    yield ROOT / "pyproject.toml", _between_marks(ROOT / "pyproject.toml", sources(found))
    yield ROOT / ".importlinter", contracts(found)


def main() -> int:
    stale = [(file, text) for file, text in outputs() if not file.exists() or file.read_text() != text]
    if "--check" in sys.argv[1:]:
        for file, _ in stale:
            print(f"{file.relative_to(ROOT)} does not list the members that there are; run: make lock", file=sys.stderr)
        return 1 if stale else 0
    for file, text in stale:
        file.write_text(text)
        print(f"wrote {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
