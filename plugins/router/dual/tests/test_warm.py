"""What is compiled before the first event: nothing may be left for the moment that counts."""

import asyncio
import json
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numba

from sniper.config import Config
from sniper.router import NoRoute, RouteAsk
from sniper_router_dual.router import Dual, DualConfig
from sniper_sdk.conformance.router import Pool, Product


def compiled() -> dict[str, int]:
    """Forms in which each function of the package is compiled, by name."""
    functions = {
        (value.__module__, name): value
        for module in list(sys.modules.values())
        if module.__name__.startswith("sniper_router_dual")
        for name, value in vars(module).items()
        if isinstance(value, numba.core.registry.CPUDispatcher)
    }
    return {f"{module}.{name}": len(function.signatures) for (module, name), function in functions.items()}


def used() -> tuple[dict[str, int], dict[str, int]]:
    """What is compiled after `warm`, and after all that a router does."""
    router = Dual(DualConfig())
    router.warm()
    warm = compiled()
    draw = random.Random(7)
    coins = "abcdefgh"
    pools = []
    for n in range(60):
        some = tuple(draw.sample(coins, 3 if n % 10 == 0 else 2))
        reserves = tuple(draw.randint(10**20, 10**22) for _ in some)
        pools.append(Pool(f"p{n}", some, Product(config=Config(), reserves=reserves, plain=n % 3 == 0)))
        router.changed(pools[-1])
    for exact_out in (False, True):
        for amount in (10**15, 10**20):
            ask = RouteAsk(chain_id=1, token_in="a", token_out="h", amount=amount, exact_out=exact_out)
            with suppress(NoRoute):
                asyncio.run(router.propose(ask))
    for hops in range(2, 6):
        for pool in pools:
            for through in (None, "a", "h"):
                router.cycle(pool, hops, through)
    return warm, compiled()


def test_nothing_is_compiled_after_warm() -> None:
    printed = subprocess.run([sys.executable, str(Path(__file__))], capture_output=True, text=True, check=True).stdout
    warm, after = json.loads(printed)
    assert sum(warm.values()) > 10
    assert after == warm


if __name__ == "__main__":
    print(json.dumps(used()))
