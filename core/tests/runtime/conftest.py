"""Makes ``recorded_world`` importable, and ``world`` of the kernel's tests, which pytest's importlib mode does not."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "kernel")]
