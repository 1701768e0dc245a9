import sys
from pathlib import Path

# The newspaper of the tests of rss, of which this feed is made; the importlib mode does not find it.
sys.path.insert(0, str(Path(__file__).parents[2] / "rss/tests"))
