import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for `stories`, which the importlib mode does not find
