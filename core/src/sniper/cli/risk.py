"""``sniper risk check``: what every check finds about a token, as an auditor would write it."""

import asyncio
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from sniper.amounts import in_coins
from sniper.cli import exit_codes
from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.cli.written import coins, duration, percent, printable, short

if TYPE_CHECKING:
    from sniper.risk import Finding
    from sniper.runtime.assess import Assessment, Judged

WIDTH = 110
PROFILES = ("cautious", "balanced", "degen")


@click.command()
@click.argument("token")
@click.option("--account", help="Whose checks judge; the first of the config where it is left out.")
@click.option("--amount", default="0.1", show_default=True, help="Coins of the account's quote asset to buy for.")
@click.option("--profile", type=click.Choice(PROFILES), help="Instead of the risk_profile of the config.")
@click.option("--pool", help="Address of the pool to buy from, instead of the one that gives most.")
@click.option("--since", type=click.IntRange(min=0), default=0, help="First block in which pools are looked for.")
@click.option("--explain", is_flag=True, help="Show rules that hold, too, and all the evidence.")
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    token: str,
    account: str | None,
    amount: str,
    profile: str | None,
    pool: str | None,
    since: int,
    explain: bool,
    as_json: bool,
) -> None:
    """Judge a purchase of TOKEN (its address) as the bot would, and show the findings with their evidence.

    Needs a config file and an endpoint, but no running bot; nothing is bought. Exit code 1 where it is denied, or no
    check is configured.
    """
    found = asyncio.run(_assessed(ctx.ensure_object(Invocation), token, account, amount, profile, pool, since))
    if as_json:
        print_json(_plain(found))
    else:
        for line in _report(found, profile, explain=explain):
            click.echo(line)
    if not found.allowed:
        ctx.exit(exit_codes.FAILURE)


async def _assessed(
    invocation: Invocation,
    token: str,
    account: str | None,
    amount: str,
    profile: str | None,
    pool: str | None,
    since: int,
) -> "Assessment":
    from sniper.runtime.assess import Asked, assess
    from sniper.settings.resolver import resolve

    settings = invocation.settings()
    if profile is not None:
        accounts = {name: each.model_copy(update={"risk_profile": None}) for name, each in settings.account.items()}
        settings = settings.model_copy(update={"risk_profile": profile, "account": accounts})
    resolved = resolve(settings, invocation.catalogue())
    return await assess(resolved, Asked(token=token, amount=amount, account=account, pool=pool, since=since))


# ---- the report ----

_MARKS = {"holds": ("✓", "green"), "warns": ("!", "yellow"), "denies": ("✗", "red")}


def _report(found: "Assessment", profile: str | None, *, explain: bool) -> Iterator[str]:
    verdict, colour = ("BUY", "green") if found.allowed else ("DO NOT BUY", "red")
    if found.unjudged:
        verdict, colour = "NOT JUDGED", "yellow"
    name = f"{printable(found.symbol)} {found.token}" if found.symbol else found.token
    yield f"{click.style(f' {verdict} ', bg=colour, fg='white', bold=True)} {click.style(name, bold=True)}"
    yield f"Chain {found.chain_id}, block {found.block:,}; account {found.account}, profile {profile or found.profile}."
    from sniper.cli.meanings import awaited

    entry = found.entry
    if entry is None:
        yield "It cannot be bought: no pool of it that the config's factories made sells it for the quote asset."
    else:
        section = dict(found.pools).get(entry.pool.partition(":")[2], "?")
        paid = f"{coins(entry.amount, found.quote_decimals)} {found.quote_symbol}"
        got = f"{coins(entry.expected_out, found.decimals)} {printable(found.symbol) or 'tokens'}"
        yield f"Judged: buying {got} for {paid} in the {section} pool {entry.pool.partition(':')[2]}."
    if len(found.pools) > 1:
        yield f"It has {len(found.pools)} pools."
    if found.left_out:
        said = f"Not read: {found.left_out} more pools, of which one may give more; name one with --pool."
        yield click.style(said, fg="yellow")
    if found.unjudged:
        yield f"No check is configured for account {found.account}: nothing says whether to buy. Add sections such as"
        yield "[risk.honeypot] and [risk.liquidity] to the config; sniper init writes some."
    for pool, why in found.unread:
        yield click.style(f"Not read: pool {short(pool)}: {printable(why)}", fg="yellow")
    if found.rule:
        again = ""
        if found.retry is not None:
            timed = found.retry.when == "time"
            again = f" It may fare better {f'in {found.retry_after_s} s' if timed else awaited(found.retry)}."
        yield f"Decided by {click.style(found.rule, fg='red', bold=True)}.{again}"
    yield ""
    for judged in found.judged:
        yield from _section(judged, explain=explain)


def _section(judged: "Judged", *, explain: bool) -> Iterator[str]:
    states = [_state(finding) for finding in judged.findings]
    worst = max(states, key=list(_MARKS).index)
    mark, colour = _MARKS[worst]
    held = states.count("holds")
    rules = f"{held} of {len(states)} rules hold"
    policy = " (policy)" if judged.policy else ""
    took = f", {duration(judged.took)}" if explain else ""
    yield f"{click.style(mark, fg=colour, bold=True)} {click.style(judged.check, bold=True)}{policy}: {rules}{took}"
    for finding, state in zip(judged.findings, states, strict=True):
        if state != "holds" or explain:
            yield from _finding(finding, *_MARKS[state], explain=explain)


def _state(finding: "Finding") -> str:
    if finding.ok:
        return "holds"
    return "denies" if finding.severity == "deny" else "warns"


def _finding(finding: "Finding", mark: str, colour: str, *, explain: bool) -> Iterator[str]:
    from sniper.cli.meanings import beyond

    text = f"{finding.rule}: {_value(finding.found, finding.unit)}"
    if finding.limit is not None:
        text += f", {beyond(finding) or 'limit'} {_value(finding.limit, finding.unit)}"
    if finding.note:
        text += f" ({printable(finding.note)})"
    if finding.sure != "measured":
        text += f" [{finding.sure}]"
    lines = textwrap.wrap(text, WIDTH - 6) or [""]
    yield f"    {click.style(mark, fg=colour)} {lines[0]}"
    yield from (f"      {line}" for line in lines[1:])
    shown = finding.evidence if explain else finding.evidence[:3]
    for line in shown:
        yield from textwrap.wrap(printable(line), WIDTH, initial_indent="        - ", subsequent_indent="          ")
    if len(shown) < len(finding.evidence):
        yield f"        … {len(finding.evidence) - len(shown)} more: --explain"


def _value(value: int | str | bool, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return printable(value)
    if unit == "bps":
        return percent(value)
    return f"{value:,} {unit}".rstrip()


def _plain(found: "Assessment") -> dict[str, Any]:
    from sniper.codec import to_json

    return {
        "allowed": found.allowed,
        "rule": found.rule,
        "retry_after_s": found.retry_after_s,
        "retry": None if found.retry is None else to_json(found.retry),
        "account": found.account,
        "chain_id": found.chain_id,
        "block": found.block,
        "token": {"address": found.token, "symbol": found.symbol, "decimals": found.decimals},
        "amount": None if found.entry is None else in_coins(found.entry.amount, found.quote_decimals),
        "pools": [{"pool": pool, "amm": section} for pool, section in found.pools],
        "left_out": found.left_out,
        "unread": [{"pool": pool, "reason": why} for pool, why in found.unread],
        "entry": None if found.entry is None else to_json(found.entry),
        "checks": [
            {
                "check": judged.check,
                "policy": judged.policy,
                "denies": judged.denies,
                "findings": [to_json(finding) for finding in judged.findings],
                "evidence": judged.evidence,
                "took_ms": judged.took / 1e6,
            }
            for judged in found.judged
        ],
    }
