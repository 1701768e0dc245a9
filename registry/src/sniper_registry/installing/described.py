"""What a plugin said of itself in a worker, checked: it comes from code that nobody trusts."""

import re
from typing import Final

from sniper.catalogue import FACTORY, KEBAB
from sniper.environments.environment import Environment, Offered
from sniper_registry.installing.refused import WheelRefused

MOST: Final = 64
"""Extensions of one distribution."""
_PERMISSION: Final = re.compile(r"[a-z]+(-[a-z]+)*:[\x21-\x7e]+")
_LONGEST: Final = 200


def checked(environment: Environment, package: str, offered: tuple[Offered, ...]) -> tuple[Offered, ...]:
    """The same in order of kind and name. Raises `WheelRefused` for what no catalogue would take."""
    if not offered:
        raise WheelRefused(f"{environment} offers nothing: none of its hooks gives a spec")
    if len(offered) > MOST:
        raise WheelRefused(f"{environment} offers {len(offered)} extensions, more than {MOST}")
    seen: set[tuple[str, str]] = set()
    for each in offered:
        spec = each.parsed()
        where = f"{environment}: {spec.kind} {spec.name[:50]!r}"
        if not KEBAB.fullmatch(spec.name):
            raise WheelRefused(f"{where} is not kebab-case, such as 'launch-snipe'")
        if not FACTORY.fullmatch(spec.factory) or re.split(r"[.:]", spec.factory)[0] != package:
            raise WheelRefused(f"{where}: its factory {spec.factory[:100]!r} is no class inside of {package}")
        if not spec.summary.isprintable() or len(spec.summary) > _LONGEST:
            raise WheelRefused(f"{where}: its summary is not one line of at most {_LONGEST} printable characters")
        for permission in spec.permissions:
            if not _PERMISSION.fullmatch(permission) or len(permission) > _LONGEST:
                raise WheelRefused(
                    f"{where} asks for {permission[:100]!r}, which is no permission, such as network:HOST"
                )
        if (spec.kind, spec.name) in seen:
            raise WheelRefused(f"{where} is offered twice")
        seen.add((spec.kind, spec.name))
    return tuple(sorted(offered, key=lambda each: (each.parsed().kind, each.parsed().name)))
