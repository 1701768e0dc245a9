"""What is asked of each page in a browser."""

from pathlib import Path

_HERE = Path(__file__).parent
CONTRAST = (_HERE / "contrast.js").read_text()
NAMES = (_HERE / "names.js").read_text()
