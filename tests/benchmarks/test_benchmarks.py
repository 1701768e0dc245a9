"""The benchmarks still run on the code as it is now: briefly, for figures are not for tests."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.long
def test_every_section_runs() -> None:
    command = [sys.executable, HERE, "--quick"]
    result = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
