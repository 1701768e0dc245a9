"""Properties checked over drawn values: the same values in every run, so that a suite never fails by luck."""

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


def for_all(check: Callable[..., None], *, examples: int, shrinks: bool = True, **drawn: SearchStrategy[Any]) -> None:
    """Call ``check`` with ``examples`` drawn sets of keyword arguments; one that fails is shown.

    shrinks  Look for a smaller one that fails too. Not worth its minutes for whole histories.
    """
    run = settings(
        max_examples=examples,
        phases=[Phase.generate, Phase.shrink] if shrinks else [Phase.generate],
        report_multiple_bugs=False,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )(given(**drawn)(check))
    run()


def some(values: SearchStrategy[T], count: int) -> list[T]:
    """That many drawn values (fewer where there are no more), the same in every run."""
    found: list[T] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(value=values)
    def keep(value: T) -> None:
        found.append(value)

    keep()
    return found
