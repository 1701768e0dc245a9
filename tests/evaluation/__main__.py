"""``make eval-risk``: how often the risk checks are right, and how fast. Each part is a script beside this one.

.venv/bin/python tests/evaluation [PART ...]
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

PARTS: Final = ("owner_powers", "zoo", "real_tokens", "rug_forecast", "speed")


def main() -> int:
    asked = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in asked if name not in PARTS]:
        print(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    failed = []
    for name in asked:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, str(Path(__file__).with_name(f"{name}.py"))], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
