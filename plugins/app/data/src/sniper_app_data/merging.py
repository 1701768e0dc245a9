"""New rows among those that are stored: each once, in the order of time, written to files of their own."""

import os
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from sniper_app_data.catalogue import Dataset, Part, months, sha256_of, sync
from sniper_app_data.kinds import NO_ID
from sniper_app_data.problems import Problems
from sniper_app_data.rows import Rows

_GROUP: Final = 122_880
_LEFT_ALONE: Final = "SET preserve_insertion_order = true; SET threads = 2; SET enable_progress_bar = false"


class Merged(NamedTuple):
    """``rows``: that are new in the dataset; ``known``: that it had already."""

    rows: int
    known: int


def merge(dataset: Dataset, found: list[Rows], problems: Problems, place: str) -> tuple[Merged, list[Part] | None]:
    """Write what is new beside what is stored, month by month. The parts that are to count then; None: nothing is new.

    Rows with a key (ids of trades, times of bars and of funding) are the same where their keys are; of others as many
    are kept as one of both sides has. What contradicts a stored row is told as ``conflict``, and takes its place where
    that is accepted.
    """
    connection = duckdb.connect()
    connection.execute(_LEFT_ALONE)
    columns = list(dataset.kind.columns)
    tables = [
        pa.table({**rows.columns, "origin": np.full(len(rows.columns["time"]), number)})
        for number, rows in enumerate(found, 1)
        if len(rows.columns["time"])
    ]
    parts = {part.file[:7]: part for part in dataset.parts()}
    new = known = 0
    changed = False
    if not tables:
        return Merged(0, 0), None
    table = pa.concat_tables(tables).sort_by("time")
    for month, where in months(table.column("time").to_numpy()):
        part = parts.get(month)
        added = table.slice(where.start, where.stop - where.start)
        connection.register("added", added)
        stored = _stored(dataset, part, columns)
        _number(connection, columns, dataset.kind.key, stored)
        _settle(connection, dataset, problems, place)
        (rows,) = _one(connection, "SELECT count(*) FROM merged")
        (fresh,) = _one(connection, "SELECT count(*) FROM merged WHERE origin > 0")
        new, known = new + fresh, known + added.num_rows - fresh
        if fresh and not problems.refused():
            parts[month] = _write(connection, dataset, month, columns, rows)
            changed = True
    connection.close()
    return Merged(new, known), [parts[month] for month in sorted(parts)] if changed else None


def _stored(dataset: Dataset, part: Part | None, columns: list[str]) -> str:
    """A query for what a month has already. All names in it are this package's own, and paths are quoted."""
    if part is None:
        return f"SELECT {', '.join(columns)}, 0 AS row FROM added WHERE false"  # noqa: S608
    path = str(dataset.directory / part.file).replace("'", "''")
    return f"SELECT {', '.join(columns)}, row_number() OVER () AS row FROM read_parquet('{path}')"  # noqa: S608


def _number(connection: Any, columns: list[str], key: str, stored: str) -> None:
    """A table ``merged``: of rows that are alike in all columns, as many as the origin has that has most of them; a
    row that has a key is there once. ``origin``: 0: stored; else the number of the file."""
    names = ", ".join(columns)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE merged AS
        WITH both_sides AS (
            SELECT {names}, row, 0 AS origin FROM ({stored})
            UNION ALL SELECT {names}, row_number() OVER () AS row, origin FROM added
        ), numbered AS (
            SELECT *, CASE WHEN {key or NO_ID} <> {NO_ID} THEN 1
                ELSE row_number() OVER (PARTITION BY {names}, origin ORDER BY row) END AS copy FROM both_sides
        )
        SELECT * FROM numbered QUALIFY row_number() OVER (PARTITION BY {names}, copy ORDER BY origin, row) = 1"""  # noqa: S608
    )


def _settle(connection: Any, dataset: Dataset, problems: Problems, place: str) -> None:
    key = dataset.kind.key
    if not key:
        return
    said = [name for name in dataset.kind.columns if name != key]
    doubled = connection.execute(
        f"""SELECT {key}, {", ".join(f"list({name} ORDER BY origin, row)" for name in said)} FROM merged
        WHERE {key} <> {NO_ID} GROUP BY {key} HAVING count(*) > 1 ORDER BY {key}"""  # noqa: S608
    ).fetchall()
    for value, *both in doubled:
        differing = [f"{name} {old[0]} → {old[-1]}" for name, old in zip(said, both, strict=True) if old[0] != old[-1]]
        problems.add("conflict", f"{place}, {key} {value}", ", ".join(differing), "it is stored otherwise")
    if doubled:
        connection.execute(
            f"""DELETE FROM merged WHERE {key} <> {NO_ID} AND (origin, row) NOT IN
            (SELECT max((origin, row)) FROM merged WHERE {key} <> {NO_ID} GROUP BY {key})"""  # noqa: S608
        )


def _write(connection: Any, dataset: Dataset, month: str, columns: list[str], rows: int) -> Part:
    dataset.directory.mkdir(parents=True, exist_ok=True)
    path = dataset.directory / f"{month}.parquet.new"
    # Trades of one time are in the order of their ids; whatever has none, in the order in which it was found.
    order = "time, id, origin, row" if "id" in columns else "time, origin, row"
    connection.execute(
        f"""COPY (SELECT {", ".join(columns)} FROM merged ORDER BY {order})
        TO '{str(path).replace("'", "''")}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP})"""  # noqa: S608
    )
    first, last = _one(connection, "SELECT min(time), max(time) FROM merged")
    digest = sha256_of(path)
    name = f"{month}-{digest[:16]}.parquet"
    _durable(path)
    path.replace(dataset.directory / name)
    sync(dataset.directory)
    return Part(file=name, rows=rows, first=first, last=last, sha256=digest)


def _durable(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _one(connection: Any, query: str) -> tuple[int, ...]:
    (found,) = connection.execute(query).fetchall()
    return tuple(found)
