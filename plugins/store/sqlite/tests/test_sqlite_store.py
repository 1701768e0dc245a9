import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.events import Block, Log, Settled, TokenDescribed
from sniper.executor import Submission
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.asks import Ask, Settle
from sniper.kernel.fold import fold
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.part import Part
from sniper.order_types import Grid, Twap
from sniper.plugin import Frozen
from sniper.risk import Finding
from sniper.types import NATIVE, Entry, FeeBid, PlaceOrder
from sniper_sdk.desk_record import PERPETUAL, SPOT, DeskRecord, at_an_exchange
from sniper_store_sqlite.errors import (
    StoreClosed,
    StoreCorrupt,
    StoreFull,
    StoreLocked,
    StoreOutOfStep,
    StoreUnusable,
    UnknownModel,
)
from sniper_store_sqlite.store import FILE, READY, Sqlite

INPUT, FACT = 1, 2
ETHER = 10**18
TOKEN, QUOTE, POOL = "1:0xaa", f"1:{NATIVE}", "1:0xbb"
Record = tuple[str, int, Frozen]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Sqlite]:
    opened = Sqlite()
    opened.open(tmp_path)
    yield opened
    opened.close()


def formed(intent: str = "alice/snipe/1", side: str = "increase", time: int = 1) -> f.IntentFormed:
    return f.IntentFormed(
        time=time, intent=intent, instance="snipe", side=side, token=TOKEN, reason="fresh pool", cause="pool-created/1"
    )


def placed(order: str = "alice/snipe/1.0", side: str = "increase", time: int = 5) -> f.OrderPlaced:
    return f.OrderPlaced(
        time=time,
        order=order,
        intent=order.rsplit(".", 1)[0],
        instance="snipe",
        side=side,
        chain_id=1,
        owner="0xee",
        token=TOKEN,
        quote=QUOTE,
        pool=POOL,
        venue="uniswap",
        amount_in=50 * ETHER,
        expected_out=10**30,
        min_out=9 * 10**29,
        cash=50 * ETHER,
        gas=10**15,
        exit_gas=10**15,
        steps=(),
    )


def booked(order: str, amount: int, cash: int, *, time: int = 9, cost: int = 0, realised: int = 0) -> f.Booked:
    return f.Booked(
        time=time,
        order=order,
        attempt=order + "#1",
        block=7,
        amount=amount,
        cash=cash,
        gas=10,
        cost=cost,
        realised=realised,
    )


def bought() -> list[Record]:
    """The story of one purchase."""
    order, attempt = "alice/snipe/1.0", "alice/snipe/1.0#1"
    entry = Entry(
        intent="alice/snipe/1",
        account="alice",
        instance="snipe",
        chain_id=1,
        token=TOKEN,
        quote=QUOTE,
        pool=POOL,
        venue="uniswap",
        amount=50 * ETHER,
        expected_out=10**30,
        reason="fresh pool",
    )
    findings = (
        Finding(rule="max-spend", ok=True, found=50 * ETHER, limit=60 * ETHER, unit="wei"),
        Finding(rule="can-sell", ok=True, found=True),
    )
    submission = Submission(
        account="alice",
        attempt=attempt,
        chain_id=1,
        owner="0xee",
        purpose="entry",
        nonce=3,
        gas=200_000,
        max_fee=2,
        max_priority_fee=1,
        tx_hash="0x77",
        raw=b"",
        swap=None,
        held=(),
    )
    facts: list[Frozen] = [
        f.Adjusted(time=0, asset=QUOTE, delta=100 * ETHER, reason="deposit"),
        formed(),
        f.EntrySized(time=2, entry=entry),
        f.Judged(time=3, intent="alice/snipe/1", check="limits", findings=findings),
        f.Verdict(time=4, intent="alice/snipe/1", allowed=True),
        placed(),
        f.AttemptMade(
            time=6,
            attempt=attempt,
            order=order,
            step=0,
            nonce=3,
            bid=FeeBid(max_priority_fee=1, max_fee=2),
            block=6,
        ),
        f.AttemptMoved(time=7, attempt=attempt, order=order, state="signed", tx_hash="0x77", raw=b"\x02"),
        f.AttemptMoved(time=8, attempt=attempt, order=order, state="sent"),
        f.Asked(time=8, ask=Ask(id="s1", account="alice", deadline=1, body=Settle(submission=submission))),
    ]
    settled = Settled(
        time=9,
        account="alice",
        ask="s1",
        included=True,
        ok=True,
        block=7,
        block_hash="0x70",
        gas_used=10,
        gas_price=1,
        native_delta=-50 * ETHER - 10,
    )
    after: list[Frozen] = [
        f.Closed(time=9, ask="s1"),
        f.AttemptMoved(time=9, attempt=attempt, order=order, state="included", block=7),
        booked(order, 10**30, -50 * ETHER, cost=50 * ETHER),
        f.PositionMoved(time=9, token=TOKEN, state="open"),
        f.OrderEnded(time=9, order=order, state="done"),
    ]
    return [*(("alice", FACT, fact) for fact in facts), ("alice", INPUT, settled), *(("alice", FACT, x) for x in after)]


def test_a_purchase_can_be_read_from_intent_to_position(store: Sqlite) -> None:
    store.apply(0, bought())
    assert store.position() == 16
    (intent,) = store.query("intents", account="alice")
    assert (intent["allowed"], intent["amount"], intent["pool"]) == (True, 50 * ETHER, POOL)
    first, second = store.query("findings", intent="alice/snipe/1")
    assert (first["rule"], first["found"], first["limit"], first["ok"]) == ("max-spend", 50 * ETHER, 60 * ETHER, True)
    assert (second["found"], second["limit"]) == (True, None)
    (order,) = store.query("orders", intent="alice/snipe/1")
    assert (order["state"], order["filled_token"], order["filled_quote"]) == ("done", 10**30, -50 * ETHER)
    assert (order["gas_paid"], order["placed_at"], order["ended_at"]) == (10, 5, 9)
    (attempt,) = store.query("attempts", order="alice/snipe/1.0")
    assert (attempt["state"], attempt["tx_hash"], attempt["block"], attempt["max_fee"]) == ("included", "0x77", 7, 2)
    (receipt,) = store.query("receipts", attempt="alice/snipe/1.0#1")
    assert (receipt["ok"], receipt["native_delta"], receipt["tx_hash"]) == (True, -50 * ETHER - 10, "0x77")
    (position,) = store.query("positions", state="open")
    assert (position["amount"], position["cost"], position["opened_at"]) == (10**30, 50 * ETHER, 5)
    (cash,) = store.query("cash", asset=QUOTE)
    assert cash["amount"] == 50 * ETHER - 10
    trail = [(row["position"], row["tag"]) for row in store.query("trail", intent="alice/snipe/1")]
    assert trail[0] == (1, "intent-formed/1")
    assert trail[-1] == (15, "order-ended/1")
    assert (13, "booked/1") in trail


def test_a_sale_closes_the_position_and_a_new_entry_opens_it_again(store: Sqlite) -> None:
    sale = "alice/snipe/2.0"
    records: list[Record] = [
        ("alice", FACT, placed(sale, "reduce", time=20)),
        ("alice", FACT, booked(sale, -(10**30), 70 * ETHER, time=21, cost=-50 * ETHER, realised=20 * ETHER)),
        ("alice", FACT, f.PositionMoved(time=21, token=TOKEN, state="closed")),
        ("alice", FACT, placed("alice/snipe/3.0", time=30)),
    ]
    store.apply(0, bought())
    states = []
    for number, record in enumerate(records, store.position()):
        store.apply(number, [record])
        (position,) = store.query("positions", account="alice", token=TOKEN)
        states.append(position["state"])
    assert states == ["closing", "closing", "closed", "opening"]
    assert (position["amount"], position["cost"], position["realised"]) == (0, 0, 20 * ETHER)
    assert position["opened_at"] == 30


def test_an_adjustment_of_a_held_token_changes_the_position_and_any_other_the_cash(store: Sqlite) -> None:
    store.apply(0, [*bought(), ("alice", FACT, f.Adjusted(time=10, asset=TOKEN, delta=-5, reason="rebase"))])
    assert store.query("positions", token=TOKEN)[0]["amount"] == 10**30 - 5
    assert store.query("cash", asset=TOKEN) == []


def test_a_receipt_that_is_not_there_yet_leaves_no_row(store: Sqlite) -> None:
    records = [
        ("alice", INPUT, Settled(time=9, account="alice", ask="s1", included=False))
        if kind == INPUT
        else (who, kind, what)
        for who, kind, what in bought()
    ]
    store.apply(0, records)
    assert store.query("receipts") == []


def test_accounts_do_not_see_each_other(store: Sqlite) -> None:
    store.apply(
        0, [("alice", FACT, placed()), ("bob", FACT, placed()), ("bob", FACT, booked("alice/snipe/1.0", 7, -7))]
    )
    assert store.query("positions", account="alice")[0]["amount"] == 0
    assert store.query("positions", account="bob")[0]["amount"] == 7


def allowed(time: int, spender: str, amount: int) -> f.Allowed:
    return f.Allowed(time=time, order="a/s/1.0", attempt="a/s/1.0#0", token=TOKEN, spender=spender, amount=amount)


def test_lives_limits_and_tokens_are_kept(store: Sqlite) -> None:
    store.apply(
        0,
        [
            ("alice", FACT, f.KillSet(time=1, level="flatten", reason="storm")),
            ("alice", FACT, f.Halted(time=2, reason="mismatch")),
            ("alice", FACT, f.InstanceMoved(time=3, instance="snipe", state="active", parameters="{}")),
            ("alice", FACT, f.InstanceMoved(time=4, instance="snipe", state="paused")),
            ("alice", FACT, f.Measured(time=5, token=TOKEN, buy_tax_bps=100, sell_tax_bps=None)),
            ("alice", FACT, f.Measured(time=6, token=TOKEN, buy_tax_bps=None, sell_tax_bps=200)),
            ("alice", FACT, allowed(7, "0xb2", 5)),
            ("alice", FACT, allowed(8, "0xb3", 2**256 - 1)),
            ("", INPUT, TokenDescribed(time=8, chain_id=1, token="0xaa", symbol="T", decimals=18, deployer="0xdd")),
        ],
    )
    (account,) = store.query("accounts")
    assert (account["kill_level"], account["kill_reason"], account["halted"]) == ("flatten", "storm", "mismatch")
    (instance,) = store.query("instances")
    assert (instance["state"], instance["parameters"]) == ("paused", "{}")
    (taxes,) = store.query("taxes")
    assert (taxes["buy_tax_bps"], taxes["sell_tax_bps"]) == (100, 200)
    allowances = {row["spender"]: (row["token"], row["amount"]) for row in store.query("allowances")}
    assert allowances == {"0xb2": (TOKEN, 5), "0xb3": (TOKEN, 2**256 - 1)}
    assert store.query("tokens", symbol="T")[0]["decimals"] == 18


def test_a_position_shows_why_nothing_guards_it_and_no_more_once_something_does(store: Sqlite) -> None:
    store.apply(0, bought())
    said = []
    for number, reason in enumerate(("its pool is not known", ""), store.position()):
        store.apply(number, [("alice", FACT, f.Unguarded(time=20, token=TOKEN, reason=reason))])
        said += [row["unguarded"] for row in store.query("positions", account="alice")]
    assert said == ["its pool is not known", ""]


def test_market_data_leaves_only_the_newest_block(store: Sqlite) -> None:
    def block(number: int) -> Block:
        return Block(
            time=number,
            chain_id=1,
            number=number,
            hash=f"h{number}",
            parent="",
            timestamp=0,
            base_fee=0,
            gas_used=0,
            gas_limit=0,
        )

    log = Log(time=1, chain_id=1, block=1, tx_hash="", index=0, address="", topics=(), data=b"")
    store.apply(0, [("", INPUT, block(1)), ("", INPUT, log), ("", INPUT, block(2))])
    assert [row["number"] for row in store.query("chains")] == [2]
    assert store.position() == 3


def test_every_fact_is_known_and_every_parameter_of_a_rule_is_a_field() -> None:
    classes: list[Any] = [*f.Fact.__subclasses__(), Block, Settled, TokenDescribed]  # Any: structs at run time only
    known = {cls.__struct_config__.tag: cls for cls in classes}
    facts = {cls.__struct_config__.tag for cls in classes if issubclass(cls, f.Fact)}
    silent = {"began/1", "entry-waits/1", "replied/1", "wait-over/1", "finalised/1", "proposed/1", "unsynced/1"}
    silent |= {"presigned/1", "wallets-set/1", "worker-answered/1"}
    silent |= {"plan-moved/1", "stage-moved/1", "stage-proposed/1", "range-moved/1", "outranked/1"}
    assert facts - READY.keys() == silent, "these change nothing that a table shows"
    for tag, rules in READY.items():
        fields = {name for name in dir(known[tag]) if not name.startswith("_")}
        for rule in rules:
            items = set(Finding.__struct_fields__) if tag == "judged/1" else set()  # type: ignore[attr-defined]
            assert {first for _, first, _, _ in rule.fields} <= fields | items, tag


def test_what_it_shows_of_an_exchange_is_what_the_books_hold(store: Sqlite) -> None:
    desk = at_an_exchange()
    records = desk.structs()
    facts = {fact.__struct_config__.tag for _, kind, fact in records if kind == FACT}  # type: ignore[attr-defined]
    assert {tag for tag in facts if tag.startswith(("exchange-", "plan-", "contract-", "funded", "desk-"))} == {
        "exchange-order-placed/1", "exchange-cancelled/1", "exchange-order-moved/1", "exchange-filled/1",
        "exchange-forced/1", "plan-started/1", "plan-moved/1", "plan-ended/1", "contract-read/1",
        "contract-adjusted/1", "funded/1", "desk-read/1", "desk-unread/1",
    }  # fmt: skip
    store.apply(0, records)
    book = desk.book
    assert {row["asset"]: row["amount"] for row in store.query("cash") if row["amount"]} == {
        asset: amount for asset, amount in book.cash.items() if amount
    }
    held = {
        row["token"]: (row["amount"], row["cost"], row["realised"]) for row in store.query("positions", state="open")
    }
    assert held == {
        token: (position.amount, position.cost, position.realised) for token, position in book.positions.items()
    }
    (gone,) = store.query("positions", state="closed")
    assert (gone["token"], gone["amount"]) == (PERPETUAL.id, 0)
    orders = {row["key"]: row for row in store.query("exchange_orders", plan="")}
    assert [(orders[key]["state"], orders[key]["filled"]) for key in ("in", "out", "rest", "long")] == [
        ("filled", 50_000), ("filled", 20_000), ("cancelled", 0), ("filled", 30_000),
    ]  # fmt: skip
    assert (orders["in"]["price"], orders["rest"]["price"], orders["rest"]["cancelling"]) == (None, 4_000_050, True)
    (plan,) = store.query("plans")
    assert (plan["type"], plan["key"], plan["state"], plan["filled"]) == ("stop", "guard", "done", 10_000)
    assert len(store.query("exchange_orders", plan=plan["plan"])) == 1
    assert [row["forced"] for row in store.query("exchange_fills", instrument=PERPETUAL.id)] == ["", "liquidation"]
    assert [row["amount"] for row in store.query("funding")] == [-3 * COIN]
    (contract,) = store.query("contracts")
    assert (contract["leverage"], contract["liquidation"], contract["isolated"]) == (5, 3_500_000, None)
    assert [row["known"] for row in store.query("desks")] == [True]
    tags = [row["tag"] for row in store.query("trail", intent=orders["in"]["intent"])]
    assert tags[0] == "intent-formed/1"
    assert tags[-2:] == ["exchange-order-moved/1", "exchange-filled/1"]


def test_dust_stays_as_cash_and_what_it_cost_is_lost(store: Sqlite) -> None:
    records = DeskRecord({1: [PlaceOrder(key="in", instrument=SPOT.id, side="buy", size=1, price=None, reason="test")]})
    records.trade(40_000)
    records.trade(40_000)
    records.passes()
    fact = f.DustLeft(time=records.time, token="binance:BTC")
    store.apply(0, [*records.structs(), ("main", FACT, fact)])
    fold(records.book, fact)
    (position,) = store.query("positions")
    assert (position["state"], position["amount"], position["cost"]) == ("closed", 0, 0)
    assert position["realised"] == -4004 * COIN // 10_000
    assert {row["asset"]: row["amount"] for row in store.query("cash")} == records.book.cash


def test_a_plan_that_trades_on_both_sides_is_shown(store: Sqlite) -> None:
    grid = Grid(instrument=SPOT.id, lower=100, upper=200, lines=3, size=1)
    started = f.PlanStarted(time=1, plan="p", instance="s", key="g", instrument=SPOT, spec=grid, memory=Memory())
    ending = f.PlanEnding(time=3, plan="p", state="cancelled", note="by hand")
    waits = f.PlanWaits(time=2, plan="p", leg="1", tries=1, until=9, note="refused")
    store.apply(0, [("main", FACT, fact) for fact in (started, waits, ending)])
    (plan,) = store.query("plans")
    assert (plan["type"], plan["state"], plan["note"], plan["retry_at"]) == ("grid", "ending", "by hand", 9)


def test_a_plan_in_a_pool_shows_what_its_swaps_filled_also_where_a_reorg_takes_one_back(store: Sqlite) -> None:
    pool = Instrument(id="1:0xb", kind="pool", base="1:0xa", quote="1:0xc", settle="1:0xc", tick=1, lot=1)
    twap = Twap(instrument=pool.id, side="buy", size=10**30, duration=9, slices=1)
    started = f.PlanStarted(time=1, plan="p", instance="s", key="g", instrument=pool, spec=twap, memory=Memory())
    order = f.OrderPlaced(
        time=2, order="o", intent="i", instance="s", side="increase", chain_id=1, owner="0xd", token=pool.base,
        quote=pool.quote, pool=pool.id, venue="v", amount_in=5, expected_out=10**30, min_out=1, cash=5, gas=0,
        exit_gas=0, steps=(), part=Part(plan="p", leg="slice", size=10**30),
    )  # fmt: skip
    swapped = f.Booked(time=3, order="o", attempt="o#0", block=1, amount=10**30 + 7, cash=-5, gas=1, cost=5, realised=0)
    gas = f.Booked(time=3, order="o", attempt="o#1", block=1, amount=0, cash=0, gas=1, cost=0, realised=0)
    ended = f.PlanEnded(time=4, plan="p", state="done")
    store.apply(0, [("main", FACT, fact) for fact in (started, order, swapped, gas, ended)])
    (plan,) = store.query("plans")
    assert (plan["state"], plan["filled"]) == ("done", 10**30)
    (row,) = store.query("orders", plan="p")
    assert (row["leg"], row["lots"]) == ("slice", 10**30)
    undone = f.Booked(
        time=5, order="o", attempt="o#0", block=0, amount=-(10**30) - 7, cash=5, gas=-1, cost=-5, realised=0, undo=True
    )
    store.apply(5, [("main", FACT, fact) for fact in (f.OrderReopened(time=5, order="o", step=0), undone)])
    (plan,) = store.query("plans")
    assert (plan["state"], plan["filled"], plan["ended_at"]) == ("working", 0, None)


class Broken(Frozen, tag="kill-set/1"):
    level: dict[str, str]
    reason: str
    time: int


def test_a_batch_is_applied_whole_or_not_at_all(store: Sqlite) -> None:
    broken = ("alice", FACT, Broken(level={}, reason="", time=1))
    with pytest.raises(StoreUnusable):
        store.apply(0, [("alice", FACT, formed()), broken])
    assert store.position() == 0
    assert store.query("intents") == []
    store.apply(0, [("alice", FACT, formed())])
    assert store.position() == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 16), max_size=8))
def test_however_the_records_are_cut_and_reopened_the_rows_are_the_same(cuts: list[int]) -> None:
    records = bought()

    def rows(bounds: list[int]) -> list[Any]:
        with tempfile.TemporaryDirectory() as directory:
            store = Sqlite()
            for start, end in pairwise(sorted({0, len(records), *bounds})):
                store.open(Path(directory))
                assert store.position() == start
                store.apply(start, records[start:end])
            found = [store.query(model) for model in ("orders", "positions", "cash", "fills", "trail", "receipts")]
            store.close()
            return found

    assert rows(cuts) == rows([])


def test_records_that_were_applied_already_are_refused(store: Sqlite) -> None:
    store.apply(0, bought())
    for position in (0, 3, 17):
        with pytest.raises(StoreOutOfStep, match="16"):
            store.apply(position, bought())
    assert store.query("positions")[0]["amount"] == 10**30


def test_an_empty_store_may_begin_where_an_old_journal_was_pruned(store: Sqlite) -> None:
    store.apply(1000, [("alice", FACT, formed())])
    assert store.position() == 1001


def test_a_file_of_another_version_is_emptied_to_be_built_again(store: Sqlite, tmp_path: Path) -> None:
    store.apply(0, bought())
    store.close()
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("UPDATE follower SET schema = 'older'")
    other.close()
    store.open(tmp_path)
    assert store.position() == 0
    assert store.query("orders") == []


@pytest.mark.parametrize("model", ["tables", 'orders" --'])
def test_an_unknown_model_is_refused_with_those_that_there_are(store: Sqlite, model: str) -> None:
    with pytest.raises(UnknownModel, match="positions"):
        store.query(model)


def test_an_unknown_column_is_refused_with_those_that_there_are(store: Sqlite) -> None:
    with pytest.raises(UnknownModel, match="placed_at"):
        store.query("orders", colour="red")


def test_none_finds_what_is_not_set(store: Sqlite) -> None:
    store.apply(0, [("alice", FACT, formed())])
    assert len(store.query("intents", allowed=None)) == 1
    assert store.query("intents", allowed=True) == []


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreClosed, match="open"):
        Sqlite().position()


def test_a_locked_file_is_an_error_that_names_it(
    store: Sqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sniper_store_sqlite.store.PATIENCE_S", 0.05)
    store.open(tmp_path)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreLocked, match="another process"):
        store.apply(0, bought())
    assert store.query("orders") == []
    other.execute("ROLLBACK")
    other.close()
    store.apply(0, bought())
    assert len(store.query("orders")) == 1


@pytest.mark.parametrize(
    "content", [b"this is not a database, whatever its name says" * 100, b"SQLite format 3\0" + b"\xff" * 8192]
)
def test_a_corrupt_file_says_that_it_can_be_deleted(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreCorrupt, match=r"delete it.*rebuilt from the journal"):
        Sqlite().open(tmp_path)


def test_a_file_that_is_damaged_later_says_that_it_can_be_deleted(store: Sqlite, tmp_path: Path) -> None:
    store.apply(0, bought())
    store.close()
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))  # all but the first page

    def use() -> None:
        store.open(tmp_path)
        store.query("orders")

    with pytest.raises(StoreCorrupt):
        use()


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write anywhere; nobody may not."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_directory_that_cannot_be_written_is_an_error_that_names_the_file() -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o555)
        with unprivileged(), pytest.raises(StoreUnusable, match=FILE):
            Sqlite().open(Path(directory))
        Path(directory).chmod(0o755)


def test_a_directory_that_does_not_exist_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match=FILE):
        Sqlite().open(tmp_path / "nowhere")


def test_a_full_disk_takes_back_the_whole_batch_and_it_goes_on_when_there_is_room(store: Sqlite) -> None:
    """SQLite's own limit on the size of the file stands in for the disk's end: the same error from the same place."""
    assert store._connection is not None
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    many: list[Record] = [("alice", FACT, formed(f"alice/snipe/{n}")) for n in range(500)]
    with pytest.raises(StoreFull, match="free some space"):
        store.apply(0, many)
    assert store.position() == 0
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.apply(0, many)
    assert len(store.query("intents")) == 500
