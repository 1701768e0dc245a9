"""Equity, exposure, attribution and gains by year, out of what is held and what moved: amounts in base units of the
currency, which is an asset id. Amounts of two currencies are never added."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sniper.types import SECOND
from sniper_app_portfolio.lots import Gain, Lots, Movement
from sniper_app_portfolio.worth import Held

NONE: Final = "(none)"
"""Stands for no strategy, no venue and no chain."""
BY: Final[dict[str, Callable[[Held], str]]] = {
    "asset": lambda held: held.asset,
    "venue": lambda held: held.venue or NONE,
    "strategy": lambda held: held.instance or NONE,
    "chain": lambda held: held.chain or NONE,
}

Row = dict[str, Any]
"""JSON."""


def equity(held: Iterable[Held]) -> list[Row]:
    """By account and currency. ``unpriced``: assets that count for nothing in it, for nobody told a price."""
    found: dict[tuple[str, str], Row] = {}
    for each in held:
        row = found.setdefault(
            (each.account, each.currency),
            {"account": each.account, "currency": each.currency, "equity": 0, "cash": 0, "unpriced": []},
        )
        row["cash"] += each.amount if each.money else 0
        if each.equity is None:
            row["unpriced"].append(each.asset)
        else:
            row["equity"] += each.equity
    return [found[key] for key in sorted(found)]


def exposure(held: Iterable[Held]) -> dict[str, list[Row]]:
    """All that is not the currency itself. ``net``: with its sign; ``gross``: without it."""
    held = [each for each in held if not each.money]
    return {name: _grouped(held, key) for name, key in BY.items()}


def _grouped(held: Iterable[Held], key: Callable[[Held], str]) -> list[Row]:
    found: dict[tuple[str, str], Row] = {}
    for each in held:
        name = key(each)
        row = found.setdefault(
            (name, each.currency), {"name": name, "currency": each.currency, "net": 0, "gross": 0, "unpriced": []}
        )
        if each.worth is None:
            row["unpriced"].append(each.asset)
        else:
            row["net"] += each.worth
            row["gross"] += abs(each.worth)
    return [found[key] for key in sorted(found)]


def attribution(held: Iterable[Held], movements: Iterable[Movement]) -> list[Row]:
    """By account, strategy, instrument and currency: what was realised at average cost, as the books count it, and what
    is not realised yet; None where nobody told a price."""
    found: dict[tuple[str, str, str, str], Row] = {}

    def row(account: str, instance: str, instrument: str, currency: str) -> Row:
        names = {"account": account, "strategy": instance or NONE, "instrument": instrument, "currency": currency}
        key = account, instance, instrument, currency
        return found.setdefault(key, {**names, "realised": 0, "unrealised": 0})

    for each in movements:
        if each.realised:
            row(each.account, each.instance, each.instrument, each.currency)["realised"] += each.realised
    for position in held:
        if position.cost is not None:
            of = row(position.account, position.instance, position.instrument, position.currency)
            gained = position.unrealised
            of["unrealised"] = None if gained is None or of["unrealised"] is None else of["unrealised"] + gained
    return [found[key] for key in sorted(found)]


def years(gains: Iterable[Gain]) -> list[Row]:
    """Realised gains by account, calendar year (UTC) and currency. ``proceeds`` and ``cost`` are of what was sold,
    bought back or lost as dust; ``beside``: costs and funding that are of no lot."""
    found: dict[tuple[str, int, str], Row] = {}
    for each in gains:
        if each.kind == "adjusted":
            continue
        year = year_of(each.disposed)
        row = found.setdefault(
            (each.account, year, each.currency),
            {
                "account": each.account,
                "year": year,
                "currency": each.currency,
                "disposals": 0,
                "proceeds": 0,
                "cost": 0,
                "beside": 0,
                "gain": 0,
            },
        )
        row["gain"] += each.gain
        if each.kind in ("costs", "funding"):
            row["beside"] += each.gain
        else:
            row["disposals"] += 1
            row["proceeds"] += each.proceeds
            row["cost"] += each.cost
    return [found[key] for key in sorted(found)]


def year_of(time: int) -> int:
    """The calendar year of a time in ns, UTC."""
    return datetime.fromtimestamp(time // SECOND, UTC).year


def open_lots(lots: Mapping[tuple[str, str, str], Lots]) -> list[Row]:
    """What is held of each purchase, the oldest first."""
    return [
        {"account": account, "asset": asset, "currency": currency}
        | {"time": lot.time, "amount": lot.amount, "cost": lot.cost, "id": lot.id}
        for (account, asset, currency), of in sorted(lots.items())
        for lot in of.open
    ]


def gains_of(lots: Mapping[tuple[str, str, str], Lots], year: int | None) -> list[Gain]:
    """In the order of their times."""
    found = [gain for _, of in sorted(lots.items()) for gain in of.gains if year in (None, year_of(gain.disposed))]
    return sorted(found, key=lambda gain: gain.disposed)


def holding(held: Held, now: int) -> Row:
    """One asset, with the price that valued it and how old that is, ns."""
    source = held.source
    return {
        "account": held.account,
        "asset": held.asset,
        "chain": held.chain or None,
        "venue": held.venue or None,
        "strategy": held.instance or None,
        "amount": held.amount,
        "currency": held.currency,
        "worth": held.worth,
        "cost": held.cost,
        "unrealised": held.unrealised,
        "source": {
            "told": source.told,
            "instrument": source.instrument or None,
            "price": source.text or None,
            "time": source.time or None,
            "age": now - source.time if source.time else None,
        },
    }
