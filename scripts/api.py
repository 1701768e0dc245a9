"""Keep the API of sniper-core as data, for `sniper plugins check-compat` and the tests of compatibility.

``scripts/api.py`` says what changed since the newest kept version; ``scripts/api.py --freeze``, at a release, keeps
the API of the core's version. What plugins were not told of in time is refused (docs/compatibility.md).
"""

import sys
from pathlib import Path

from sniper_sdk.compat.changes import changes, unannounced
from sniper_sdk.compat.model import api_of, dumped, frozen
from sniper_sdk.compat.reading import installed_api
from sniper_sdk.compat.stable import stable

KEPT = Path(__file__).resolve().parent.parent / "sdk" / "src" / "sniper_sdk" / "compat" / "api"


def main() -> int:
    """Print the changes, and keep the API where asked to. 1 where something breaks plugins unannounced."""
    new = installed_api()
    last = api_of(frozen()[-1])
    for change in changes(last, new):
        print(f"{'BREAKS ' if change.breaks else '       '}{change.name} {change.what}")
    refused = unannounced(last, new, stable().deprecated)
    for change in refused:
        print(f"not announced: {change.name} {change.what}", file=sys.stderr)
    if refused:
        return 1
    if "--freeze" in sys.argv[1:]:
        if new.version in frozen():
            print(
                f"the API of {new.version} is kept already, and never changes: raise the core's version",
                file=sys.stderr,
            )
            return 1
        (KEPT / f"{new.version}.json").write_bytes(dumped(new))
        print(f"kept {new.version}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
