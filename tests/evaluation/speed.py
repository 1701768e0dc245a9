"""How long a full verdict takes, with warm state: the checks that ``sniper init`` turns on, on tokens of the zoo.

    .venv/bin/python tests/evaluation/speed.py [--tokens 200] [--json]

Every token is judged once so that its code is known, then in blocks that follow: what is measured is what a run does
between an intent and its verdict. Wall time, so the machine must be quiet.
"""

import argparse
import asyncio
import json
import os
import sys
from statistics import median, quantiles
from time import perf_counter
from typing import Final, NamedTuple

from zoo import assessing, open_pool

from sniper.runtime.assess import Asked
from sniper_sdk import zoo
from sniper_sdk.devchain import DevChain

AT_ONCE: Final = 4


class Speed(NamedTuple):
    """Milliseconds of the slowest check of a token; tokens a second with several at once; MiB of this process."""

    tokens: int
    p50: float
    p99: float
    per_second: float
    memory: float


def resident() -> float:
    """MiB that this process holds (proc(5), statm)."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def measured(tokens: int) -> Speed:
    """See `Speed`."""
    with DevChain(hardfork="cancun") as chain:
        async with assessing(chain) as assessor:
            honest = [each for each in zoo.look_alikes() if each.hardfork is None]
            addresses = [open_pool(chain, each).address for each in honest]
            for address in addresses:
                await assessor.assess(Asked(address))
            took: list[float] = []
            while len(took) < tokens:
                chain.mine()
                for address in addresses:
                    found = await assessor.assess(Asked(address))
                    took.append(max(judged.took for judged in found.judged) / 1e6)
            took = took[:tokens]
            chain.mine()
            begin = perf_counter()
            room = asyncio.Semaphore(AT_ONCE)

            async def one(address: str) -> None:
                async with room:
                    await assessor.assess(Asked(address))

            await asyncio.gather(*(one(address) for address in addresses))
            rate = len(addresses) / (perf_counter() - begin)
    return Speed(len(took), median(took), quantiles(took, n=100)[98], rate, resident())


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures how long a verdict takes.")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    speed = asyncio.run(measured(asked.tokens))
    if asked.json:
        print(json.dumps(speed._asdict()))
        return 0
    print(
        f"{speed.tokens} verdicts: p50 {speed.p50:.1f} ms, p99 {speed.p99:.1f} ms; {AT_ONCE} at once "
        f"{speed.per_second:.0f} tokens a second, pools read anew each time; {speed.memory:.0f} MiB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
