"""The portfolio for people; `sniper_app_portfolio.summary` makes the rows."""

from collections.abc import Iterable, Sequence
from typing import Any

import click

from sniper.cli.output import print_table
from sniper.cli.story import Chronicle
from sniper.cli.written import Words, duration
from sniper_app_portfolio.summary import Row


class Tables:
    """Amounts with their currencies, tokens by their symbols."""

    def __init__(self, chronicle: Chronicle) -> None:
        self.words = Words(chronicle.tokens)
        self.instruments = chronicle.instruments

    def show(self, told: dict[str, Any]) -> None:
        """Any: JSON, as the command prints it."""
        if not told["holdings"]:
            click.echo("Nothing is held.")
        for row in told["equity"]:
            missing = ", ".join(row["unpriced"])
            note = f", without {missing}: nobody told a price" if missing else ""
            click.echo(f"equity of {row['account']}: {self._money(row, 'equity')}{note}")
        self._held(told["holdings"])
        for name, groups in told["exposure"].items():
            rows = [(row["name"], self._money(row, "net"), self._money(row, "gross")) for row in groups]
            _table(f"exposure by {name}", (name, "net", "gross"), rows)
        self._attribution(told["attribution"])
        self._years(told["lots"])
        for row in told["fees_elsewhere"]:
            click.echo(f"fees of {row['account']} in a third asset: {self.words.amount(row['amount'], row['asset'])}")

    def _held(self, held: Iterable[Row]) -> None:
        rows = []
        for row in held:
            source = row["source"]
            told = " ".join(filter(None, (source["told"], source["price"], source["instrument"])))
            # what is held of a contract is counted in its base asset
            contract = self.instruments.get(row["asset"])
            coin = contract.base if contract is not None else row["asset"]
            rows.append(
                (
                    row["account"],
                    self.words.named(row["asset"]),
                    row["strategy"] or "",
                    self.words.amount(row["amount"], coin),
                    self._money(row, "worth"),
                    "" if row["cost"] is None else self._money(row, "unrealised"),
                    told,
                    duration(source["age"]) if source["age"] is not None else "",
                )
            )
        _table("held", ("account", "asset", "strategy", "amount", "worth", "unrealised", "by", "age"), rows)

    def _attribution(self, found: Iterable[Row]) -> None:
        rows = [
            (
                row["account"],
                row["strategy"],
                row["instrument"],
                self._money(row, "realised"),
                self._money(row, "unrealised"),
            )
            for row in found
        ]
        _table("earned, at average cost", ("account", "strategy", "instrument", "realised", "unrealised"), rows)

    def _years(self, lots: Row) -> None:
        rows = [
            (
                row["account"],
                str(row["year"]),
                str(row["disposals"]),
                *(self._money(row, name) for name in ("proceeds", "cost", "beside", "gain")),
            )
            for row in lots["years"]
        ]
        columns = ("account", "year", "disposals", "proceeds", "cost", "beside lots", "gain")
        _table(f"gains by {lots['method'].upper()}", columns, rows)

    def _money(self, row: Row, name: str) -> str:
        """A field of a row in its currency."""
        amount = row[name]
        return "unknown" if amount is None else self.words.amount(amount, row["currency"])


def _table(title: str, columns: tuple[str, ...], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        click.echo(f"\n{title}")
        print_table(columns, rows)
