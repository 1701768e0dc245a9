"""Files with market data, as tables of what they hold. Nothing is converted here: a number in a text stays a text."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv  # type: ignore[import-untyped]
import pyarrow.feather  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]

from sniper.errors import ConfigError
from sniper_app_data.problems import Problems

TEXTS: Final = (".csv", ".csv.gz", ".csv.zst", ".csv.zip", ".zip")
SUFFIXES: Final = (*TEXTS, ".feather", ".parquet", ".npz", ".gz")
_BLOCK: Final = 8 << 20
_SHOWN: Final = 80


class Table:
    """One file. ``batches``: of pyarrow, in order; to be read once, to the end, before `place` is asked."""

    def __init__(
        self, path: Path, names: Sequence[str], batches: Iterator[Any], first_line: int = 0, lines: Sequence[int] = ()
    ) -> None:
        self.path = path
        self.names = list(names)
        self.batches = batches
        self.first_line = first_line
        self.lines = lines
        """Of each row, where they do not simply follow each other."""
        self.left_out: list[int] = []
        """Lines that are no rows, in order."""

    def place(self, row: int) -> str:
        """Where a row stands, the first being 0."""
        if self.lines:
            return f"{self.path.name}:{self.lines[row]}"
        if not self.first_line:
            return f"{self.path.name} row {row + 1}"
        line = row + self.first_line
        for each in self.left_out:
            line += each <= line
        return f"{self.path.name}:{line}"


def files_of(path: Path) -> list[Path]:
    """The file, or those of a directory that may hold market data, by name. Raises `ConfigError` for none."""
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.iterdir() if each.name.lower().endswith(SUFFIXES))
    if not found:
        raise ConfigError(f"{path} holds no file that ends with {', '.join(SUFFIXES)}")
    return found


def opened(path: Path, problems: Problems) -> Table | None:
    """None where nothing of it can be read; that is told."""
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise ConfigError(f"{path}: what it holds is not known by its name; it must end with {', '.join(SUFFIXES)}")
    try:
        if name.endswith(TEXTS):
            return _text(path, problems)
        if name.endswith(".npz"):
            return _arrays(path, problems)
        if name.endswith(".parquet"):
            parquet = pyarrow.parquet.ParquetFile(path)
            return Table(path, parquet.schema_arrow.names, _guarded(parquet.iter_batches(), path, problems))
        table = pyarrow.feather.read_table(path)
        return Table(path, table.schema.names, iter(table.to_batches()))
    except (pa.ArrowException, OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        if isinstance(error, FileNotFoundError):
            raise
        problems.add("truncated", path.name, _short(error), "it is no whole file of its kind")
        return None


def _text(path: Path, problems: Problems) -> Table:
    stream = _bytes(path)
    first = _line(stream).rstrip(b"\r\n")
    fields = first.decode("utf-8-sig", errors="replace").split(",")
    named = any(field.strip().strip('"')[:1].isalpha() for field in fields)
    names = [field.strip().strip('"') for field in fields] if named else [f"{n}" for n in range(1, len(fields) + 1)]
    stream.close()
    table = Table(path, names, iter(()), first_line=2 if named else 1)

    def invalid(row: Any) -> str:  # Any: pyarrow's InvalidRow
        table.left_out.append(row.number)
        what = f"it has {row.actual_columns} fields, not {row.expected_columns}"
        problems.add("not-a-line", f"{path.name}:{row.number}", repr(row.text[:_SHOWN]), what)
        return "skip"

    tail = _Tail(_bytes(path))
    options = pyarrow.csv
    reader = options.open_csv(
        pa.PythonFile(tail, mode="r"),
        options.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names, skip_rows=int(named)),
        options.ParseOptions(invalid_row_handler=invalid, ignore_empty_lines=False),
        options.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )

    def whole() -> None:
        if tail.last not in (b"", b"\n"):
            problems.add("truncated", path.name, repr(tail.last.decode(errors="replace")), "its last line has no end")

    table.batches = _guarded(reader, path, problems, whole)
    return table


def _arrays(path: Path, problems: Problems) -> Table | None:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    if len({array.shape for array in arrays.values()}) != 1 or any(array.ndim != 1 for array in arrays.values()):
        shapes = ", ".join(f"{name}{array.shape}" for name, array in arrays.items())
        problems.add("columns", path.name, shapes, "its arrays are not rows of one length")
        return None
    return Table(path, list(arrays), iter(pa.table(arrays).to_batches()))


class _Tail:
    """Bytes that are read, and the last one of them."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.last = b""
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        found = bytes(self._stream.read(size))
        self.last = found[-1:] or self.last
        return found

    def close(self) -> None:
        self.closed = True
        self._stream.close()


def _bytes(path: Path) -> Any:
    """A stream of what the file holds, unpacked."""
    if path.suffix.lower() != ".zip":
        return pa.input_stream(str(path), compression={".gz": "gzip", ".zst": "zstd"}.get(path.suffix.lower()))
    archive = zipfile.ZipFile(path)
    inside = [name for name in archive.namelist() if name.lower().endswith(".csv")]
    if len(inside) != 1:
        raise ConfigError(f"{path} holds {len(inside)} files that end with .csv; it must hold one")
    return archive.open(inside[0])


def _line(stream: Any) -> bytes:
    found = b""
    while b"\n" not in found and (more := stream.read(1 << 12)):
        found += more
    return bytes(found.partition(b"\n")[0])


def _guarded(
    batches: Iterator[Any], path: Path, problems: Problems, then: Callable[[], None] = lambda: None
) -> Iterator[Any]:
    """What can be read of it; an end that comes too early is told."""
    try:
        yield from batches
        then()
    except (pa.ArrowException, OSError, EOFError, zipfile.BadZipFile) as error:
        problems.add("truncated", path.name, _short(error), "it ends too early, or is damaged")


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
