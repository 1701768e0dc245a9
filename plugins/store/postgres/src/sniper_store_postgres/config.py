"""How to reach the database."""

from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, field_validator

from sniper.config import Config


class PostgresConfig(Config):
    database: str = Field(
        description="How to reach it, without a password: a connection string of libpq",
        examples=["host=db.example user=sniper dbname=sniper"],
    )
    password_file: Path | None = Field(
        None, description="File that holds the password alone; without it libpq looks where it always does"
    )
    schema_name: str = Field(
        "sniper",
        pattern=r"^[a-z][a-z0-9_]{0,62}$",
        description="Schema of this run's tables, which is made; runs with journals of their own need one each",
    )

    @field_validator("database")
    @classmethod
    def _no_password(cls, value: str) -> str:
        try:
            found = conninfo_to_dict(value)
        except psycopg.ProgrammingError:
            raise ValueError("is no connection string of libpq, such as 'host=db user=sniper dbname=sniper'") from None
        if found.get("password"):
            raise ValueError("holds a password; put it into a file and name that with password_file")
        return value

    @property
    def shown(self) -> str:
        """Where it is, for messages."""
        known = conninfo_to_dict(self.database)
        return " ".join(f"{key}={known[key]}" for key in ("host", "port", "dbname", "user") if known.get(key))
