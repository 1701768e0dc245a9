"""Whether a wheel works with an API."""

from sniper_sdk.compat.model import Api
from sniper_sdk.compat.offers import file_problems, offer_problems
from sniper_sdk.compat.problem import Problem
from sniper_sdk.compat.requirements import requirement_problems
from sniper_sdk.compat.stable import Deprecated, stable
from sniper_sdk.compat.uses import use_problems
from sniper_sdk.compat.wheel import Wheel


def problems(wheel: Wheel, api: Api, deprecated: tuple[Deprecated, ...] | None = None) -> list[Problem]:
    """What stands against it, errors first; nothing but warnings means that it works with this version of the core.

    deprecated  Instead of what `stable.toml` lists.
    """
    goes = stable().deprecated if deprecated is None else deprecated
    found = dict.fromkeys(
        (
            *requirement_problems(wheel, api.version),
            *file_problems(wheel),
            *offer_problems(wheel, api),
            *use_problems(wheel, api, goes),
        )
    )
    return sorted(found, key=lambda each: (each.severity, each.place, each.code, each.message))
