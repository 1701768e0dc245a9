"""The zoo's traps are refused for what they are, and its look-alikes are not."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `zoo`, which the importlib mode does not find

from zoo import judged

from sniper_sdk import zoo as specimens

MOST_FALSE_ALARMS = 1
SAMPLE = 7
"""One of so many is judged where the whole zoo would take too long."""


@pytest.mark.parametrize("every", [SAMPLE, pytest.param(1, marks=pytest.mark.long)])
async def test_traps_are_refused_for_the_right_reason_and_look_alikes_pass(every: int) -> None:
    cases = await judged([*specimens.traps()[::every], *specimens.look_alikes()[::every]], "balanced")
    missed = {case.name: case.rules for case in cases if case.trap and not case.right}
    alarms = {case.name: case.rules for case in cases if not case.trap and case.denied}
    assert missed == {}
    assert len(alarms) <= MOST_FALSE_ALARMS, alarms
