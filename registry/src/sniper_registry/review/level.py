"""What a publisher claims to have reached, against the wheel that the claim came with."""

import json
from pathlib import Path

from sniper.errors import PluginError, said
from sniper.index import Release
from sniper_registry.repository.repository import LEVELS
from sniper_registry.review.finding import Finding, Weight


def reviewed(claim: bytes, wheel: Path, release: Release) -> Finding:
    """``claim``: what ``sniper plugins test --write`` wrote; empty: none came.

    The suites are not run again here, for they run the plugin's code outside of a worker. What is held against the
    wheel is the hash of the code that the claim is bound to; the level itself is awarded by a person or not at all.
    """
    if not claim:
        return Finding("level", Weight.NOTE, "no level is claimed; whoever ran the suites may award one")
    try:
        told = json.loads(claim)
        level, of = told["level"], (told["distribution"], told["version"], told["contents"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return Finding("level", Weight.REFUSE, "its level file is none; sniper plugins test --write makes one")
    if level not in LEVELS[1:]:
        return Finding(
            "level", Weight.REFUSE, f"its level file names the level {str(level)[:40]!r}, which there is not"
        )
    try:
        from sniper_sdk.levels.statement import contents_of_wheel
    except ImportError:
        return Finding("level", Weight.LOOK, f"{level} is claimed, and not compared: sniper-sdk is not installed here")
    try:
        own = (release.name, release.version, contents_of_wheel(wheel))
    except PluginError as error:
        return Finding("level", Weight.REFUSE, f"{level} is claimed of a wheel that cannot be read: {said(error)}")
    if of != own:
        return Finding("level", Weight.REFUSE, f"{level} is claimed of other code than this wheel's")
    return Finding(
        "level",
        Weight.LOOK,
        f"{level} is claimed of this very code: run sniper plugins test on a machine to throw away before you award it",
    )
