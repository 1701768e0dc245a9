"""A release's lock: all that it depends on, each pinned to one version with the hashes of its wheels."""

import re
from collections.abc import Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sniper.catalogue import CORE
from sniper.errors import said
from sniper_registry.errors import PublishRefused

_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def demand_locked(requires: Sequence[str], lock: Sequence[str]) -> None:
    """Raise `PublishRefused` unless each line pins one distribution with hashes, and all that is required is there."""
    pinned = {_pinned(line) for line in lock}
    missing = [line for line in requires if canonicalize_name(Requirement(line).name) not in pinned]
    if missing:
        raise PublishRefused(f"the lock does not pin {', '.join(missing)}; give a lock with --lock")
    if CORE in pinned:
        raise PublishRefused(f"the lock pins {CORE}, which every trader has already; leave it out")


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a requirements file as uv and pip write it, one for each distribution, without comments."""
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return tuple(" ".join(line.split()) for line in lines if line)


def _pinned(line: str) -> str:
    text, *hashes = line.split(" --")
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise PublishRefused(f"the lock has a line that is no requirement, {line[:100]!r}: {said(error)}") from error
    specifiers = list(requirement.specifier)
    exact = len(specifiers) == 1 and specifiers[0].operator == "==" and "*" not in specifiers[0].version
    if not exact or requirement.url or not hashes or not all(_HASH.fullmatch(f"--{each.strip()}") for each in hashes):
        raise PublishRefused(f"the lock has a line without one version and its hashes: {line[:100]!r}; let uv write it")
    return canonicalize_name(requirement.name)
