"""``make bench``: measure, print the figures beside their targets and the kept baseline.

Missing a target is not an error, and neither is being slower than the baseline: the machine may be busy.
"""

import argparse
import importlib
import sys
from time import perf_counter

from figures import Figure, keep, kept, machine, show

SECTIONS = {
    "path": "log in hand → signed transaction, in this process",
    "signing": "the same through the signer's process",
    "web3path": "the same through web3.py and eth-account",
    "simulated": "the same with the honeypot's simulated purchase and sale",
    "scenarios": "a purchase and the sale of it, simulated on the node and in a worker",
    "startup": "the command line with 40 plugins",
    "fixtures": "a dev chain in its known state, for a test",
    "throughput": "kernel and live loop, events per CPU second; memory",
    "durable": "durable orders",
    "round_trips": "orders through ccxt and an exchange on this machine",
    "matching": "orders that the exchange of the sdk matches",
    "books": "quotes on recorded order books, updates per CPU second",
    "replay": "replay and recovery",
    "mishaps": "a crash with much on its way, and deep reorgs",
    "quotes": "quotes, codec, journal",
    "amms": "AMM quotes beside peers",
    "pools": "a market of 10,000 pools",
    "routes": "routes over markets of constant-product pools",
    "exchange": "backtests at an exchange on bars and on ticks, beside peers",
    "freqtrade": "strategies of freqtrade on 500,000 candles, beside freqtrade itself",
    "sweep": "a search over parameters, with one process and with two",
    "breaker": "a breaker trips while the queues are full",
    "isolation": "plugins in workers",
    "marketplace": "pages of the marketplace with 5,000 releases",
    "cycles": "cycles after a batch of events",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"some of {', '.join(SECTIONS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer events: to see whether it works, not how fast")
    parser.add_argument("--keep", action="store_true", help="make the result the baseline")
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory:
        from throughput import measure_memory

        measure_memory(arguments.memory)
        return 0
    unknown = [section for section in arguments.sections if section not in SECTIONS]
    if unknown:
        parser.error(f"unknown section {unknown[0]!r}: choose from {', '.join(SECTIONS)}")
    before = kept()
    host = machine()
    print(
        f"{host['cpu']}, {host['cores']} cores, Linux {host['kernel']}, Python {host['python']}, "
        f"load {host['load']:.2f}"
    )
    found: list[Figure] = []
    for section in arguments.sections or SECTIONS:
        began = perf_counter()
        figures = importlib.import_module(section).figures(quick=arguments.quick)
        print(f"\n{SECTIONS[section]} ({perf_counter() - began:.0f} s)")
        show(figures, before)
        sys.stdout.flush()
        found += figures
    if arguments.keep:
        keep(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
