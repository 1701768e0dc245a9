import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from market import BTC, NOON, SECOND, Shop

from sniper.events import Bar, Trade
from sniper.instrument import Instrument
from sniper_app_data import reading
from sniper_app_data.checking import check
from sniper_app_data.problems import Problems
from sniper_app_data.reading import DamagedData

ETH = Instrument(
    id="x:ETH/USDT", kind="spot", base="x:ETH", quote="x:USDT", settle="x:USDT", tick=BTC.tick, lot=BTC.lot
)
TIMES = st.lists(st.integers(0, 30), min_size=1, max_size=40).map(sorted)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(btc=TIMES, eth=TIMES, batch=st.integers(1, 8))
def test_events_of_all_datasets_come_in_the_order_in_which_they_were_known(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory,
    btc: list[int], eth: list[int], batch: int,
) -> None:  # fmt: skip
    shop = Shop(tmp_path_factory.mktemp("shop"))
    monkeypatch.setattr(reading, "BATCH", batch)
    for instrument, times in ((BTC, btc), (ETH, eth)):
        lines = [f"{NOON // SECOND + time},{n + 1}.00,1" for n, time in enumerate(times)]
        shop.take(shop.file("t.csv", "time,price,size", *lines), "trades", instrument=instrument)
    bars = [f"{NOON // SECOND + n},1,1,1,1,1" for n in range(30)]
    shop.take(shop.file("b.csv", "time,open,high,low,close,volume", *bars), "bars", interval=SECOND)
    found = shop.events()
    expected = sorted(
        [(NOON + time * SECOND, 1, BTC.id, n) for n, time in enumerate(btc)]
        + [(NOON + time * SECOND, 1, ETH.id, n) for n, time in enumerate(eth)]
        + [(NOON + time * SECOND + SECOND, 0, BTC.id, 0) for time in range(30)]
    )
    told = [(each.time, int(isinstance(each, Trade)), each.instrument) for each in found]  # type: ignore[attr-defined]
    assert told == [each[:3] for each in expected]
    for instrument in (BTC, ETH):
        prices = [each.price for each in found if isinstance(each, Trade) and each.instrument == instrument.id]
        assert prices == [100 * (n + 1) for n in range(len(prices))]


def test_a_range_has_its_first_moment_and_not_its_last(shop: Shop) -> None:
    lines = [f"{NOON // SECOND + n},1.00,1" for n in range(10)]
    shop.take(shop.file("t.csv", "time,price,size", *lines), "trades")
    found = shop.events(NOON + 3 * SECOND, NOON + 6 * SECOND)
    assert [(each.time - NOON) // SECOND for each in found] == [3, 4, 5]


def test_a_bar_is_not_in_a_range_that_ends_before_its_close(shop: Shop) -> None:
    bars = [f"{NOON // SECOND + n * 60},1,1,1,1,1" for n in range(10)]
    shop.take(shop.file("b.csv", "time,open,high,low,close,volume", *bars), "bars")
    found = shop.events(0, NOON + 120 * SECOND)
    assert [each.start for each in found if isinstance(each, Bar)] == [NOON]


def test_a_file_that_changed_is_told(shop: Shop) -> None:
    lines = [f"{NOON // SECOND + n},1.00,1" for n in range(10)]
    shop.take(shop.file("t.csv", "time,price,size", *lines), "trades")
    (dataset,) = shop.catalogue.datasets()
    problems = Problems()
    assert check(dataset, problems) == 10
    assert not problems.found
    path = dataset.directory / dataset.parts()[0].file
    path.write_bytes(path.read_bytes()[:-9])
    check(dataset, problems)
    assert [each.code for each in problems.found] == ["truncated"]
    with pytest.raises(DamagedData, match="cannot be read"):
        shop.events()
    path.unlink()
    check(dataset, problems)
    assert problems.found[-1].what == "the file is gone"
