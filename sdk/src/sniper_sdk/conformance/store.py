"""What a store must hold."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sniper.errors import SniperError
from sniper.events import Block, TokenDescribed
from sniper.journal.segments import Kind
from sniper.kernel.facts import IntentFormed, Judged, Verdict
from sniper.plugin import Frozen
from sniper.risk import must
from sniper.store import Row, Store, StoreFenced
from sniper.types import SECOND, asset_id
from sniper_sdk import strategies
from sniper_sdk.builders import CHAIN, address

Recorded = tuple[str, int, Frozen]


class StoreConformance:
    """Follows the journal: what it applied it applied whole, it knows where it stands, and rebuilt it shows the same.

        class TestSqlite(StoreConformance):
            models = ("intents", "findings")

            def make(self) -> Store:
                return Sqlite()

    models  Names of read models to compare.
    """

    models: ClassVar[tuple[str, ...]]

    @abstractmethod
    def make(self) -> Store:
        """A store that is not open."""

    def records(self) -> list[Recorded]:
        """A journal's beginning: blocks, tokens, intents with their findings and verdicts."""
        return list(_history(40))

    def test_it_begins_at_the_first_record_and_counts_what_it_applied(self, tmp_path: Path) -> None:
        with self._open(tmp_path) as store:
            assert store.position() == 0, f"a new store stands at {store.position()}"
            for start, batch in _batches(self.records(), 7):
                store.apply(start, batch)
                assert store.position() == start + len(batch), "position does not follow what was applied"

    def test_what_it_applied_is_there_when_it_is_opened_again(self, tmp_path: Path) -> None:
        records = self.records()
        with self._open(tmp_path) as store:
            store.apply(0, records)
            shown = self._shown(store)
        with self._open(tmp_path) as store:
            assert store.position() == len(records), "opened again, it stands elsewhere"
            assert self._shown(store) == shown, "opened again, it shows something else"

    def test_it_shows_the_same_however_the_records_were_cut(self, tmp_path: Path) -> None:
        found = []
        for size in (1, 7, 1000):
            run = tmp_path / str(size)
            run.mkdir()
            with self._open(run) as store:
                for start, batch in _batches(self.records(), size):
                    store.apply(start, batch)
                found.append(self._shown(store))
        assert any(found[0].values()), f"none of the models {self.models} shows anything of the records"
        assert found[0] == found[1] == found[2], "what it shows depends on how the records were cut into batches"

    def test_deleted_and_rebuilt_it_shows_the_same(self, tmp_path: Path) -> None:
        shown = []
        for name in ("first", "rebuilt"):
            run = tmp_path / name
            run.mkdir()
            with self._open(run) as store:
                store.apply(0, self.records())
                shown.append(self._shown(store))
        assert shown[0] == shown[1], "rebuilt from the same records it shows something else"

    def test_records_that_are_not_the_next_ones_change_nothing(self, tmp_path: Path) -> None:
        records = self.records()
        with self._open(tmp_path) as store:
            store.apply(0, records[:20])
            shown = self._shown(store)
            for wrong in (10, 25):
                with pytest.raises(SniperError):
                    store.apply(wrong, records[wrong:])
                assert store.position() == 20, "a refused batch moved the position"
                assert self._shown(store) == shown, "a refused batch left something behind"

    def test_a_batch_is_applied_whole_or_not_at_all(self, tmp_path: Path) -> None:
        records = self.records()
        broken: Any = object()  # Any: no record at all
        with self._open(tmp_path) as store:
            store.apply(0, records[:10])
            shown = self._shown(store)
            with pytest.raises(Exception):  # noqa: B017, PT011  whatever it raises, nothing may stay
                store.apply(10, [*records[10:], broken])
            assert store.position() == 10, "a batch that failed in its middle moved the position"
            assert self._shown(store) == shown, "a batch that failed in its middle left something behind"

    def test_rows_are_found_by_their_columns(self, tmp_path: Path) -> None:
        with self._open(tmp_path) as store:
            store.apply(0, self.records())
            for model, rows in self._shown(store).items():
                for row in rows[:5]:
                    column, value = next((name, value) for name, value in row.items() if type(value) in (str, int))
                    expected = [each for each in rows if each[column] == value]
                    assert [dict(each) for each in store.query(model, **{column: value})] == expected

    def test_a_lower_token_writes_nothing(self, tmp_path: Path) -> None:
        records = self.records()
        with self._open(tmp_path) as old, self._open(tmp_path) as new:
            old.claim({"alice": 7, "bob": 7})
            old.apply(0, records[:5])
            new.claim({"alice": 8, "bob": 8})
            shown = self._shown(old)
            with pytest.raises(StoreFenced):
                old.apply(5, records[5:])
            assert (new.position(), self._shown(new)) == (5, shown), "an old owner's write left something behind"
            new.apply(5, records[5:])
            with pytest.raises(StoreFenced):
                old.claim({"alice": 7})

    def test_a_token_that_was_seen_is_remembered(self, tmp_path: Path) -> None:
        with self._open(tmp_path) as store:
            store.claim({"alice": 8})
            store.claim({"alice": 8})
        with self._open(tmp_path) as store:
            with pytest.raises(StoreFenced):
                store.claim({"alice": 7})
            with pytest.raises(StoreFenced):
                store.apply(0, self.records())
            store.claim({"alice": 9})
            store.apply(0, self.records())

    def test_accounts_are_fenced_one_by_one(self, tmp_path: Path) -> None:
        with self._open(tmp_path) as one, self._open(tmp_path) as other:
            one.claim({"alice": 8})
            other.claim({"bob": 1})
            one.apply(0, self.records())

    def test_a_closed_store_says_so(self, tmp_path: Path) -> None:
        store = self.make()
        store.open(tmp_path)
        store.close()
        with pytest.raises(SniperError):
            store.position()

    @contextmanager
    def _open(self, run: Path) -> Iterator[Store]:
        store = self.make()
        store.open(run)
        try:
            yield store
        finally:
            store.close()

    def _shown(self, store: Store) -> dict[str, list[Row]]:
        return {model: [dict(row) for row in store.query(model)] for model in self.models}


def _batches(records: Sequence[Recorded], size: int) -> Iterator[tuple[int, Sequence[Recorded]]]:
    for start in range(0, len(records), size):
        yield start, records[start : start + size]


def _history(rounds: int) -> Iterator[Recorded]:
    for n in range(rounds):
        now = strategies.NOW + n * 12 * SECOND
        block = Block(
            time=now, chain_id=CHAIN, number=n + 1, hash=f"0x{n + 1:064x}", parent=f"0x{n:064x}",
            timestamp=now // SECOND, base_fee=10**9 + n, gas_used=10**6, gas_limit=3 * 10**7,
        )  # fmt: skip
        coin = address(0x70 + n % 4)
        yield "", int(Kind.INPUT), block
        yield (
            "",
            int(Kind.INPUT),
            TokenDescribed(time=now, chain_id=CHAIN, token=coin, symbol=f"T{n}", decimals=18, deployer=address(n)),
        )
        intent, token = f"{strategies.ACCOUNT}/{strategies.INSTANCE}/{n + 1}", asset_id(CHAIN, coin)
        formed = IntentFormed(
            time=now, intent=intent, instance=strategies.INSTANCE, side="increase", token=token,
            reason="a test", cause="",
        )  # fmt: skip
        findings = (must("even", n % 2 == 0), must("any", True, note="passes"))
        yield strategies.ACCOUNT, int(Kind.FACT), formed
        yield strategies.ACCOUNT, int(Kind.FACT), Judged(time=now, intent=intent, check="parity", findings=findings)
        rule = "" if n % 2 == 0 else "parity.even"
        yield strategies.ACCOUNT, int(Kind.FACT), Verdict(time=now, intent=intent, allowed=not rule, rule=rule)
