"""What processes of ours that need no secret are told of the environment."""

import os
from typing import Final

_TOLD: Final = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE")
"""Nothing in which people keep secrets."""


def plain() -> dict[str, str]:
    """Variables to start such a process with."""
    return {key: os.environ[key] for key in _TOLD if key in os.environ}
