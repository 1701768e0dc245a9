"""Whether a release says under which licence it comes, in words that a machine understands (SPDX, PEP 639)."""

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from sniper_registry.review.finding import Finding, Weight

_STRICT = ("AGPL", "GPL", "SSPL", "BUSL", "CC-BY-NC")


def reviewed(licence: str, *, paid: bool) -> list[Finding]:
    """``paid``: whether it needs a licence file, which is no matter of SPDX but must not be hidden by it."""
    try:
        canonical = canonicalize_license_expression(licence)
    except InvalidLicenseExpression:
        return [Finding("licence", Weight.REFUSE, f"{licence!r} is no SPDX expression, such as Apache-2.0")]
    found = [Finding("licence", Weight.NOTE, f"the licence is {canonical}")]
    if "LicenseRef-" in canonical:
        found.append(
            Finding("licence", Weight.LOOK, "a licence of its own: read whether traders may use and pass it on")
        )
    elif paid:
        found.append(
            Finding("licence", Weight.LOOK, f"it needs a paid licence file, although {canonical} lets all use it")
        )
    if any(part.startswith(_STRICT) for part in canonical.replace("(", " ").replace(")", " ").split()):
        found.append(
            Finding("licence", Weight.NOTE, "a strict licence: who passes sniper on together with it is bound by it")
        )
    return found
