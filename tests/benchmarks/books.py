"""Quotes on both sides of recorded order books, through kernel, desk and an exchange with queues.

Updates are levels that changed, and trades, as the peer counts them (hftbacktest's conversion of the same feed). What
it takes to read the feed is told apart, as it is with the peer.
"""

import os
from pathlib import Path
from time import process_time

from figures import Figure, collected
from two_sided import FEEDS, recorded, replayed, updates

from sniper.runtime.queues import probabilistic, risk_averse

MARKET = Path(os.environ.get("SNIPER_DATA", "../shared/data")) / "market"
TARGET = 300_000
QUICK = 3_000
RUNS = 3


def figures(*, quick: bool = False) -> list[Figure]:
    found = []
    for feed, (name, instrument) in FEEDS.items():
        path = MARKET / name
        if not path.exists():
            print(f"{path} is not there, so nothing is measured on it; say where it is with SNIPER_DATA")
            continue
        began = process_time()
        events = recorded(path, instrument)
        read = process_time() - began
        if quick:
            events = events[:QUICK]
        count = updates(events)
        for model, withdrawn in (("averse to risk", risk_averse), ("a share of the queue", probabilistic(2))):
            speeds = []
            for _ in range(1 if quick else RUNS):
                with collected():
                    began = process_time()
                    outcome = replayed(events, instrument, withdrawn)
                    speeds.append(count / (process_time() - began))
            found.append(
                Figure(
                    f"quotes on a {feed} book, {model}",
                    sorted(speeds)[len(speeds) // 2],
                    "updates/CPU s",
                    TARGET if feed == "USD-M" else None,
                    more=True,
                    beside={
                        "best": max(speeds),
                        "updates": count,
                        "orders": outcome.orders,
                        "fills": len(outcome.exchange.fills),
                        "reading, CPU s": read,
                    },
                )
            )
    return found
