"""The tables of the read models as SQLAlchemy sees them, and the migrations that make them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig

from sniper.readmodels import MODELS, Model

_TYPES: dict[str, Callable[[], Any]] = {  # Any: a column type of SQLAlchemy
    "text": sa.Text,
    "integer": sa.BigInteger,
    "amount": lambda: sa.Numeric(90, 0),
    "flag": sa.Boolean,
    "value": sa.Text,
}
ROW = "row"
"""Counts the rows of a table in the order in which they were first written."""


def metadata() -> sa.MetaData:
    """The tables as `sniper.readmodels` says, and those of the follower."""
    found = sa.MetaData()
    for model in MODELS:
        _table(found, model)
    position = sa.Column("position", sa.BigInteger)
    sa.Table("follower", found, sa.Column("one", sa.Integer, primary_key=True), sa.Column("rules", sa.Text), position)
    sa.Table("fences", found, sa.Column("account", sa.Text, primary_key=True), sa.Column("token", sa.BigInteger))
    sa.Table("readers", found, sa.Column("role", sa.Text, primary_key=True), sa.Column("account", sa.Text))
    return found


def _table(into: sa.MetaData, model: Model) -> sa.Table:
    key = model.key.split()
    columns = [
        sa.Column(
            name,
            _TYPES[kind](),
            primary_key=name in key,
            autoincrement=False,
            server_default="0" if kind == "amount" else None,
        )
        for name, kind in model.columns.items()
    ]
    row = sa.Column(ROW, sa.BigInteger, sa.Identity(always=True), nullable=False)
    indexes = [sa.Index(f"{model.name}_{name}", name) for name in model.indexes.split()]
    return sa.Table(model.name, into, *columns, row, *indexes)


def upgrade(connection: sa.Connection, schema: str, revision: str = "head") -> None:
    """Bring the tables in this schema to a revision, from nothing or from an earlier one."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    config.attributes["schema"] = schema
    command.upgrade(config, revision)
