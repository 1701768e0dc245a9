import gzip
import shutil
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from market import BTC, NOON, SECOND, Shop

from sniper.errors import ConfigError
from sniper.events import Bar, Trade
from sniper.instrument import COIN, Instrument
from sniper_app_data.catalogue import Dataset

HEAD = "id,time,price,size,side"
ROWS = [f"{n},{NOON // 10**6 + n},{40000 + n / 100:.2f},0.{n:03},{'buy' if n % 2 else 'sell'}" for n in range(1, 101)]


def trades(count: int = 100, first: int = 1) -> list[tuple[int, int, int]]:
    return [(NOON + n * 10**6, 4_000_000 + n, n) for n in range(first, first + count)]


def stored(shop: Shop) -> list[tuple[int, int, int]]:
    return [(each.time, each.price, each.size) for each in shop.events() if isinstance(each, Trade)]


def packed(shop: Shop, how: str) -> Path:
    path = shop.file("t.csv", HEAD, *ROWS)
    text, to = path.read_bytes(), shop.directory / how
    columns = {
        "id": np.arange(1, 101),
        "time": NOON // 10**6 + np.arange(1, 101),
        "price": np.round(40000 + np.arange(1, 101) / 100, 2),
        "size": np.arange(1, 101) / 1000,
        "side": np.where(np.arange(1, 101) % 2, 1, -1).astype("int8"),
    }
    if how == "t.csv.gz":
        to.write_bytes(gzip.compress(text))
    elif how == "t.csv.zst":
        to.write_bytes(pa.Codec("zstd").compress(text, asbytes=True))
    elif how == "t.zip":
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("t.csv", text)
    elif how == "t.feather":
        pyarrow.feather.write_feather(pa.table(columns), str(to))
    elif how == "t.parquet":
        pyarrow.parquet.write_table(pa.table(columns), to)
    elif how == "t.npz":
        np.savez(to, **columns)
    return to


FORMATS = ["t.csv", "t.csv.gz", "t.csv.zst", "t.zip", "t.feather", "t.parquet", "t.npz"]


@pytest.mark.parametrize("how", FORMATS)
def test_each_format_gives_the_same_rows(shop: Shop, how: str) -> None:
    assert shop.take(packed(shop, how), "trades").merged == (100, 0)
    assert stored(shop) == trades()


@pytest.mark.parametrize("how", FORMATS)
def test_a_file_that_was_cut_is_told_and_not_taken(shop: Shop, how: str) -> None:
    path = packed(shop, how)
    path.write_bytes(path.read_bytes()[:-15])
    assert {each.code for each in shop.refused(path, "trades")} >= {"truncated"}


def test_a_file_that_was_cut_can_be_taken_as_far_as_it_is_whole(shop: Shop) -> None:
    path = shop.file("t.csv", HEAD, *ROWS)
    path.write_bytes(path.read_bytes()[:-8])
    told = shop.refused(path, "trades")
    assert [(each.code, each.place) for each in told] == [("not-a-line", "t.csv:101"), ("truncated", "t.csv")]
    shop.take(path, "trades", ["truncated", "not-a-line"])
    assert stored(shop) == trades(99)


def test_the_same_import_again_changes_nothing(shop: Shop) -> None:
    path = shop.file("t.csv", HEAD, *ROWS)
    shop.take(path, "trades")
    before = shop.content()
    assert shop.take(path, "trades").merged == (0, 100)
    assert shop.content() == before


def test_a_directory_is_taken_as_one_thing(shop: Shop) -> None:
    folder = shop.directory / "many"
    folder.mkdir()
    for name, rows in (("b.csv", ROWS[50:]), ("a.csv", ROWS[:60]), ("readme.txt", ["nothing"])):
        shutil.move(shop.file(name, HEAD, *rows), folder / name)
    assert shop.take(folder, "trades").merged == (100, 10)
    assert stored(shop) == trades()
    (folder / "c.csv").write_text("time,price\n1,2\n")
    shop.refused(folder, "trades")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_overlapping_files_without_ids_make_one_series_in_any_order(shop: Shop, data: st.DataObject) -> None:
    shutil.rmtree(shop.catalogue.root, ignore_errors=True)
    # Many rows are alike: what counts is how many of them one side has.
    rows = [f"{NOON // 10**6 + n // 4},40000.0{n % 2},0.001" for n in range(40)]
    cut = data.draw(st.integers(0, 9)) * 4
    until = data.draw(st.integers(cut // 4, 10)) * 4
    files = [["time,price,size", *rows[:until]], ["time,price,size", *rows[cut:]]]
    for n, lines in enumerate(data.draw(st.permutations(files))):
        if len(lines) > 1:
            shop.take(shop.file(f"{n}.csv", *lines), "trades")
    assert [(time, price) for time, price, _ in stored(shop)] == [
        (NOON + n // 4 * 10**6, 4_000_000 + n % 2) for n in sorted(range(40), key=lambda n: n // 4)
    ]


def test_what_contradicts_the_stored_is_told_and_takes_its_place_only_where_accepted(shop: Shop) -> None:
    shop.take(shop.file("t.csv", HEAD, *ROWS), "trades")
    other = shop.file("u.csv", HEAD, ROWS[4].replace("40000.05", "40000.06"))
    (problem,) = shop.refused(other, "trades")
    assert (problem.code, problem.value) == ("conflict", "price 4000005 → 4000006")
    shop.take(other, "trades", ["conflict"])
    assert [price for _, price, size in stored(shop) if size == 5] == [4_000_006]
    assert len(stored(shop)) == 100


@pytest.mark.parametrize(
    ("line", "code", "what"),
    [
        (f"7,{NOON // 10**6 + 7},-40000.07,0.007,buy", "not-positive", "price is not above 0: price -40000.07"),
        (f"7,{NOON // 10**6 + 7},0,0.007,buy", "not-positive", "price is not above 0: price 0"),
        (f"7,{NOON // 10**6 + 7},40000.07,0,buy", "not-positive", "size is not above 0: size 0"),
        (f"7,{NOON // 10**6 + 7},40000.075,0.007,buy", "off-tick", "price is no multiple of 0.01: price 40000.075"),
        (f"7,{NOON // 10**6 + 7},40000.07,0.0075,buy", "off-tick", "size is no multiple of 0.001: size 0.0075"),
        (f"7,{NOON // 10**6 + 7},abc,0.007,buy", "no-number", "price is no number: price abc"),
        (f"7,{NOON // 10**6 + 7},,0.007,buy", "no-number", "price is no number: price nothing"),
        (f"7,{NOON // 10**6 + 7},1e30,0.007,buy", "too-large", "price is more than 63 bits of steps: price 1e30"),
        (f"7,{NOON // 10**6 + 7},40000.07,0.007,both", "no-side", "side says neither who bought nor who sold"),
        (f"7,{NOON // 10**9 + 7},40000.07,0.007,buy", "other-unit", "time is in another unit than the rows before it"),
        ("7,never,40000.07,0.007,buy", "no-time", "time is no time of this century"),
        (f"7,{NOON // 10**6 + 2},40000.07,0.007,buy", "unsorted", "it is earlier than a row before it"),
        (f"7,{NOON // 10**6 + 7},40000.07", "not-a-line", "it has 3 fields, not 5"),
        (ROWS[5], "duplicate", "it is the same as t.csv:7"),
        (f"6,{NOON // 10**6 + 7},40000.07,0.007,buy", "conflict", "t.csv:7 has the same id and says otherwise"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_value(shop: Shop, line: str, code: str, what: str) -> None:
    path = shop.file("t.csv", HEAD, *ROWS[:6], line, *ROWS[7:])
    (problem,) = shop.refused(path, "trades")
    assert (problem.code, problem.place) == (code, "t.csv:8")
    assert what in f"{problem.what}: {problem.value}"
    assert f"--accept {code}" in problem.advice
    shop.take(path, "trades", [code])
    left = {"no-side": 100, "unsorted": 100}.get(code, 99)
    assert len(stored(shop)) == left


def test_several_bad_rows_are_all_told(shop: Shop) -> None:
    path = shop.file("t.csv", HEAD, "1,x,1,1,buy", "2", *ROWS[2:5], "6,x,y,z,buy")
    told = sorted((each.place, each.code) for each in shop.refused(path, "trades"))
    assert told == [
        ("t.csv:2", "no-time"),
        ("t.csv:3", "not-a-line"),
        ("t.csv:7", "no-number"),
        ("t.csv:7", "no-number"),
        ("t.csv:7", "no-time"),
    ]


BARS = [f"2024-01-01 12:{n:02}:00,{100 + n},{102 + n},{99 + n},{101 + n},5" for n in range(30)]
BAR_HEAD = "date,open,high,low,close,volume"
UTC = ZoneInfo("UTC")


def test_a_bar_is_known_at_its_close(shop: Shop) -> None:
    shop.take(shop.file("b.csv", BAR_HEAD, *BARS), "bars", zone=UTC)
    first = shop.events()[0]
    assert isinstance(first, Bar)
    assert (first.time, first.start, first.interval) == (NOON + 60 * SECOND, NOON, 60 * SECOND)
    assert (first.open, first.high, first.low, first.close, first.volume) == (10_000, 10_200, 9_900, 10_100, 5_000)


def test_bars_may_be_stamped_with_their_close(shop: Shop) -> None:
    shop.take(shop.file("b.csv", BAR_HEAD, *BARS), "bars", zone=UTC, stamped="close")
    first = shop.events()[0]
    assert isinstance(first, Bar)
    assert (first.time, first.start) == (NOON, NOON - 60 * SECOND)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2024-01-01 12:07:00,107,106,106,108,5", "high-low"),
        ("2024-01-01 12:07:00,107,109,108,108,5", "high-low"),
        ("2024-01-01 12:07:00,107,109,-106,108,5", "not-positive"),
        ("2024-01-01 12:07:00,107,109,106,108,-5", "negative"),
        ("2024-01-01 12:07:30,107,109,106,108,5", "misaligned"),
        ("2024-01-01 12:03:00,107,109,106,108,5", "unsorted"),
        (BARS[6], "duplicate"),
    ],
)
def test_a_bad_bar_is_told_with_its_line(shop: Shop, line: str, code: str) -> None:
    told = shop.refused(shop.file("b.csv", BAR_HEAD, *BARS[:7], line, *BARS[8:]), "bars", zone=UTC)
    assert (code, "b.csv:9") in {(each.code, each.place) for each in told}


def test_a_gap_of_bars_is_told_and_no_reason_to_refuse(shop: Shop) -> None:
    found = shop.take(shop.file("b.csv", BAR_HEAD, *BARS[:10], *BARS[13:]), "bars", zone=UTC)
    (problem,) = found.problems.found
    assert (problem.code, problem.what) == ("gap", "3 bars of 1m are missing")
    assert problem.value == "2024-01-01T12:10:00Z to 2024-01-01T12:14:00Z"
    found = shop.take(shop.file("c.csv", BAR_HEAD, *BARS[10:13]), "bars", zone=UTC)
    assert not found.problems.found


def test_a_gap_in_the_ids_of_trades_is_told(shop: Shop) -> None:
    found = shop.take(shop.file("t.csv", HEAD, *ROWS[:10], *ROWS[15:]), "trades")
    assert [(each.code, each.what) for each in found.problems.found] == [("gap", "5 trades are missing")]


def test_times_without_a_zone_are_told(shop: Shop) -> None:
    told = shop.refused(shop.file("b.csv", BAR_HEAD, *BARS), "bars", interval=60 * SECOND)
    assert [each.code for each in told] == ["no-zone"] * 30
    assert "--zone UTC" in told[0].advice


def test_a_file_with_other_columns_is_told_once(shop: Shop) -> None:
    (problem,) = shop.refused(shop.file("t.csv", "when,what", "1,2"), "trades")
    assert problem.code == "columns"
    assert "time (time, timestamp" in problem.what
    assert problem.value == "when, what"
    path = shop.file("u.csv", "when,what,much", f"{NOON},1.5,2")
    shop.take(path, "trades", names={"time": "when", "price": "WHAT", "size": "much"})
    assert stored(shop) == [(NOON, 150, 2000)]


def test_a_file_without_names_has_numbers(shop: Shop) -> None:
    path = shop.file("t.csv", f"{NOON},1.5,2", f"{NOON + 1},1.6,2")
    (problem,) = shop.refused(path, "trades")
    assert problem.value == "1, 2, 3"
    shop.take(path, "trades", names={"time": "1", "price": "2", "size": "3"})
    assert len(stored(shop)) == 2


def test_arrays_of_different_lengths_are_no_rows(shop: Shop) -> None:
    path = shop.directory / "t.npz"
    np.savez(path, ts=np.array([NOON]), px=np.array([1.0, 2.0]), qty=np.array([1.0]))
    assert [each.code for each in shop.refused(path, "trades")] == ["columns"]


def test_months_are_files_of_their_own_and_only_touched_ones_are_written_again(shop: Shop) -> None:
    lines = [f"{stamp},1.00,1" for stamp in ("2024-01-31T23:59:59Z", "2024-02-01T00:00:00Z")]
    shop.take(shop.file("t.csv", "time,price,size", *lines), "trades")
    (dataset,) = shop.catalogue.datasets()
    january, february = dataset.parts()
    shop.take(shop.file("u.csv", "time,price,size", "2024-02-01T00:00:00Z,2.00,1"), "trades")
    assert dataset.parts()[0] == january
    assert [part.rows for part in dataset.parts()] == [1, 2]
    assert dataset.parts()[1].file != february.file


def test_an_import_that_dies_leaves_what_was_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.take(shop.file("t.csv", HEAD, *ROWS[:50]), "trades")

    def dies(self: Dataset, parts: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Dataset, "commit", dies)
        with pytest.raises(KeyboardInterrupt):
            shop.take(shop.file("u.csv", HEAD, *ROWS[50:]), "trades")
    assert stored(shop) == trades(50)
    shop.take(shop.file("u.csv", HEAD, *ROWS[50:]), "trades")
    assert stored(shop) == trades()
    (dataset,) = shop.catalogue.datasets()
    shop.take(shop.file("u.csv", HEAD, *ROWS[50:]), "trades")
    assert len(list(dataset.directory.glob("*.parquet*"))) == 1


def test_only_one_import_writes_at_a_time(shop: Shop) -> None:
    path = shop.file("t.csv", HEAD, *ROWS)
    with shop.catalogue.writing(), pytest.raises(ConfigError, match="another import"):
        shop.take(path, "trades")


def test_ticks_and_lots_stay_what_they_were(shop: Shop) -> None:
    path = shop.file("t.csv", HEAD, *ROWS)
    shop.take(path, "trades")
    other = Instrument(
        id=BTC.id, kind="spot", base=BTC.base, quote=BTC.quote, settle=BTC.quote, tick=COIN // 1000, lot=COIN // 1000
    )
    with pytest.raises(ConfigError, match=r"tick of 0\.01"):
        shop.take(path, "trades", instrument=other)
    assert shop.catalogue.instrument(BTC.id) == BTC


def test_an_empty_file_is_told(shop: Shop) -> None:
    with pytest.raises(ConfigError, match="no rows"):
        shop.take(shop.file("t.csv", HEAD), "trades")
    shop.refused(shop.file("u.csv"), "trades")


def test_files_of_a_directory_that_overlap_count_what_is_alike_once(shop: Shop) -> None:
    folder = shop.directory / "many"
    folder.mkdir()
    rows = [f"{NOON // 10**6 + n // 2},1.00,1" for n in range(10)]
    for name, part in (("a.csv", rows[:6]), ("b.csv", rows[4:])):
        shutil.move(shop.file(name, "time,price,size", *part), folder / name)
    shop.take(folder, "trades")
    assert [time for time, _, _ in stored(shop)] == [NOON + n // 2 * 10**6 for n in range(10)]
