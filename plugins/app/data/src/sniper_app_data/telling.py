"""Problems as people and programs read them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import click

from sniper_app_data.problems import BadData, Problem, Problems

MOST: Final = 20
"""Problems of one code that people are shown; ``--json`` has all."""


def tell(problems: Problems) -> None:
    """Write them to stderr, at most `MOST` of each code."""
    shown: Counter[str] = Counter()
    for problem in problems.found:
        shown[problem.code] += 1
        if shown[problem.code] <= MOST:
            click.echo(f"{click.style(problem.code, fg='yellow')} {_line(problem)}", err=True)
    for code, count in problems.counts().items():
        if count > MOST:
            click.echo(f"{click.style(code, fg='yellow')} … and {count - MOST} more; --json tells all", err=True)
    for problem in {problem.code: problem for problem in problems.found}.values():
        click.echo(f"{click.style(problem.code, bold=True)}: {problem.advice}", err=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns, nothing cut."""
    cells = [[name.upper() for name in columns], *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def plain(problems: Problems) -> dict[str, Any]:  # Any: JSON
    """For programs."""
    return {
        "counts": problems.counts(),
        "problems": [{**problem._asdict(), "advice": problem.advice} for problem in problems.found],
    }


def refused(error: BadData) -> dict[str, Any]:  # Any: JSON
    """The same of what was not taken."""
    return {"error": {"code": error.code, "message": str(error)}, **plain(error.problems)}


def _line(problem: Problem) -> str:
    return f"{problem.place}: {problem.what}: {problem.value}"
