"""``sniper plugins``: what is installed, what it offers, and what is wrong with it."""

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from sniper.catalogue import Catalogue, Extension, Problem, config_model, nearest
from sniper.cli import exit_codes
from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table
from sniper.environments.environment import ISOLATED_KINDS
from sniper.errors import IsolationError, PluginError, SniperError
from sniper.specs import AppSpec

_DISTRIBUTION = re.compile(r"sniper-[a-z0-9]+-[a-z0-9-]+")

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


@click.command("list")
@click.option("--kind", help="Only this kind, such as strategy.")
@json_option
@click.pass_obj
def list_(invocation: Invocation, kind: str | None, as_json: bool) -> None:
    """List the installed plugins without importing what they name."""
    found = invocation.survey()
    all_ = [(each, True) for each in found.extensions]
    all_ += [(each, False) for each in (*found.disabled, *found.waiting)]
    shown = [(each, enabled) for each, enabled in all_ if kind in (None, each.spec.kind)]
    if as_json:
        print_json(
            {
                "plugins": [_described(each, enabled) for each, enabled in shown],
                "problems": [_problem(problem) for problem in found.problems],
            }
        )
        return
    rows = [
        (each.spec.kind, each.spec.name, each.spec.summary, str(each.origin), _standing(each, enabled))
        for each, enabled in shown
    ]
    print_table(("kind", "name", "summary", "from", "standing"), rows)
    if found.problems:
        click.echo(f"{len(found.problems)} problem(s); see sniper plugins doctor", err=True)


@click.command()
@click.argument("name")
@json_option
@click.pass_obj
def info(invocation: Invocation, name: str, as_json: bool) -> None:
    """Show the plugin NAME ("kind.name", or the name alone where it is the only one) and its config keys.

    With the name of a distribution, what is installed of it and what the registries have.
    """
    found = invocation.survey()
    if _DISTRIBUTION.fullmatch(name):
        from sniper.cli.plugin_releases import show

        show(found, name, as_json=as_json)
        return
    extension = _only(found, name)
    described = _described(extension, extension in found.extensions)
    keys = _keys(found, extension)
    if as_json:
        print_json({**described, "config": keys})
        return
    for label, value in described.items():
        click.echo(f"{label.replace('_', ' ') + ':':<13} {', '.join(value) if isinstance(value, list) else value}")
    if keys:
        click.echo(f"\nKeys of [{extension.id}]:")
        rows = [
            (key["key"], key["type"], "required" if key["required"] else key["default"], key["help"]) for key in keys
        ]
        print_table(("key", "type", "default", "help"), rows)


@click.command("doctor")
@json_option
@click.pass_context
def diagnose(ctx: click.Context, as_json: bool) -> None:
    """Load every plugin and say what is wrong, and whether this machine can run those that nobody vouched for.

    Exit code 1 where a plugin is wrong.
    """
    found = ctx.ensure_object(Invocation).survey()
    problems = [_problem(problem) for problem in found.problems]
    hidden = as_json or not sys.stderr.isatty()
    with click.progressbar(found.extensions, label="Loading", file=sys.stderr, hidden=hidden) as extensions:
        problems += [problem for each in extensions if (problem := _tried(found, each))]
    lacking = _lacking()
    if as_json:
        print_json({"checked": len(found.extensions), "problems": problems, "workers": lacking or "available"})
    else:
        for problem in problems:
            click.echo(f"{problem['plugin']}: {problem['message']}")
        if not problems:
            click.echo(f"{len(found.extensions)} plugins load and keep to their contracts.")
        click.echo(
            f"Plugins that nobody vouched for cannot run on this machine: {lacking}"
            if lacking
            else "Plugins that nobody vouched for run in workers; this machine has what they need."
        )
    if problems:
        ctx.exit(exit_codes.FAILURE)


def _lacking() -> str:
    """Why no worker can be started here; "": they can."""
    from sniper.isolation.launch import available

    try:
        available()
    except IsolationError as error:
        return str(error)
    return ""


def _tried(found: Catalogue, extension: Extension) -> dict[str, Any] | None:
    try:
        if isinstance(extension.spec, AppSpec):
            found.command(extension.spec)
        else:
            config_model(found.load(extension.spec))
    except SniperError as error:
        origin = extension.origin
        return {"plugin": extension.id, "distribution": origin.distribution, "message": str(error), "stops": True}
    return None


def _only(found: Catalogue, name: str) -> Extension:
    every = (*found.extensions, *found.disabled, *found.waiting)
    same = [each for each in every if name in (each.id, each.spec.name)]
    if len(same) == 1:
        return same[0]
    if same:
        choice = ", ".join(each.id for each in same)
        raise PluginError(f"{name!r} is the name of several plugins; say which: {choice}")
    hint = nearest(name, [each.id for each in every] + [each.spec.name for each in every])
    raise PluginError(f"no plugin is called {name!r}{hint}; see sniper plugins list")


def _keys(found: Catalogue, extension: Extension) -> list[dict[str, Any]]:
    if extension.environment and extension.origin.isolated:
        schema = extension.environment.schema(*extension.key)
        required = schema.get("required", [])
        return [_told(name, field, name in required) for name, field in schema.get("properties", {}).items()]
    if isinstance(extension.spec, AppSpec):
        return []
    return [_key(name, field) for name, field in config_model(found.load(extension.spec)).model_fields.items()]


def _key(name: str, field: "FieldInfo") -> dict[str, Any]:
    kind = field.annotation
    plain = kind.__name__ if isinstance(kind, type) and not getattr(kind, "__args__", None) else str(kind)
    return {
        "key": name,
        "type": plain.replace("typing.", ""),
        "required": field.is_required(),
        "default": None if field.is_required() else str(field.get_default(call_default_factory=True)),
        "help": field.description or "",
    }


def _told(name: str, field: dict[str, Any], required: bool) -> dict[str, Any]:
    """The same of a JSON schema, which is all that is known of an isolated plugin; Any: JSON."""
    kinds = [field, *field.get("anyOf", [])]
    plain = " | ".join(str(each["type"]) for each in kinds if "type" in each)
    default = None if required else str(field.get("default"))
    help_ = str(field.get("description", ""))
    return {"key": name, "type": plain or "any", "required": required, "default": default, "help": help_}


def _standing(extension: Extension, enabled: bool) -> str:
    origin = "first-party" if extension.origin.first_party else "third-party"
    if extension.environment:
        origin = "isolated" if extension.origin.isolated else "trusted"
    if extension.origin.isolated and extension.spec.kind not in ISOLATED_KINDS:
        return "isolated, needs trust"
    return origin if enabled else f"{origin}, disabled"


def _described(extension: Extension, enabled: bool) -> dict[str, Any]:
    spec, origin = extension.spec, extension.origin
    return {
        "kind": spec.kind,
        "name": spec.name,
        "summary": spec.summary,
        "factory": spec.factory,
        "permissions": list(spec.permissions),
        "distribution": origin.distribution,
        "version": origin.version,
        "location": origin.location,
        "editable": origin.editable,
        "first_party": origin.first_party,
        "isolated": origin.isolated,
        "enabled": enabled,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "plugin": problem.plugin,
        "distribution": problem.distribution,
        "message": problem.message,
        "stops": problem.stops,
    }
