"""The file of a search: a line of JSON for the job, and one for each trial."""

import json
from pathlib import Path
from typing import Any, Final

from sniper.errors import ConfigError
from sniper_app_optimise.trials import Outcome

FORMAT: Final = "sniper-trials/1"


class Kept:
    """Appended to; a line that a crash cut is left out when it is read again, and overwritten."""

    def __init__(self, path: Path, job: dict[str, Any]) -> None:
        """Raises `ConfigError` where the file is of another job."""
        self.path = path
        self.outcomes: list[Outcome] = []
        head = {"format": FORMAT, **job}
        if path.exists():
            found, self.outcomes, length = read(path)
            if found != head:
                differs = sorted(key for key in {*head, *found} if head.get(key) != found.get(key))
                raise ConfigError(f"{path} holds another search (other {', '.join(differs)}); name another file")
            with path.open("r+b") as file:
                file.truncate(length)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(head) + "\n")

    def add(self, outcome: Outcome) -> None:
        """One more."""
        with self.path.open("a") as file:
            file.write(json.dumps(outcome._asdict()) + "\n")


def read(path: Path) -> tuple[dict[str, Any], list[Outcome], int]:
    """The job, its outcomes, and how many bytes of the file they take. Raises `ConfigError`."""
    lines = path.read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(b"\n")]
    try:
        head, *rows = [json.loads(line) for line in whole]
        if head["format"] != FORMAT:
            raise ValueError(head["format"])
        outcomes = [
            Outcome(**{**row, **{name: tuple(row[name]) for name in ("times", "returns", "trades")}}) for row in rows
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is no file of sniper optimise ({error}); name what its --out wrote") from error
    return head, outcomes, sum(map(len, whole))
