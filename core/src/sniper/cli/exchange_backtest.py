"""``sniper backtest --data``: trade a config at exchanges on recorded market data."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sniper.cli.output import print_table
from sniper.cli.progress import bar
from sniper.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from sniper.catalogue import Catalogue
    from sniper.feed import Recording
    from sniper.runtime.exchange_backtest import DeskResult, ExchangeBacktest, Fills, Result
    from sniper.runtime.lookahead import Heard
    from sniper.settings.resolved import Resolved

FEED: Final = "market-data"
"""The feed that reads a directory of market data."""
MOST_FILLS: Final = 20
"""Fills that people are shown; ``--json`` has all."""


class _NoChain:
    """The context of a feed that needs none."""

    chain_id = 0
    name = FEED
    endpoints = None
    subscriptions: Sequence[tuple[Sequence[str], Sequence[str]]] = ()
    resume = None

    def watched(self) -> frozenset[str]:
        return frozenset()

    def own(self) -> frozenset[str]:
        return frozenset()

    def now(self) -> int:
        return 0


def recording(catalogue: "Catalogue", data: Path) -> "Recording":
    """What reads a directory of market data. Raises `PluginError` where nothing that could is installed."""
    from sniper.catalogue import config_model
    from sniper.feed import Recording

    cls = catalogue.load(catalogue.spec("feed", FEED))
    if not issubclass(cls, Recording):
        raise PluginError(f"the feed {FEED!r} is no recording; install sniper-app-data")
    found: Recording = cls(config_model(cls).model_validate({"data": data}), _NoChain())
    return found


def backtested(
    resolved: "Resolved", source: "Recording", fills: "Fills", begin: int, end: int, lookahead: int
) -> tuple["Result", list[str]]:
    """The result, and what the check for look-ahead found. Raises `ConfigError`, and `SniperError` for damaged data."""
    from sniper.runtime.exchange_backtest import ExchangeBacktest, wanted_of
    from sniper.runtime.lookahead import Witness, instants, peeked

    instruments = source.open(wanted_of(resolved, begin, end, fills))
    for line in source.notices():
        click.echo(f"notice: {line}", err=True)

    def made(heard: "Heard | None" = None) -> "ExchangeBacktest":
        return ExchangeBacktest(resolved, instruments, fills, report=_say, heard=heard)

    witness = Witness() if lookahead else None
    with bar("trading") as progress:
        result = made(witness.heard if witness else None).run(source.batches(), source.until(), progress)
    found = []
    with bar("other futures") as progress:
        for number, at in enumerate(instants(result.begin, result.end, lookahead) if witness else ()):
            peek = peeked(witness, at, source.batches, made) if witness else None
            found += [str(peek)] if peek else []
            if progress:
                progress(number + 1, lookahead)
    return result, found


def _say(what: str, error: Exception) -> None:
    more = "" if str(error) in what else f": {type(error).__name__}: {error}"
    click.echo(f"warning: {what}{more}", err=True)


# ---- for programs ----


def plain(result: "Result", fills: "Fills") -> dict[str, Any]:  # Any: JSON
    """All of it. Amounts are base units of 10⁻¹⁸, prices ticks, sizes lots, times ns UTC."""
    return {
        "format": "sniper-backtest/1",
        "events": result.events,
        "begin": str(result.begin),
        "end": str(result.end),
        "declared": {
            "fills": {f"{desk.account}@{desk.venue}": desk.fills_model for desk in result.desks},
            "share_bps": fills.share_bps,
            "queue_power": fills.power,
            "latency_ns": {f"{desk.account}@{desk.venue}": desk.latency for desk in result.desks},
        },
        "instruments": {
            each.id: {
                "kind": each.kind,
                "quote": each.quote,
                "tick": str(each.tick),
                "lot": str(each.lot),
                "maker_fee_millionths": each.maker_fee,
                "taker_fee_millionths": each.taker_fee,
            }
            for each in result.instruments
        },
        "orders": result.orders,
        "denied": [
            {"account": account, "rule": rule, "count": count}
            for (account, rule), count in sorted(result.denied.items())
        ],
        "halted": result.halted,
        "desks": [_desk(each) for each in result.desks],
        "prices": {name: [[str(time), price] for time, price in series] for name, series in result.prices.items()},
    }


def _desk(desk: "DeskResult") -> dict[str, Any]:  # Any: JSON
    return {
        "account": desk.account,
        "venue": desk.venue,
        "quote": desk.quote,
        "samples": [[str(each.time), str(each.equity), str(each.exposure)] for each in desk.samples],
        "fills": [
            {**each._asdict(), "time": str(each.time), **{name: str(getattr(each, name)) for name in _AMOUNTS}}
            for each in desk.fills
        ],
        "funding": [
            {"time": str(each.time), "instrument": each.instrument, "amount": str(each.amount)} for each in desk.funding
        ],
    }


_AMOUNTS: Final = ("value", "fee", "realised")


# ---- for people ----


def show(result: "Result", fills: "Fills", peeks: list[str] | None) -> None:
    """``peeks``: what the check for look-ahead found; None: it was not asked for."""
    from sniper.cli.written import duration

    click.echo(f"{result.events:,} market events over {duration(result.end - result.begin)}, {result.orders:,} orders")
    rows = [_row(desk) for desk in result.desks]
    print_table(("desk", "begin", "end", "return", "worst fall", "fills", "volume", "fees", "funding"), rows)
    for (account, rule), count in result.denied.most_common(10):
        click.echo(f"{account}: {count:,} denied by {rule}")
    instruments = {each.id: each for each in result.instruments}
    for desk in result.desks:
        if desk.fills:
            shown = desk.fills[-MOST_FILLS:]
            many = f", the last {len(shown)} of {len(desk.fills):,}" if len(shown) < len(desk.fills) else ""
            click.echo(f"\nfills of {desk.account} at {desk.venue}{many}")
            print_table(
                ("time", "instrument", "side", "size", "price", "fee", "realised", "strategy"),
                [
                    (
                        _clock(fill.time),
                        instruments[fill.instrument].symbol,
                        fill.side,
                        f"{instruments[fill.instrument].size(fill.size):f}",
                        f"{instruments[fill.instrument].price(fill.price):f}",
                        _coins(fill.fee),
                        _coins(fill.realised),
                        fill.instance,
                    )
                    for fill in shown
                ],
            )
    click.echo(f"\n{_declared(result, fills)}")
    for account, reason in sorted(result.halted.items()):
        click.echo(click.style(f"{account} halted: {reason}", fg="red"))
    for peek in peeks or ():
        click.echo(click.style(f"look-ahead: {peek}", fg="red"))
    if peeks == []:
        click.echo("no look-ahead: with other futures the same was decided before them")


def _row(desk: "DeskResult") -> tuple[str, ...]:
    first, last = desk.samples[0].equity, desk.samples[-1].equity
    code = desk.quote.partition(":")[2]
    return (
        f"{desk.account}@{desk.venue}",
        f"{_coins(first)} {code}",
        f"{_coins(last)} {code}",
        _percent(last - first, first),
        _percent(-_worst_fall(desk)[0], _worst_fall(desk)[1]),
        f"{len(desk.fills):,}",
        _coins(sum(fill.value for fill in desk.fills)),
        _coins(sum(fill.fee for fill in desk.fills)),
        _coins(sum(paid.amount for paid in desk.funding)),
    )


def _worst_fall(desk: "DeskResult") -> tuple[int, int]:
    """The largest fall of equity from a peak as a share of it, as (fall, peak)."""
    peak, worst = desk.samples[0].equity, (0, 1)
    for sample in desk.samples:
        peak = max(peak, sample.equity)
        fall = peak - sample.equity
        if peak > 0 and fall * worst[1] > worst[0] * peak:
            worst = (fall, peak)
    return worst


def _declared(result: "Result", fills: "Fills") -> str:
    """What was assumed: without it the numbers mean nothing."""
    share = f", at most {fills.share_bps} bps of what is traded" if fills.share_bps else ""
    models = ", ".join(sorted({desk.fills_model for desk in result.desks}))
    queue = f", queue {f'power {fills.power}' if fills.power else 'averse to risk'}" if "book" in models else ""
    latency = ", ".join(
        f"{each.latency / 1e6:g} ms to {each.venue}" for each in {desk.venue: desk for desk in result.desks}.values()
    )
    fees = "; ".join(
        f"{each.id} {each.maker_fee / 100:g} bps maker, {each.taker_fee / 100:g} bps taker"
        for each in result.instruments
    )
    return f"assumed: fills {models}{share}{queue}; latency {latency} and as much back; fees {fees}"


def _clock(time: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(time // 10**9, UTC):%Y-%m-%d %H:%M:%S}"


def _coins(amount: int) -> str:
    return f"{Decimal(amount) / 10**18:,.2f}"


def _percent(part: int, of: int) -> str:
    return f"{part / of:+.2%}" if of > 0 else "?"


def range_of(begin: str | None, end: str | None) -> tuple[int, int]:
    """ns UTC of ``--from`` and ``--to``. Raises `ConfigError`."""
    first, last = _moment("--from", begin, 0), _moment("--to", end, (1 << 63) - 1)
    if first >= last:
        raise ConfigError(f"--from {begin} is not before --to {end}")
    return first, last


def _moment(option: str, text: str | None, other: int) -> int:
    from datetime import UTC, datetime

    if text is None:
        return other
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{option} {text} is no time; write it as 2024-01-31 or 2024-01-31T12:00, UTC") from error
    since = (found if found.tzinfo else found.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1_000
