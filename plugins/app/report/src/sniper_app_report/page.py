"""The report as one page that holds all it shows: no script, and nothing is fetched from anywhere."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Final

from sniper.instrument import COIN
from sniper_app_report.charts import Mark, line
from sniper_app_report.costs import Account, Share
from sniper_app_report.metrics import DAY, Metrics
from sniper_app_report.summary import figures
from sniper_app_report.told import Backtest, Desk

MOST_MARKS: Final = 1_000
"""Fills that are shown on a chart: the newest."""

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --soft: #5d6b7c; --grid: #e3e8ee; --line: #1f6feb;
  --up: #1a7f37; --down: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --soft: #9aa7b4; --grid: #263040;
  --line: #58a6ff; --up: #3fb950; --down: #f85149; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1000px;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
p, figcaption, dt { color: var(--soft); } figure { margin: 1.5rem 0; } svg { width: 100%; height: auto; }
svg text { font-size: 11px; fill: var(--soft); } .grid { stroke: var(--grid); }
.line { fill: none; stroke: var(--line); stroke-width: 1.4; } .area { fill: var(--line); opacity: .18; }
.buy { fill: var(--up); } .sell { fill: var(--down); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: .8rem; margin: 1rem 0; }
dl div { border: 1px solid var(--grid); border-radius: 6px; padding: .5rem .7rem; } dt { font-size: .8rem; }
dd { margin: 0; font-size: 1.1rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--grid); }
th:first-child, td:first-child { text-align: left; }
"""


def page(backtest: Backtest, title: str) -> str:
    """HTML."""
    told = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{_clock(backtest.begin)} to {_clock(backtest.end)} UTC: {backtest.events:,} events, "
        f"{backtest.orders:,} orders. Assumed: {escape(_assumed(backtest))}.</p>",
        *(_desk(desk, backtest) for desk in backtest.desks),
        "</body></html>",
    ]
    return "\n".join(told)


def _desk(desk: Desk, backtest: Backtest) -> str:
    metrics, account = figures(desk, backtest)
    equity = [(time, value / COIN) for time, value, _ in desk.samples]
    exposure = [(time, value / COIN) for time, _, value in desk.samples]
    peak, falls = desk.samples[0][1], []
    for time, value, _ in desk.samples:
        peak = max(peak, value)
        falls.append((time, 100 * (value - peak) / peak if peak > 0 else 0.0))
    return "\n".join(
        [
            f"<h2>{escape(desk.name)}</h2>",
            _cards(desk, metrics, account),
            line(f"Equity, {desk.code}", equity),
            line("Below the peak, %", falls, area=True),
            line(f"Exposure, {desk.code}", exposure, area=True),
            *(_price(name, desk, backtest) for name in sorted({fill.instrument for fill in desk.fills})),
            _shares("Instrument", account.by_instrument, account.rest),
            _shares("Strategy", account.by_strategy, account.rest),
        ]
    )


def _price(name: str, desk: Desk, backtest: Backtest) -> str:
    instrument = backtest.instruments[name]
    step = instrument.tick / COIN
    fills = [fill for fill in desk.fills if fill.instrument == name]
    shown = fills[-MOST_MARKS:]
    marks = [
        Mark(
            fill.time,
            fill.price * step,
            fill.side == "buy",
            f"{_clock(fill.time)} {fill.side} {_decimal(fill.size * instrument.lot)} at "
            f"{_decimal(fill.price * instrument.tick)} ({fill.instance})",
        )
        for fill in shown
    ]
    many = f"the newest {len(shown):,} of {len(fills):,} fills" if len(shown) < len(fills) else f"{len(fills):,} fills"
    series = [(time, price * step) for time, price in backtest.prices.get(name, ())]
    return line(f"{name} and {many}", series or [(mark.time, mark.value) for mark in marks], marks=marks)


def _cards(desk: Desk, metrics: Metrics, account: Account) -> str:
    costs, trips = account.costs, account.trips
    every = "day" if metrics.period == DAY else f"{metrics.period / 10**9:g} s"
    cards = [
        ("Begin", f"{_coins(desk.samples[0][1])} {desk.code}"),
        ("End", f"{_coins(desk.samples[-1][1])} {desk.code}"),
        ("Return", _percent(metrics.total)),
        ("Return a year", _percent(metrics.annual)),
        ("Volatility a year", _share(metrics.volatility)),
        ("Sharpe", _ratio(metrics.sharpe)),
        ("Sortino", _ratio(metrics.sortino)),
        ("Calmar", _ratio(metrics.calmar)),
        ("Largest fall", _percent(metrics.max_drawdown)),
        (f"Value at risk 95%, a {every}", _percent(metrics.var)),
        (f"Expected shortfall 95%, a {every}", _percent(metrics.es)),
        ("Fills", f"{len(desk.fills):,}"),
        ("Hit rate", _share(trips.hit_rate)),
        ("Profit factor", _ratio(trips.profit_factor)),
        ("Volume", _coins(costs.volume)),
        ("Fees", _coins(costs.fees)),
        ("Slippage", _coins(costs.slippage)),
        ("Funding", _coins(costs.funding)),
    ]
    inner = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in cards)
    return f"<dl>{inner}</dl>"


def _shares(what: str, shares: dict[str, Share], rest: int) -> str:
    rows = [
        (name, f"{share.fills:,}", _coins(share.fees), _coins(share.funding), _coins(share.profit))
        for name, share in sorted(shares.items())
    ]
    if rest:
        rows.append(("held from the beginning", "", "", "", _coins(rest)))
    return _table((what, "Fills", "Fees", "Funding", "Profit"), rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _assumed(backtest: Backtest) -> str:
    declared = backtest.declared
    latency = ", ".join(f"{name} {int(ns) / 1e6:g} ms" for name, ns in sorted(declared.get("latency_ns", {}).items()))
    fills = ", ".join(f"{name} {model}" for name, model in sorted(declared.get("fills", {}).items()))
    return f"fills {fills or '?'}; latency there and back each {latency or '?'}"


def _clock(time: int) -> str:
    return f"{datetime.fromtimestamp(time / 1e9, UTC):%Y-%m-%d %H:%M}"


def _decimal(amount: int) -> str:
    return f"{(Decimal(amount) / COIN).normalize():f}"


def _coins(amount: int) -> str:
    return f"{Decimal(amount) / COIN:,.2f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:+.2%}"


def _share(share: float | None) -> str:
    """One that cannot be below zero."""
    return "–" if share is None else f"{share:.2%}"


def _ratio(number: float | None) -> str:
    return "–" if number is None else f"{number:.2f}"
