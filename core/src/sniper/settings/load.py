"""Read and check the config file. What belongs to plugins is checked by `sniper.settings.resolved`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sniper.catalogue import nearest
from sniper.errors import ConfigError
from sniper.settings.complaints import complaint, complaints
from sniper.settings.file import read
from sniper.settings.model import Account, Promotion, Settings
from sniper.types import Mode


def load(path: Path, *, mode: Mode | None = None) -> Settings:
    """The settings in a file; ``mode`` overrides what it says. Raises `ConfigError`, one line for each mistake."""
    return parse(read(path), path, mode=mode)


def parse(document: Mapping[str, Any], source: Path, *, mode: Mode | None = None) -> Settings:
    """The same from tables that are already read; ``source`` names them in errors and anchors relative paths."""
    tables = {**document, **({} if mode is None else {"mode": mode})}
    try:
        settings = Settings.model_validate(tables)
    except ValidationError as error:
        raise ConfigError("\n".join(complaints(error, source, (), Settings, tables))) from None
    settings = settings.model_copy(
        update={
            "data_dir": source.parent / settings.data_dir.expanduser(),
            "account": {name: _anchored(account, source.parent) for name, account in settings.account.items()},
            "promotion": {name: _located(each, source.parent) for name, each in settings.promotion.items()},
        }
    )
    settings._source = source
    mistakes = list(dict.fromkeys(_contradictions(settings)))
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return settings


def _anchored(account: Account, directory: Path) -> Account:
    """Its key files are named from where the config file is."""
    desks = {
        venue: desk.model_copy(update={"keys": directory / desk.keys.expanduser()}) if desk.keys is not None else desk
        for venue, desk in account.desk.items()
    }
    return account.model_copy(update={"desk": desks})


def _located(promotion: Promotion, directory: Path) -> Promotion:
    """What it names is named from where the config file is."""
    found = {name: getattr(promotion, name) for name in ("validation", "shadow", "paper")}
    places = {name: directory / path.expanduser() for name, path in found.items() if path is not None}
    return promotion.model_copy(update=places)


def _contradictions(settings: Settings) -> Iterator[str]:
    """What only shows where tables are held against each other."""
    if not settings.chain and (not settings.account or any(each.address for each in settings.account.values())):
        yield complaint(settings.source, (), "has no chain; add a [chain.NAME] section")
    if not settings.account:
        yield complaint(settings.source, (), "has no account; add an [account.NAME] section")
    numbers: dict[int, str] = {}
    for name, chain in settings.chain.items():
        if chain.id in numbers:
            message = f"id = {chain.id}: is that of [chain.{numbers[chain.id]}], too; keep one section for each chain"
            yield complaint(settings.source, ("chain", name), message)
        numbers[chain.id] = name
    yield from _accounts(settings)
    yield from _promotions(settings)


def _promotions(settings: Settings) -> Iterator[str]:
    for name in settings.promotion:
        if name not in settings.strategy:
            message = f"there is no section [strategy.{name}]{nearest(name, settings.strategy)}"
            yield complaint(settings.source, ("promotion", name), f"{message}; add it, or correct the name")


def _accounts(settings: Settings) -> Iterator[str]:
    senders: dict[tuple[str, str], str] = {}
    for name, account in settings.account.items():
        where = ("account", name)
        yield from _strategies(settings, name)
        yield from _desks(settings, name)
        if account.address is None:
            continue
        if account.chain is None and len(settings.chain) > 1:
            known = ", ".join(settings.chain)
            yield complaint(settings.source, where, f"chain is missing; name one of the config's chains: {known}")
            continue
        if account.chain is not None and account.chain not in settings.chain:
            message = f'chain = "{account.chain}": there is no such section{nearest(account.chain, settings.chain)}'
            yield complaint(settings.source, where, f"{message}; add [chain.{account.chain}]")
            continue
        if not settings.chain:
            continue
        chain = settings.chain_of(name)
        for wallet in (account.address, *account.wallets):
            other = senders.setdefault((chain, wallet), name)
            if other != name:
                # Two accounts that count nonces and balances of one wallet would each believe that it is theirs.
                key = "address" if wallet == account.address else "wallets"
                message = f"{key} = {wallet}: trades for [account.{other}] on {chain!r} already"
                yield complaint(settings.source, where, f"{message}; give each account wallets of its own")
        wanted, kept = account.execution.trigger_blocks, settings.chain[chain].finality
        if wanted > kept:
            message = f"trigger_blocks = {wanted}: [chain.{chain}] keeps {kept} blocks, so none is ever reached"
            yield complaint(settings.source, (*where, "execution"), f"{message}; lower it, or raise finality")
        yield from _live(settings, chain)


def _strategies(settings: Settings, name: str) -> Iterator[str]:
    for strategy in settings.account[name].strategies or ():
        if strategy not in settings.strategy:
            message = f"strategies: there is no section [strategy.{strategy}]{nearest(strategy, settings.strategy)}"
            yield complaint(settings.source, ("account", name), f"{message}; add it or remove the name")


def _desks(settings: Settings, name: str) -> Iterator[str]:
    for venue, desk in settings.account[name].desk.items():
        where = ("account", name, "desk", venue)
        if venue not in settings.venue:
            hint = nearest(venue, settings.venue)
            yield complaint(settings.source, where, f"there is no section [venue.{venue}]{hint}; add it")
        if settings.mode is Mode.LIVE and desk.keys is None:
            yield complaint(settings.source, where, 'keys is missing: mode "live" sends orders; name their file')
        if settings.mode is Mode.LIVE and not desk.allow_live:
            message = 'mode is "live": real money would be spent; confirm it with allow_live = true, or change mode'
            yield complaint(settings.source, where, message)
        if settings.mode in (Mode.PAPER, Mode.SHADOW) and not desk.paper_cash:
            message = 'paper_cash is missing: say what it plays with, such as paper_cash = { USDT = "10000" }'
            yield complaint(settings.source, where, message)
        for other, account in settings.account.items():
            theirs = {each.keys.resolve() for each in account.desk.values() if each.keys is not None}
            if other < name and desk.keys is not None and desk.keys.resolve() in theirs:
                # each would believe that the orders, fills and balances of the other are its own
                message = f"keys = {str(desk.keys)!r}: [account.{other}] has the same; give each account one of its own"
                yield complaint(settings.source, where, message)


def _live(settings: Settings, chain: str) -> Iterator[str]:
    table = settings.chain[chain]
    if settings.mode is Mode.LIVE and not table.local and not table.allow_live:
        message = 'mode is "live" and this chain is not local: real money would be spent'
        yield complaint(
            settings.source, ("chain", chain), f"{message}; confirm it with allow_live = true, or change mode"
        )
