"""How long a test waits for a dev chain in its known state: started anew, and brought back after it was used."""

from statistics import median
from time import perf_counter

from figures import Figure, percentile

from sniper_sdk.devchain import DevChain, KnownChain

STARTS = 20
RETURNS = 100
TRANSACTIONS = 10


def figures(quick: bool = False) -> list[Figure]:
    starts = [_started() for _ in range(3 if quick else STARTS)]
    with KnownChain() as known:
        returns = [_returned(known) for _ in range(10 if quick else RETURNS)]
    return [
        _figure("a dev chain, started", starts),
        _figure(f"a dev chain, back in its known state after {TRANSACTIONS} transactions", returns),
    ]


def _started() -> float:
    chain = DevChain()
    began = perf_counter()
    chain.start()
    taken = perf_counter() - began
    chain.stop()
    return taken


def _returned(known: KnownChain) -> float:
    chain = known.chain()
    me, other = chain.accounts[:2]
    for _ in range(TRANSACTIONS):
        chain.send(me, other.address, value=1)
    began = perf_counter()
    known.chain()
    return perf_counter() - began


def _figure(name: str, taken: list[float]) -> Figure:
    return Figure(name, median(taken), "s", 0.3, beside={"p99": percentile(taken, 0.99), "n": len(taken)})
