"""The class that stands for a plugin which the host does not import."""

from typing import Any

from sniper.errors import PluginError, told
from sniper.isolation.describing import Housed
from sniper.specs import Spec

KINDS = ("amm", "risk", "strategy")
"""Kinds that run in workers."""


def far_class(environment: Housed, spec: Spec[Any], within_s: float) -> type[Any]:  # Any: a class of the spec's kind
    """A class of the kind's contract whose code runs in workers, each call within ``within_s`` seconds. Raises
    `PluginError` for a kind or a plugin that cannot, and `IsolationError` where no worker can run on this machine."""
    try:
        return _made(environment, spec, within_s)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise PluginError(
            f"{environment.distribution}: what it says of {spec.factory} makes no sense ({told(error)}); uninstall it"
        ) from error


def _made(environment: Housed, spec: Spec[Any], within_s: float) -> type[Any]:
    if spec.kind == "strategy":
        from sniper.isolation.strategies import far_strategy

        return far_strategy(environment, spec, within_s=within_s)
    if spec.kind == "risk":
        from sniper.isolation.risk import far_risk

        return far_risk(environment, spec, within_s=within_s)
    if spec.kind == "amm":
        from sniper.isolation.amms import far_amm

        return far_amm(environment, spec, within_s=within_s)
    raise PluginError(
        f"{environment.distribution}: a {spec.kind} needs explicit trust, for it cannot run in a worker (only "
        f"{', '.join(KINDS)} can): sniper plugins trust {environment.distribution}"
    )
