"""The lists beside the environments are damaged: nobody is trusted then, and nothing runs that may be revoked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_wheels import NAME, wheel

from sniper.catalogue import Catalogue
from sniper.environments import revocations, trust
from sniper.environments.shelf import Shelf

Sniper = Callable[..., Any]


@pytest.fixture
def trusted(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> Shelf:
    assert sniper("plugins", "install", wheel(tmp_path)).code == 0
    assert sniper("plugins", "trust", NAME, "--yes").code == 0
    return shelf


def test_where_revocations_cannot_be_read_everything_from_the_shelf_is_refused_and_stood_in_for(
    trusted: Shelf,
) -> None:
    (trusted.directory / revocations.FILE).write_text("{")
    found = Catalogue.survey()
    (refusal,) = found.refused
    assert refusal.extension.key == ("strategy", "breakout")
    assert "it is not known what was revoked" in refusal.reason
    assert not any(each.origin.distribution == NAME for each in found.extensions)
    assert not any(problem.stops for problem in found.problems)


def test_where_words_of_trust_cannot_be_read_nobody_is_trusted(trusted: Shelf) -> None:
    (trusted.directory / trust.FILE).write_text("{")
    found = Catalogue.survey()
    assert found.extension("strategy", "breakout").origin.isolated
    assert [problem.plugin for problem in found.problems] == ["words of trust"]
    assert not found.problems[0].stops
