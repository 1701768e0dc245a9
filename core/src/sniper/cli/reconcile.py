"""``sniper reconcile``: the books beside the chain."""

import asyncio
from typing import TYPE_CHECKING

import click

from sniper.cli import exit_codes
from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from sniper.cli.story import Chronicle
    from sniper.cli.written import Words
    from sniper.runtime.reconcile import Compared, Reconciliation
    from sniper.runtime.reconcile_desks import DeskReconciliation


@click.command()
@click.option("--account", help="Only this one.")
@json_option
@click.pass_context
def reconcile(ctx: click.Context, account: str | None, as_json: bool) -> None:
    """Compare the books of each account with what its chain and its exchanges say, and explain every difference.

    Reads the journal, an endpoint and the sub-accounts, whether the bot runs or not, and changes nothing. Exit code 1
    where a difference is left that nothing explains.
    """
    from sniper.cli.story import Chronicle
    from sniper.cli.why import plain
    from sniper.cli.written import Words

    invocation = ctx.ensure_object(Invocation)
    chronicle = Chronicle.of(invocation.settings().data_dir)
    found, desks = asyncio.run(_reconciled(invocation, chronicle, account))
    if as_json:
        print_json(
            {
                "accounts": [
                    {
                        "account": each.account,
                        "chain_id": each.chain_id,
                        "owner": each.owner,
                        "block": each.block,
                        "compared": [vars(one) for one in each.compared],
                        "under_way": [plain(vars(one)) for one in each.under_way],
                    }
                    for each in found
                ],
                "desks": [
                    {
                        "account": each.account,
                        "venue": each.venue,
                        "compared": [
                            {"what": one.what, "books": one.books, "exchange": one.chain}
                            | {"because": one.because, "explained": one.explained}
                            for one in each.compared
                        ],
                        "orders": [vars(one) for one in each.orders],
                    }
                    for each in desks
                ],
            }
        )
    else:
        for each in found:
            _show(each, Words(chronicle.tokens))
        for desk in desks:
            _show_desk(desk, Words(chronicle.tokens))
    if any(each.unexplained for each in found) or any(desk.unexplained for desk in desks):
        ctx.exit(exit_codes.FAILURE)


async def _reconciled(
    invocation: Invocation, chronicle: "Chronicle", account: str | None
) -> "tuple[list[Reconciliation], list[DeskReconciliation]]":
    from sniper.errors import ConfigError
    from sniper.evm.rpc import Endpoints, Provider
    from sniper.runtime.reconcile import reconcile as compare
    from sniper.types import Mode

    settings = invocation.settings()
    if settings.mode is not Mode.LIVE:
        raise ConfigError(f'mode "{settings.mode}" sends nothing, so no chain knows of it; reconcile a live run')
    if account is not None and account not in settings.account:
        raise ConfigError(f"there is no account {account!r}; the config has {', '.join(settings.account) or 'none'}")
    found = []
    for name in [account] if account else settings.account:
        owner = settings.account[name]
        if owner.address is None:
            continue
        chain = settings.chain[settings.chain_of(name)]
        providers = [Provider(url=url.url, rate=chain.rate, burst=chain.rate) for url in chain.endpoints]
        async with Endpoints(chain.id, providers) as endpoints:
            book = chronicle.book(name)
            wallets = book.wallets or (owner.address.lower(),)  # those that the bot has taken up
            found += [await compare(endpoints, book, wallet, owner.quote.lower()) for wallet in wallets]
    return found, await _desks(invocation, chronicle, account)


async def _desks(invocation: Invocation, chronicle: "Chronicle", account: str | None) -> "list[DeskReconciliation]":
    from sniper.runtime.desks import live_exchanges
    from sniper.runtime.reconcile_desks import reconcile_desk

    if not any(owner.desk for owner in invocation.settings().account.values()):
        return []
    exchanges = live_exchanges(invocation.resolved())
    found = []
    try:
        for (name, _), exchange in sorted(exchanges.items()):
            exchange.read_only = True
            if account in (None, name):
                found.append(await reconcile_desk(exchange, chronicle.book(name)))
    finally:
        for exchange in exchanges.values():
            await exchange.close()
    return found


def _show_desk(found: "DeskReconciliation", words: "Words") -> None:
    click.echo(f"account {found.account} at {found.venue}")
    print_table(("what", "books", "exchange", ""), [_row(each, words) for each in found.compared])
    if found.orders:
        rows = [(each.order, each.books or "none", each.exchange or "none", each.because) for each in found.orders]
        print_table(("order", "books", "exchange", ""), rows)
    if not any(each.differs for each in found.compared) and not found.orders:
        click.secho("The books are what the exchange says, to the unit.", fg="green")
    elif not found.unexplained:
        click.secho("Every difference is explained.", fg="green")
    else:
        click.secho(f"{len(found.unexplained)} differences are not explained.", fg="red")


def _show(found: "Reconciliation", words: "Words") -> None:
    from sniper.cli.written import short

    click.echo(f"account {found.account}, {found.owner} on chain {found.chain_id}, block {found.block:,}")
    print_table(("what", "books", "chain", ""), [_row(each, words) for each in found.compared])
    if found.under_way:
        rows = [(each.attempt, short(each.tx_hash), each.state, each.found or "at no node") for each in found.under_way]
        print_table(("under way", "hash", "books", "chain"), rows)
    if not any(each.differs for each in found.compared):
        click.secho("The books are what the chain says, to the unit.", fg="green")
    elif not found.unexplained:
        click.secho("Every difference is explained.", fg="green")
    else:
        click.secho(f"{len(found.unexplained)} differences are not explained.", fg="red")


def _row(compared: "Compared", words: "Words") -> tuple[str, ...]:
    if compared.what == "nonce":
        return "next nonce", str(compared.books), str(compared.chain), compared.because
    chain = "?" if compared.chain is None else words.amount(compared.chain, compared.what)
    because = compared.because
    if compared.differs and compared.chain is not None:
        sign = "+" if compared.chain > compared.books else "-"
        because = f"{sign}{words.amount(abs(compared.chain - compared.books), compared.what)}: {because}"
    return words.named(compared.what), words.amount(compared.books, compared.what), chain, because
