"""The dev chain's fixtures; and ``driven_stable`` importable, which pytest's importlib mode does not make it."""

import sys
from pathlib import Path

from sniper_sdk.amm_fixtures import ask, chain, feed, reader, send

__all__ = ["ask", "chain", "feed", "reader", "send"]

sys.path.insert(0, str(Path(__file__).parent))
