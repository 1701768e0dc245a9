"""All numbers of a report, as plain data."""

from dataclasses import asdict
from typing import Any

from sniper_app_report.costs import Account, accounted
from sniper_app_report.metrics import Metrics, measured
from sniper_app_report.told import Backtest, Desk


def figures(desk: Desk, backtest: Backtest) -> tuple[Metrics, Account]:
    """Of one desk."""
    return measured([(time, equity) for time, equity, _ in desk.samples]), accounted(backtest, desk)


def plain(backtest: Backtest) -> dict[str, Any]:  # Any: JSON
    """Amounts as texts, base units of 10⁻¹⁸ of the desk's quote asset."""
    return {
        "format": "sniper-report/1",
        "begin": str(backtest.begin),
        "end": str(backtest.end),
        "events": backtest.events,
        "orders": backtest.orders,
        "assumed": backtest.declared,
        "desks": [_desk(desk, backtest) for desk in backtest.desks],
    }


def _desk(desk: Desk, backtest: Backtest) -> dict[str, Any]:  # Any: JSON
    metrics, account = figures(desk, backtest)
    costs, trips = account.costs, account.trips
    return {
        "account": desk.account,
        "venue": desk.venue,
        "quote": desk.quote,
        "first": str(desk.samples[0][1]),
        "last": str(desk.samples[-1][1]),
        "fills": len(desk.fills),
        "metrics": {
            **asdict(metrics),
            "period": str(metrics.period),
            "drawdown_from": str(metrics.drawdown_from),
            "drawdown_to": str(metrics.drawdown_to),
            "hit_rate": trips.hit_rate,
            "profit_factor": trips.profit_factor,
        },
        "costs": {name: str(value) for name, value in asdict(costs).items()},
        "by_instrument": {name: _texts(asdict(share)) for name, share in sorted(account.by_instrument.items())},
        "by_strategy": {name: _texts(asdict(share)) for name, share in sorted(account.by_strategy.items())},
        "rest": str(account.rest),
    }


def _texts(values: dict[str, int]) -> dict[str, int | str]:
    return {name: value if name == "fills" else str(value) for name, value in values.items()}
