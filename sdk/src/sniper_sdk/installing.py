"""How a plugin is installed here: environments that uv made have no pip."""

from importlib.util import find_spec
from pathlib import Path
from shutil import which


def install_command(directory: Path | str) -> str:
    """The command that installs a plugin's directory into this environment, editable, with what there is for it."""
    if find_spec("pip") is not None:
        return f"pip install -e {directory}"
    if which("uv") is not None:
        return f"uv pip install -e {directory}"
    return f"python -m ensurepip && python -m pip install -e {directory}"
