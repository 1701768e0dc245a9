"""What a release asks for, against the release before it."""

from sniper.errors import PluginError
from sniper.isolation.permissions import parse
from sniper_registry.review.finding import Finding, Weight


def reviewed(permissions: tuple[str, ...], before: tuple[str, ...] | None) -> list[Finding]:
    """``before``: of the newest release that is not revoked; None: this is the first."""
    found = []
    for permission in sorted(permissions):
        new = before is not None and permission not in before
        asked = "asks anew for" if new else "asks for"
        try:
            sentence = f"it {parse(permission).sentence}"
        except PluginError as error:
            sentence = f"no worker can be given that, so it works only where it is trusted fully ({error})"
        weight = Weight.NOTE if before is not None and not new else Weight.LOOK
        found.append(Finding("permissions", weight, f"{asked} {permission}: {sentence}"))
    gone = sorted(set(before or ()) - set(permissions))
    return found + [Finding("permissions", Weight.NOTE, f"no longer asks for {each}") for each in gone]
