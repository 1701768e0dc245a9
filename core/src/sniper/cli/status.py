"""``sniper status``: where a run stands."""

from typing import TYPE_CHECKING

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from typing import Any


@click.command()
@json_option
@click.pass_obj
def status(invocation: Invocation, as_json: bool) -> None:
    """Show mode, chains, feeds, accounts and strategies of the run that is under way."""
    from sniper.runtime.control import ask

    found = ask(invocation.settings().data_dir, {"command": "status"})
    if as_json:
        print_json(found)
        return
    journal = found["journal"]
    click.echo(f"mode {found['mode']}, process {found['pid']}, {journal['position']} records, epoch {journal['epoch']}")
    click.echo(f"kill switch of all accounts: {found['kill']['*']}")
    leases = found["leases"]
    if leases["not_renewed"]:
        still = f"it decides for {leases['sure_for_s']:.0f} s more" if leases["sure_for_s"] else "nothing is decided"
        click.secho(f"The leases are not renewed, so {still}: {leases['not_renewed']}", fg="red")
    if found["chains"]:
        print_table(
            ("chain", "block", "stale feeds"),
            [(chain, str(each["block"]), ", ".join(each["stale"])) for chain, each in found["chains"].items()],
        )
    print_table(
        ("feed", "state", "silent for"),
        [
            (name, "stale" if feed["stale"] else "fresh", "" if feed["silent_s"] is None else f"{feed['silent_s']} s")
            for name, feed in found["feeds"].items()
        ],
    )
    print_table(
        ("account", "kill switch", "wallet", "positions", "orders", "plans", "strategies"),
        [
            (
                name,
                account["kill"] + (f", halted: {account['halted']}" if account["halted"] else ""),
                "none" if not account["wallets"] else "read" if account["wallet_read"] else "not read",
                str(account["positions"]),
                str(account["orders"]),
                str(account["plans"]),
                ", ".join(
                    f"{instance} {state}" + _at_stage(account["stages"].get(instance))
                    for instance, state in account["instances"].items()
                ),
            )
            for name, account in found["accounts"].items()
        ],
    )
    _print_desks(found["accounts"])
    several = [
        (name, wallet, "read" if each["read"] else "not read", str(each["positions"]), str(each["orders"]))
        for name, account in found["accounts"].items()
        if len(account["wallets"]) > 1
        for wallet, each in account["wallets"].items()
    ]
    if several:
        print_table(("account", "wallet", "state", "positions", "orders"), several)
    for name, account in found["accounts"].items():
        if account["tripped"]:
            lower = f"sniper kill-switch off --account {name}"
            click.secho(f"A breaker stopped {name}: {account['tripped']}. Lower it with: {lower}", fg="red")
        for token, reason in account["unguarded"].items():
            click.secho(f"Not guarded: {token} of {name}: {reason}. Sell it with: sniper close {token}", fg="red")
    if found["workers"]:
        print_table(
            ("worker", "state", "calls", "waited for", "processor", "memory", "lost"),
            [
                (
                    name,
                    each["state"] + (f": {each['reason']}" if each["reason"] else ""),
                    str(each["calls"]),
                    f"{each['waited_s']:.3f} s",
                    f"{each['cpu_s']:.1f} s",
                    f"{each['memory'] >> 20} MiB",
                    str(each["losses"]),
                )
                for name, each in found["workers"].items()
            ],
        )
    heard = found["signals"]
    if heard["passed"] or heard["dropped"]:
        print_table(
            ("signals", "heard"),
            [("passed", str(heard["passed"])), *((why, str(count)) for why, count in sorted(heard["dropped"].items()))],
        )
    for each in found["strangers"]:
        what = f"{each['tx_hash']} (nonce {each['nonce']}, to {each['to'] or 'a new contract'} {each['selector']})"
        click.secho(f"Not sent here: {what} of {each['account']} waits in the public pool. Who has its key?", fg="red")


def _at_stage(stage: "dict[str, Any] | None") -> str:
    """Any: JSON; None where it has none."""
    if stage is None:
        return ""
    return f" ({stage['stage']}" + (f", {stage['proposed']} is proposed)" if stage["proposed"] else ")")


def _print_desks(accounts: "dict[str, dict[str, Any]]") -> None:
    """What the accounts have at exchanges. Any: JSON."""
    from sniper.cli.written import exact

    desks = [(name, venue, desk) for name, account in accounts.items() for venue, desk in account["desks"].items()]
    rows = [
        (
            name,
            venue,
            "read" if desk["read"] else "not read",
            desk["stream"],
            str(desk["positions"]),
            f"{desk['orders']}, {desk['unknown']} unknown" if desk["unknown"] else str(desk["orders"]),
            ", ".join(
                f"{exact(int(each['amount']))} {asset.partition(':')[2]}" for asset, each in desk["cash"].items()
            ),
            ", ".join(desk["stale"]),
        )
        for name, venue, desk in desks
    ]
    if rows:
        columns = ("account", "exchange", "state", "stream", "positions", "orders", "cash", "stale instruments")
        print_table(columns, rows)
