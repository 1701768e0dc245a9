"""``sniper strategy stages``, ``promote`` and ``demote``: how far strategies are trusted."""

from typing import TYPE_CHECKING, Any

import click

from sniper.cli.invocation import Invocation
from sniper.cli.keyed import key_option, keyed
from sniper.cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from sniper.finding import Finding

_account = click.option("--account", default="*", help="Only of this account. Default: every account that runs it.")
_reason = click.option("--reason", default="", help="Why; it is put on record.")


@click.command()
@click.argument("name", required=False)
@json_option
@click.pass_obj
def stages(invocation: Invocation, name: str | None, as_json: bool) -> None:
    """List at which stages strategies are and why. With NAME, measure its gates now, and tell how it came there.

    Read from the journals of this run and of those that [promotion.NAME] names, whether they run or not.
    """
    from sniper.cli.story import Chronicle, NotOnRecord
    from sniper.cli.written import clock
    from sniper.kernel.facts import StageMoved

    settings = invocation.settings()
    moves: list[tuple[str, StageMoved]] = []
    try:
        books = Chronicle.of(
            settings.data_dir,
            lambda book, fact: moves.append((book.account, fact)) if isinstance(fact, StageMoved) else None,
        ).books
    except NotOnRecord:
        books = {}
    rows: list[dict[str, Any]] = [  # Any: JSON
        {
            "account": account,
            "strategy": strategy,
            "stage": stage.stage if stage else "none yet",
            "share_bps": stage.share_bps if stage else 0,
            "since": stage.since if stage else 0,
            "reason": stage.reason if stage else "",
            "proposed": stage.proposed if stage else "",
        }
        for account in settings.account
        for strategy in settings.strategies_of(account)
        if strategy in settings.promotion and name in (None, strategy)
        for stage in (books[account].stages.get(strategy) if account in books else None,)
    ]
    gates = _gates(settings, name) if name is not None else []
    history: list[dict[str, Any]] = [  # Any: JSON
        {"time": fact.time, "account": account, "stage": fact.stage, "back": fact.back, "reason": fact.reason}
        for account, fact in moves
        if fact.instance == name
    ]
    if as_json:
        print_json({"stages": rows, **({"gates": gates, "history": history} if name is not None else {})})
        return
    print_table(
        ("account", "strategy", "stage", "trades", "since", "proposed", "why"),
        [
            (
                each["account"],
                each["strategy"],
                each["stage"],
                f"{each['share_bps'] / 100:g}%",
                clock(each["since"]) if each["since"] else "",
                each["proposed"],
                each["reason"],
            )
            for each in rows
        ],
    )
    if gates:
        columns = ("account", "gate", "for", "passed", "found", "asked for", "note")
        print_table(columns, [tuple(map(str, each.values())) for each in gates])
    if history:
        print_table(
            ("time", "account", "stage", "", "why"),
            [
                (clock(each["time"]), each["account"], each["stage"], "back" if each["back"] else "", each["reason"])
                for each in history
            ],
        )


def _gates(settings: Any, name: str) -> list[dict[str, Any]]:
    """Measured now. Any: the settings, imported late; JSON."""
    from sniper.runtime.promotion.measuring import Measuring

    if name not in settings.promotion:
        return []
    instances = {account: settings.strategies_of(account) for account in settings.account}
    measuring = Measuring(settings.data_dir, {name: settings.promotion[name]}, instances)
    try:
        return [
            _row(each.account, what, finding)
            for each in measuring.measured()
            for what, findings in (("the next stage", each.rise), ("this stage", each.hold))
            for finding in findings
        ]
    finally:
        measuring.close()


def _row(account: str, what: str, finding: "Finding") -> dict[str, Any]:
    """Any: JSON."""
    unit = f" {finding.unit}" if finding.unit else ""
    return {
        "account": account,
        "gate": finding.rule,
        "for": what,
        "passed": finding.ok,
        "found": f"{finding.found}{unit}",
        "asked": "" if finding.limit is None else f"{finding.limit}{unit}",
        "note": finding.note,
    }


@click.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Also where its gates are not all passed.")
@_account
@_reason
@key_option
@json_option
@click.pass_obj
def promote(
    invocation: Invocation, name: str, force: bool, account: str, reason: str, key: str | None, as_json: bool
) -> None:
    """Let the strategy NAME rise to its next stage, which must be proposed. The bot must run."""
    command = {"action": "promote", "instance": name, "account": account, "force": force, "reason": reason}
    _move(invocation, {**command, **keyed(key)}, as_json)


@click.command()
@click.argument("name")
@click.option("--to", "stage", default="", help="A lower stage. Default: the one below.")
@_account
@_reason
@key_option
@json_option
@click.pass_obj
def demote(
    invocation: Invocation, name: str, stage: str, account: str, reason: str, key: str | None, as_json: bool
) -> None:
    """Take the strategy NAME back to a lower stage. Its exits go on. The bot must run."""
    command = {"action": "demote", "instance": name, "account": account, "stage": stage, "reason": reason}
    _move(invocation, {**command, **keyed(key)}, as_json)


def _move(invocation: Invocation, command: dict[str, Any], as_json: bool) -> None:
    """Any: JSON."""
    from sniper.runtime.control import ask

    answer = ask(invocation.settings().data_dir, {"command": "stage", **command})
    if as_json:
        print_json(answer)
        return
    for instance, stage in answer["stages"].items():
        click.echo(f"{instance} is at stage {stage}")
