from pathlib import Path

import pytest

from sniper_sdk.builders import address


@pytest.fixture
def listed(tmp_path: Path) -> str:
    """A list of the addresses 1 to 5, of 20 November 2026."""
    path = tmp_path / "list.txt"
    lines = ["# date: 2026-11-20", "# source: a ministry", *(address(n) for n in range(1, 6))]
    path.write_text("\n".join(lines))
    return str(path)
