"""``sniper policy test``."""

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sniper.errors import ConfigError
from sniper_app_policy.trade import Judged, judged, laws, lines, stated

if TYPE_CHECKING:
    from sniper.cli.invocation import Invocation

EXPECTED = ("allow", "deny")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def test(ctx: click.Context, file: Path) -> None:
    """Run the cases of FILE against the config's policies. Exit code 1 where one is decided otherwise.

    FILE is TOML with a [[case]] for each, or JSON with a list "case". A case has the keys of a trade, as for explain,
    and: name; expect, "allow" or "deny"; by, the rule that decides, such as "geo.embargoed".
    """
    invocation: Invocation = ctx.obj
    resolved = invocation.resolved()
    policies = laws(resolved)
    failed, cases = 0, _cases(file)
    for number, case in enumerate(cases, 1):
        where = f"{file}: case {number}"
        values = dict(case)
        name, expect, by = (values.pop(key, "") for key in ("name", "expect", "by"))
        if expect not in EXPECTED:
            raise ConfigError(f'{where}: expect = {expect!r}: write "allow" or "deny"')
        found = judged(stated(values, where), policies, resolved)
        wrong = _wrong(found, expect, by)
        click.echo(f"{'FAIL' if wrong else 'ok  '} {name or f'case {number}'}")
        if wrong:
            failed += 1
            click.echo(f"     {wrong}")
            for line in lines(found):
                click.echo(f"     {line}")
    click.echo(f"{len(cases) - failed} of {len(cases)} cases are decided as expected")
    if failed:
        ctx.exit(1)


def _wrong(found: list[Judged], expect: str, by: str) -> str:
    """What is not as expected; empty where all is."""
    denying = {f"{each.section}.{finding.rule}" for each in found for finding in each.denying}
    allowing = {f"{each.section}.{finding.rule}" for each in found for finding in each.findings if finding.ok}
    decided = "deny" if denying else "allow"
    if decided != expect:
        return f"{expect} was expected, and the policies {decided}"
    deciding = denying or allowing
    if by and by not in deciding:
        return f"{by} was expected to decide, and it was {', '.join(sorted(deciding))}"
    return ""


def _cases(file: Path) -> list[dict[str, Any]]:  # Any: TOML or JSON
    try:
        text = file.read_text()
        document = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    cases = document.get("case") if isinstance(document, dict) else None
    if not isinstance(cases, list) or not cases or not all(isinstance(case, dict) for case in cases):
        raise ConfigError(f"{file}: has no cases; write a [[case]] for each")
    return cases
