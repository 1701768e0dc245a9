"""Write the hashes of the zoo's contracts as the pinned solc makes them, after a source or the compiler has changed."""

import sys
from pathlib import Path

from sniper.evm.keccak import keccak256
from sniper_sdk.zoo.compiler import LAUNCHED, built

ZOO = Path(__file__).resolve().parent.parent / "sdk/src/sniper_sdk/zoo"
HEAD = """\
# The keccak of each contract's creation code, as the pinned solc makes it from the sources beside this file.
# Written by scripts/zoo_bytecode.py.
"""


def main() -> int:
    page = [HEAD]
    for folder in (LAUNCHED, "honest", "traps"):
        title = f"[{folder}]\n" if folder else ""
        hashes = [f'{name} = "{keccak256(made.bytecode).hex()}"\n' for name, made in sorted(built(folder).items())]
        page.append(title + "".join(hashes))
    (ZOO / "bytecode.toml").write_text("\n".join(page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
