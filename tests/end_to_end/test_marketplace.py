"""The whole way of a plugin, as its author, a registry's operator and a trader walk it."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts/marketplace.py"


def test_a_plugin_goes_from_the_template_to_a_strangers_bot_and_is_refused_once_it_is_revoked() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.splitlines()[-1].startswith("all of it held")
