import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from market import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)
