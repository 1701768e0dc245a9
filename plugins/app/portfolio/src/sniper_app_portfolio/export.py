"""Gains as CSV, one row for each part of a lot that is gone."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from sniper.amounts import in_coins
from sniper.events import TokenDescribed
from sniper.types import DAY, NATIVE, SECOND, at_exchange, split_asset
from sniper_app_portfolio.lots import Gain, Method

COLUMNS: Final = (
    "account", "strategy", "kind", "asset", "currency", "acquired", "disposed", "days", "amount", "proceeds", "cost",
    "gain", "unit", "method", "order", "fill",
)  # fmt: skip


def written(gains: Iterable[Gain], method: Method, tokens: Mapping[str, TokenDescribed]) -> str:
    """Amounts are exact decimal numbers of coins; of a row whose token's decimals are not on record, base units."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for gain in gains:
        places = _decimals(gain.asset, tokens), _decimals(gain.currency, tokens)
        known = None not in places
        of, money = (places[0] or 0, places[1] or 0) if known else (0, 0)
        rows.writerow(
            [
                gain.account,
                gain.instance,
                gain.kind,
                gain.asset,
                gain.currency,
                _day(gain.acquired) if gain.acquired else "",
                _day(gain.disposed),
                (gain.disposed - gain.acquired) // DAY if gain.acquired else "",
                in_coins(gain.amount, of),
                in_coins(gain.proceeds, money),
                in_coins(gain.cost, money),
                in_coins(gain.gain, money),
                "coins" if known else "base units",
                method,
                gain.order,
                gain.id,
            ]
        )
    return text.getvalue()


def _decimals(asset: str, tokens: Mapping[str, TokenDescribed]) -> int | None:
    if at_exchange(asset) or split_asset(asset)[1] == NATIVE:
        return 18
    token = tokens.get(asset)
    return token.decimals if token is not None else None


def _day(time: int) -> str:
    return datetime.fromtimestamp(time // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
