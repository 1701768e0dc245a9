"""A release held against the suites of its kinds."""

import contextlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any, Final, NamedTuple

import msgspec

from sniper.environments.environment import ISOLATED_KINDS, Environment, Offered
from sniper.errors import IsolationError, PluginError, SniperError, said, told
from sniper.isolation.far import far_class
from sniper.isolation.far_config import FarConfig
from sniper.isolation.words import harmless
from sniper.specs import Spec
from sniper_registry.installing.describing import described
from sniper_registry.installing.making import Wish, make
from sniper_registry.installing.refused import InstallFailed
from sniper_registry.installing.uv import Supply
from sniper_registry.installing.wheel import inspect
from sniper_registry.review.conformance.behaved import Behaved
from sniper_registry.review.conformance.seat import Seat, Unanswered, seated

LONGEST: Final = 400
"""Characters of a reason."""
MOST_OFFERED: Final = 8
"""Extensions that are tried of one release."""


class Bounds(NamedTuple):
    """within_s  Seconds that each call may take; a trader's kernel, on a machine of its own, waits for a tenth of one.
    all_s     Seconds for all behaviours of a release together.
    examples  Histories of each behaviour: every call crosses to another process and back.
    """

    within_s: float = 2.0
    all_s: float = 240.0
    examples: int = 12


def held(wheel: Path, requires: tuple[str, ...] | None = None, bounds: Bounds | None = None) -> tuple[Behaved, ...]:
    """What became of each behaviour of each extension. Whatever the release does, this returns, in bounded time.

    requires  The lock that its publisher signed; None: one is made.
    """
    bounds = bounds or Bounds()
    with tempfile.TemporaryDirectory(prefix="sniper-conformance-") as directory:
        try:
            wish = Wish(wheel=inspect(wheel), source="review", requires=requires)
            environment = make(wish, Path(directory) / "environment", Supply(), described)
        except (InstallFailed, IsolationError, OSError) as error:
            return (_alone("", f"it could not be installed here: {_short(error)}"),)
        except PluginError as error:  # no trader's machine would take it either
            why = f"nobody can install it: {_short(error)}"
            return (Behaved(extension="", behaviour="", outcome="failed", why=why, rogue=True),)
        # What it asks for is not granted: a suite needs none of it, and what a review tries reaches nothing.
        bare: Environment = msgspec.structs.replace(environment, permissions=())  # type: ignore[type-var]  # a struct
        end = monotonic() + bounds.all_s
        found: list[Behaved] = []
        for number, each in enumerate(bare.offered):
            if number >= MOST_OFFERED:
                found.append(_alone("", f"it offers {len(bare.offered)} extensions; {MOST_OFFERED} are tried"))
                break
            found += _of_one(bare, wheel, each, bounds, end)
        return tuple(found)


def _of_one(environment: Environment, wheel: Path, offered: Offered, bounds: Bounds, end: float) -> Iterator[Behaved]:
    spec = offered.parsed()
    extension = f"{spec.kind}.{spec.name}"
    if spec.kind not in ISOLATED_KINDS:
        yield _alone(
            extension, f"the kind {spec.kind} runs in the host only, where a review runs nothing; a person looks"
        )
        return
    if spec.kind not in ("strategy", "risk"):
        yield _alone(extension, "which states a pool of it can be in, only its author's tests can say")
        return
    try:
        yield from _tried(environment, wheel, spec, offered.schema, bounds, end)
    except Unanswered as error:
        yield _failed(extension, "it starts", error, rogue=error.rogue)
    except SniperError as error:
        yield _failed(extension, "its config is good", error)


def _tried(
    environment: Environment,
    wheel: Path,
    spec: Spec[Any],
    schema: dict[str, Any],
    bounds: Bounds,
    end: float,
) -> Iterator[Behaved]:
    from pydantic import ValidationError

    from sniper.config import model_of
    from sniper.isolation.describing import Section, checked_section, place_of
    from sniper_registry.review.conformance.example import example_section
    from sniper_registry.review.conformance.suites import suite_of, why_not
    from sniper_sdk.conformance.listing import behaviours

    extension = f"{spec.kind}.{spec.name}"
    cls = far_class(environment, spec, bounds.within_s)
    section = example_section(wheel, spec.kind, spec.name, schema)
    if section is None:
        yield _alone(extension, f"its README shows no section [{extension}], and its config has keys without a default")
        return
    model = model_of(cls)
    assert issubclass(model, FarConfig)  # of every class that stands for code in a worker
    try:
        config = model.model_validate(section)
    except ValidationError as error:
        yield _failed(extension, "the config that it shows is a good one", error)
        return
    again = checked_section(place_of(environment), spec.factory, config.model_dump())
    if not isinstance(again, Section):
        what = "its config is as good with its defaults written out, as a worker is told it"
        yield _failed(extension, what, PluginError("; ".join(str(each["msg"]) for each in again)))
        return
    seat = Seat(environment, spec.factory, config, bounds.within_s, end)
    suite = suite_of(seated(cls, seat), config, seat, bounds.examples)
    lost = ""
    try:
        for behaviour in behaviours(suite):
            if why := why_not(cls, behaviour.name) or lost:
                yield Behaved(extension=extension, behaviour=behaviour.what, outcome="not run", why=why)
                continue
            try:
                yield _behaved(extension, behaviour.what, suite, behaviour.name, seat)
            except Unanswered as error:
                yield _failed(extension, behaviour.what, error, rogue=error.rogue)
                lost = "its worker was lost before"
    finally:
        seat.leave()


def _behaved(extension: str, what: str, suite: type, name: str, seat: Seat) -> Behaved:
    """Raises `Unanswered`. What failed leaves its process to nobody."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # what draws the examples prints the one that failed
            getattr(suite(), name)()
    except (Exception, Unanswered) as error:  # whatever answers of a stranger lead to in a suite
        seat.leave()
        if isinstance(error, Unanswered):
            raise
        return _failed(extension, what, error)
    return Behaved(extension=extension, behaviour=what, outcome="passed")


def _failed(extension: str, what: str, error: BaseException, *, rogue: bool = False) -> Behaved:
    plain = isinstance(error, AssertionError | Unanswered | SniperError)
    why = _harmless(said(error) if plain else told(error))
    return Behaved(extension=extension, behaviour=what, outcome="failed", why=why, rogue=rogue)


def _alone(extension: str, why: str) -> Behaved:
    return Behaved(extension=extension, behaviour="", outcome="not run", why=why, alone=True)


def _short(error: Exception) -> str:
    return _harmless(said(error))


def _harmless(text: str) -> str:
    return harmless(" ".join(text.split()), LONGEST)
