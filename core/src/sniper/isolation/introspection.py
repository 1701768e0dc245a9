"""In a worker: what the modules of a plugin offer, and whether a config section is good. Plain data comes out of it."""

import inspect
import json
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import msgspec

from sniper.amm import Amm
from sniper.codec import schema
from sniper.config import model_of
from sniper.environments.environment import ISOLATED_KINDS
from sniper.errors import PluginError
from sniper.isolation.messages import Check, Checked, Describe, Described
from sniper.risk import RiskCheck, RiskProbe, RiskWatch
from sniper.specs import Spec
from sniper.strategy import Strategy, handlers_of

Plain = dict[str, Any]
"""JSON."""


def described(request: Describe) -> Described:
    """Raises whatever the plugin raises."""
    offered = [
        offer for module in request.modules for spec in _specs(import_module(module)) for offer in (_offer(spec),)
    ]
    return Described(serial=request.serial, offered=json.dumps(offered))


def checked(request: Check) -> Checked:
    """Raises `PluginError`, and whatever the plugin raises; what pydantic finds wrong is in the answer."""
    from pydantic import ValidationError

    cls = _class(request.factory)
    try:
        config = model_of(cls).model_validate(json.loads(request.values))
    except ValidationError as error:
        mistakes = error.json(include_url=False, include_context=False)
        return Checked(serial=request.serial, values="", mistakes=mistakes)
    wants = json.dumps(_wants(cls, config)) if issubclass(cls, Strategy | RiskWatch) else ""
    return Checked(serial=request.serial, values=config.model_dump_json(), wants=wants)


def _specs(module: ModuleType) -> Iterator[Spec[Any]]:
    for name, hook in sorted(vars(module).items()):
        if name.startswith("sniper_") and inspect.isfunction(hook) and hasattr(hook, "sniper_impl"):
            for spec in hook():
                if not isinstance(spec, Spec):
                    raise PluginError(f"{module.__name__}.{name} returned {spec!r:.200}; return specs of sniper.specs")
                yield spec


def _offer(spec: Spec[Any]) -> Plain:
    # What cannot run here may need libraries that are not here either.
    cls = _class(spec.factory) if spec.kind in ISOLATED_KINDS else None
    offer: Plain = {
        "type": type(spec).__name__,
        "spec": msgspec.to_builtins(spec),
        "schema": {},
        "traits": {},
    }
    if isinstance(cls, type):
        offer["schema"] = model_of(cls).model_json_schema()
        offer["traits"] = _traits(cls)
    return offer


def _class(factory: str) -> Any:  # Any: a class of any kind, or a command
    module, _, name = factory.partition(":")
    return getattr(import_module(module), name)


def _traits(cls: type) -> Plain:
    """What the kernel must know of a class that it never sees."""
    missing = sorted(getattr(cls, "__abstractmethods__", ()))
    if missing:
        raise PluginError(f"{cls.__module__}:{cls.__qualname__} lacks {', '.join(missing)}; add it")
    if issubclass(cls, Strategy):
        return {"opens": bool(cls.opens), "handlers": _handlers(cls)}
    if issubclass(cls, RiskWatch):
        judges = cls.judge_roundtrip is not RiskWatch.judge_roundtrip
        return {"form": "watch", "exchanges": bool(cls.exchanges), "roundtrips": judges, "handlers": _handlers(cls)}
    if issubclass(cls, RiskProbe):
        return {"form": "probe", "exchanges": bool(cls.exchanges)}
    if issubclass(cls, RiskCheck):
        judges = cls.judge_roundtrip is not RiskCheck.judge_roundtrip
        return {"form": "check", "exchanges": bool(cls.exchanges), "roundtrips": judges}
    if issubclass(cls, Amm):
        return _of_amm(cls)
    return {}


def _handlers(cls: type) -> list[Plain]:
    return [
        {"method": method, "event": kind.__name__, "schema": schema(kind)}
        for kind, method in sorted(handlers_of(cls).items(), key=lambda pair: pair[1])
    ]


def _of_amm(cls: type[Amm]) -> Plain:
    methods: list[tuple[str, Any]] = [(name, getattr(cls, name, None)) for name in sorted(dir(cls))]
    return {
        "singleton": bool(cls.singleton),
        "swap_gas": int(cls.swap_gas),
        "deadline_s": int(cls.deadline_s),
        "logs": [
            {"method": name, "signature": method.__sniper_log__, "of": method.__sniper_of__}
            for name, method in methods
            if hasattr(method, "__sniper_log__")
        ],
        "creations": [
            {"method": name, "signature": method.__sniper_creation__}
            for name, method in methods
            if hasattr(method, "__sniper_creation__")
        ],
        "on_block": cls.on_block is not Amm.on_block,
        "follows": cls.follows is not Amm.follows,
        "outdated": cls.outdated is not Amm.outdated,
        "pool_of": cls.pool_of.__func__ is not Amm.pool_of.__func__,  # type: ignore[attr-defined]  # classmethods
    }


def _wants(cls: Any, config: Any) -> Plain:
    """What it wants to hear of with this config."""
    made = cls(config=config)
    if isinstance(made, RiskWatch):
        return {"hears_prices": bool(made.hears_prices())}
    return {
        "cycle_hops": made.cycle_hops(),
        "instruments": list(made.instruments()),
        "bars": [list(each) for each in made.bars()],
        "depth": list(made.depth()),
    }
