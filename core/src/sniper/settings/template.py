"""The config file that ``sniper init`` writes: every key that there is, with what it means and its default.

Tables and keys come from the models, those of plugins from the installed plugins, so nothing here can go out of date.
Keys with a default stand in comments. A plugin's required key gets the first of its field's ``examples``; a section
with a required key that has none is left in comments as a whole.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sniper.catalogue import Catalogue, config_model
from sniper.runtime.kill import FILE
from sniper.settings.canonical import plain
from sniper.settings.model import (
    Account,
    Chain,
    Deadlines,
    Desk,
    Execution,
    Logging,
    Plugins,
    Runtime,
    Settings,
    StrategyTable,
)
from sniper.settings.toml import inline
from sniper.specs import ExchangeSpec

_DEVELOPMENT_CHAIN: Mapping[str, Any] = {
    "id": 31_337,
    "endpoints": ["ws://127.0.0.1:8545"],
    # What the first account of a fresh development chain deploys first.
    "wrapped_native": "0x5fbdb2315678afecb367f032d93f642f64180aa3",
    "local": True,
}
_DEVELOPMENT_ACCOUNT: Mapping[str, Any] = {"address": "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", "chain": "local"}

_HEAD = """\
# The config of sniper. Lines that begin with "#" show keys with their defaults; remove the "#" to change one.
# Check it with:  sniper config check     See all of it, defaults included, with:  sniper config show
# The chain and the account below are those of a development chain on this machine: put your own in their place, and
# the factories and routers to trade through under [amm.…] and [venue.…]. Amounts are examples: set them to what you
# can lose.
"""

_LISTED = ("feed", "amm", "venue", "risk", "sizer", "exit", "fee")
"""Kinds whose plugins are switched on by their section, or named by others."""


def template(catalogue: Catalogue) -> str:
    """The text of the file. Imports every plugin that has a section in it."""
    return "\n".join(_lines(catalogue)) + "\n"


def _lines(catalogue: Catalogue) -> Iterator[str]:
    yield from _HEAD.splitlines()
    top = ("mode", "data_dir", "risk_profile")
    yield from _keys({name: Settings.model_fields[name] for name in top}, {"mode": "paper"})
    yield from _table("plugins", Plugins, {})
    yield from _table("chain.local", Chain, _DEVELOPMENT_CHAIN)
    yield from _table("account.main", Account, _DEVELOPMENT_ACCOUNT)
    yield from _table("account.main.execution", Execution, {})
    yield from (f"#   {line}".rstrip() if line else "" for line in _exchange(catalogue))
    ready = {kind: [name for name in _names(catalogue, kind) if _values(catalogue, kind, name)] for kind in _LISTED}
    for name in _names(catalogue, "strategy"):
        sizers = ready["sizer"]
        values = {"exits": ready["exit"], **({} if "fixed" in sizers or not sizers else {"sizer": sizers[0]})}
        left_out = {"plugin"} if catalogue.load(catalogue.spec("strategy", name)).opens else {"plugin", "sizer"}
        own = {key: field for key, field in StrategyTable.model_fields.items() if key not in left_out}
        yield from _plugin(catalogue, "strategy", name, own, values)
    for kind in (*_LISTED, "router", "executor", "signer", "store", "lease", "bus"):
        for name in _names(catalogue, kind):
            yield from _plugin(catalogue, kind, name, {}, _shared(catalogue, kind, name))
    yield from _table("runtime", Runtime, {})
    yield from _table("runtime.deadlines", Deadlines, {})
    yield from _table("logging", Logging, {})


def _exchange(catalogue: Catalogue) -> Iterator[str]:
    """How to trade at an exchange, where a plugin for one is installed."""
    for spec in catalogue.specs("venue"):
        if isinstance(spec, ExchangeSpec):
            examples = _values(catalogue, "venue", spec.name) or {}
            place = examples.get("exchange", spec.name)
            yield ""
            yield "# To trade at an exchange as well, take the first four characters away from each of these lines."
            yield f"[venue.{place}]"
            yield f"plugin = {inline(spec.name)}"
            yield from _keys(_model(catalogue, "venue", spec.name).model_fields, examples)
            yield f"[account.main.desk.{place}]"
            yield from _keys(Desk.model_fields, {"quote": "USDT", "paper_cash": {"USDT": "10000"}})


def _names(catalogue: Catalogue, kind: str) -> list[str]:
    """Not those that run isolated: what nobody vouches for is the trader's own to write down."""
    found = [each for each in catalogue.extensions if each.spec.kind == kind]
    return [each.spec.name for each in found if each.spec.in_init and not each.origin.isolated]


def _values(catalogue: Catalogue, kind: str, name: str) -> dict[str, Any] | None:
    """Values for the required keys of a plugin; None where one has no example."""
    required = {key: field for key, field in _model(catalogue, kind, name).model_fields.items() if field.is_required()}
    if any(not field.examples for field in required.values()):
        return None
    return {"": name} | {key: field.examples[0] for key, field in required.items() if field.examples}


def _shared(catalogue: Catalogue, kind: str, name: str) -> dict[str, Any]:
    """The run's own kill switch, for a signer that looks at a file: one command then stops both."""
    if kind != "signer" or "kill_switch" not in _model(catalogue, kind, name).model_fields:
        return {}
    return {"kill_switch": plain(Settings.model_fields["data_dir"].default / FILE)}


def _model(catalogue: Catalogue, kind: str, name: str) -> type[BaseModel]:
    return config_model(catalogue.load(catalogue.spec(kind, name)))


def _plugin(
    catalogue: Catalogue, kind: str, name: str, own: Mapping[str, FieldInfo], values: Mapping[str, Any]
) -> Iterator[str]:
    examples = _values(catalogue, kind, name)
    lines = list(_keys({**own, **_model(catalogue, kind, name).model_fields}, {**values, **(examples or {})}))
    yield ""
    yield f"# {catalogue.spec(kind, name).summary}"
    if examples is None:
        yield f"# [{kind}.{name}]"
        yield from (line if line.startswith("#") else f"# {line}" for line in lines)
    else:
        yield f"[{kind}.{name}]"
        yield from lines


def _table(path: str, model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"[{path}]"
    yield from _keys(model.model_fields, values)


def _keys(fields: Mapping[str, FieldInfo], values: Mapping[str, Any]) -> Iterator[str]:
    for name, field in fields.items():
        default = None if field.is_required() else plain(field.get_default(call_default_factory=True))
        if isinstance(default, dict) and name not in values:
            continue  # has a table of its own
        for line in (field.description or "").splitlines():
            yield f"# {line}"
        if name in values:
            yield f"{name} = {inline(values[name])}"
        elif field.is_required():
            yield f"# {name} =   (required)"
        else:
            yield f"# {name} =   (not set)" if default is None else f"# {name} = {inline(default)}"
