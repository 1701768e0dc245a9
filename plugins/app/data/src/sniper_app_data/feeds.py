"""Raw feeds of order books and trades, as exchanges sent them and recorders kept them.

* Binance, spot and USD-M: lines of ``<local nanoseconds> <message>``, in ``.gz``: messages of combined streams, and
  answers to ``/depth``. What is in them was known at the local time.
* Bybit: lines of messages of ``orderbook.N``, as the exchange offers them for download, in ``.data.zip``. They say
  when they were sent.
"""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]

from sniper_app_data.problems import Problems
from sniper_app_data.sources import Table

SUFFIXES: Final = (".gz", ".data.zip")
_SHOWN: Final = 80
_MS: Final = 10**6

Levels = list[tuple[str, str]]


class Book(NamedTuple):
    """Levels as they are from now on: see `sniper.events.BookChanged`. Decimal numbers, as the exchange wrote them."""

    line: int
    time: int
    first: int
    last: int
    whole: bool
    bids: Levels
    asks: Levels


class Print(NamedTuple):
    """A trade."""

    line: int
    time: int
    price: str
    size: str
    side: str
    id: str


class _Data(msgspec.Struct, rename={"kind": "e", "first": "U", "last": "u", "bids": "b", "asks": "a"}):
    """What a message is about. The fields of Binance, and those of Bybit, which has ``u``, ``b`` and ``a`` as well.
    Of best prices ``b`` and ``a`` are texts; they are in the depth, too."""

    kind: str = ""
    first: int = 0
    last: int = 0
    before: int | None = msgspec.field(name="pu", default=None)
    bids: Levels | str = ""
    asks: Levels | str = ""
    trade: int = msgspec.field(name="t", default=0)
    price: str = msgspec.field(name="p", default="")
    size: str = msgspec.field(name="q", default="")
    seller_came: bool = msgspec.field(name="m", default=False)
    market: str = msgspec.field(name="X", default="MARKET")


class _Message(msgspec.Struct):
    data: _Data | None = None
    snapshot: int | None = msgspec.field(name="lastUpdateId", default=None)
    bids: Levels = []
    asks: Levels = []
    type: str = ""
    ts: int = 0


_decode = msgspec.json.Decoder(_Message).decode


def is_feed(path: Path) -> bool:
    """Whether the file's name says that it is one."""
    name = path.name.lower()
    return name.endswith(SUFFIXES) and not name.endswith(".csv.gz")


def books(path: Path, problems: Problems) -> Iterator[Book]:
    """Changes and whole books, in order. Changes that came before the first whole book, and are not in it, follow
    it, as whoever keeps a book puts them there; what is older than it is left out."""
    last = -1
    waiting: list[Book] = []
    for line, time, message in _messages(path, problems):
        book = _book(line, time, message)
        if book is None:
            continue
        if book.whole:
            last = book.last
            yield book
            yield from (each._replace(time=book.time) for each in waiting if each.last > last)
            waiting = []
        elif last < 0:
            waiting.append(book)
        elif book.last > last:
            yield book
    if last < 0:
        problems.add("truncated", path.name, f"{len(waiting)} changes", "it holds no whole book to begin with")


def trades(path: Path, problems: Problems) -> Table:
    """The same file as a table of its trades."""
    found = [
        Print(line, time, data.price, data.size, "sell" if data.seller_came else "buy", str(data.trade))
        for line, time, message in _messages(path, problems)
        if (data := message.data) is not None and data.kind == "trade" and data.market == "MARKET"
    ]
    names = ["time", "price", "size", "side", "id"]
    columns = {name: pa.array([getattr(each, name) for each in found]) for name in names}
    batches = iter(pa.table(columns).to_batches() if found else ())
    return Table(path, names, batches, lines=[each.line for each in found])


def _book(line: int, time: int, message: _Message) -> Book | None:
    if message.snapshot is not None:
        return Book(line, time, message.snapshot, message.snapshot, True, message.bids, message.asks)
    data = message.data
    if data is None or isinstance(data.bids, str) or isinstance(data.asks, str):
        return None
    if message.type:
        return Book(line, message.ts * _MS, data.last, data.last, message.type == "snapshot", data.bids, data.asks)
    # Of contracts, a change names the number of the one before it, and its own first number leaves gaps.
    first = data.first if data.before is None else data.before + 1
    return Book(line, time, first, data.last, False, data.bids, data.asks)


def _messages(path: Path, problems: Problems) -> Iterator[tuple[int, int, _Message]]:
    for line, text in _lines(path, problems):
        stamp, space, rest = text.partition(b" ")
        try:
            stamped = bool(space) and stamp.isdigit()
            yield line, int(stamp) if stamped else 0, _decode(rest if stamped else text)
        except (msgspec.MsgspecError, ValueError):
            problems.add("not-a-line", f"{path.name}:{line}", repr(text[:_SHOWN]), "it is no message of this feed")


def _lines(path: Path, problems: Problems) -> Iterator[tuple[int, bytes]]:
    line = 0
    try:
        for stream in _streams(path):
            with stream:
                for line, text in enumerate(stream, line + 1):  # noqa: B020  # lines are counted over all files
                    if text.strip():
                        yield line, text
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        problems.add("truncated", f"{path.name}:{line}", str(error)[:_SHOWN], "it ends too early, or is damaged")


def _streams(path: Path) -> Iterator[Any]:
    """Any: binary streams."""
    if path.suffix.lower() == ".gz":
        yield gzip.open(path)  # noqa: SIM115  # the reader of it closes it
        return
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            yield archive.open(name)
