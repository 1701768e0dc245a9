"""What sources say becomes signals: each once, by weight, several as one, and the same again after a restart."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import Flat, Setup, World, token_of

from sniper.codec import decode, encode
from sniper.config import Config
from sniper.events import Clock, InstrumentListed, Signal, SignalHeard, fields_of
from sniper.instrument import COIN, Instrument
from sniper.kernel.facts import IntentFormed, Verdict
from sniper.kernel.kernel import Kernel
from sniper.kernel.signals import MOST_SOURCES, combined
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AccountWiring, ChainWiring, SignalRule, SignalWiring, StrategyWiring, Wiring
from sniper.signal import BadSignal, one_line
from sniper.strategy import Actions, SetTimer, Strategy, View, on
from sniper.types import BPS, SECOND

PEPE = "0x" + "6a" * 20
T0 = 1_000_000 * SECOND


class Hears(Strategy):
    config: Config
    told: tuple[Signal, ...] = ()

    @on(Signal)
    def heard(self, event: Signal, view: View) -> Actions:
        self.told = (*self.told, event)
        yield SetTimer(key="once", at=view.now + SECOND)


def instrument(id_: str) -> Instrument:
    venue, _, symbol = id_.partition(":")
    base, quote = symbol.partition(":")[0].split("/")
    return Instrument(
        id=id_, kind="spot", base=f"{venue}:{base}", quote=f"{venue}:{quote}", settle=f"{venue}:{quote}",
        tick=COIN // 100, lot=COIN // 1000,
    )  # fmt: skip


def kernel(signals: SignalWiring | None = None, *, chains: tuple[int, ...] = (1,)) -> Kernel:
    made = Kernel(
        Wiring(
            chains=tuple(ChainWiring(chain_id=each, wrapped_native="0x" + "ee" * 20, fee=Flat(config=Config()))
                         for each in chains),
            venues={},
            accounts=(
                AccountWiring(
                    name="main", chain_id=0, address="",
                    strategies=(StrategyWiring(name="s", strategy=Hears, config=Config(), sizer=None, venue=""),),
                ),
            ),
            signals=signals or SignalWiring(),
        )
    )  # fmt: skip
    for id_ in ("kraken:BTC/USD", "binance:BTC/USDT", "binance:BTC/USDT:USDT", "binance:PEPE/USDT"):
        made.handle(InstrumentListed(time=T0, instrument=instrument(id_)))
    return made


def said(**fields: Any) -> SignalHeard:
    return SignalHeard(
        **{
            "time": T0, "source": "webhook.desk", "id": "1", "kind": "alert", "about": ("PEPE",), "direction": 1,
            "strength": BPS, "at": T0, **fields,
        }
    )  # fmt: skip


def told(of: Kernel) -> tuple[Signal, ...]:
    found: tuple[Signal, ...] = of.accounts["main"].instances["s"].strategy.told  # type: ignore[attr-defined]
    return found


def rule(**fields: Any) -> SignalWiring:
    return SignalWiring(rule=SignalRule(**fields))


def test_what_a_source_says_reaches_strategies_with_what_is_known_of_it() -> None:
    of = kernel(SignalWiring(symbols=(("PEPE", (f"1:{PEPE}",)),)))
    of.handle(said(text="up", url="https://a.example/1"))
    (signal,) = told(of)
    assert (signal.id, signal.sources, signal.kind, signal.score) == (
        "webhook.desk/1", ("webhook.desk",), "alert", BPS,
    )  # fmt: skip
    assert (signal.assets, signal.instruments) == ((f"1:{PEPE}", "binance:PEPE"), ("binance:PEPE/USDT",))
    assert (signal.at, signal.expires) == (T0, T0 + 300 * SECOND)
    assert (signal.text, signal.url) == ("up", "https://a.example/1")


@pytest.mark.parametrize(
    ("name", "assets", "instruments"),
    [
        ("btc", {"binance:BTC", "kraken:BTC"}, {"binance:BTC/USDT", "binance:BTC/USDT:USDT", "kraken:BTC/USD"}),
        ("BTCUSDT", {"binance:BTC"}, {"binance:BTC/USDT", "binance:BTC/USDT:USDT"}),
        ("BINANCE:BTCUSDT", {"binance:BTC"}, {"binance:BTC/USDT", "binance:BTC/USDT:USDT"}),
        ("kraken:BTC/USD", {"kraken:BTC"}, {"kraken:BTC/USD"}),
        ("binance:BTC/USDT:USDT", {"binance:BTC"}, {"binance:BTC/USDT:USDT"}),
        ("BTC/USDT:USDT", {"binance:BTC"}, {"binance:BTC/USDT:USDT"}),
        (PEPE.upper().replace("0X", "0x"), {f"1:{PEPE}"}, set()),
        (f"8453:{PEPE}", {f"8453:{PEPE}"}, set()),
        ("8453:nonsense", set(), set()),
        ("WHATEVER", set(), set()),
    ],
)
def test_names_are_what_this_run_knows_by_them(name: str, assets: set[str], instruments: set[str]) -> None:
    of = kernel()
    of.handle(said(about=(name,)))
    (signal,) = told(of)
    assert (set(signal.assets), set(signal.instruments)) == (assets, instruments)


def test_an_address_without_a_chain_is_nobody_s_where_several_chains_might_have_it() -> None:
    of = kernel(chains=(1, 10))
    of.handle(said(about=(PEPE,)))
    assert told(of)[0].assets == ()


def test_the_same_id_of_the_same_source_is_heard_once() -> None:
    of = kernel(rule(window=SECOND))
    of.handle(said())
    of.handle(said(time=T0 + 2 * SECOND))
    assert len(told(of)) == 1
    of.handle(said(time=T0 + 3 * SECOND, id="2"))
    assert len(told(of)) == 2
    assert of.signals.dropped == {"repeated": 1}


def test_the_same_content_is_told_once_in_the_window_whoever_says_it_and_however_it_is_named() -> None:
    of = kernel(SignalWiring(symbols=(("PEPE", (f"1:{PEPE}",)),)))
    for number, name in enumerate(("PEPE", "pepe", "binance:PEPE/USDT", "PEPEUSDT", f"1:{PEPE}", PEPE)):
        of.handle(said(source=f"rss.{number}", about=(name,)))
    assert len(told(of)) == 1
    of.handle(said(id="2", direction=-1))
    of.handle(said(id="3", kind="listing"))
    assert len(told(of)) == 3


def test_what_names_nothing_is_the_same_where_its_words_are() -> None:
    of = kernel()
    of.handle(said(about=(), text="Exchange  lists\tFoo!", url="https://a.example"))
    of.handle(said(about=(), source="rss.b", text="exchange lists: FOO", url="https://b.example"))
    of.handle(said(about=(), source="rss.c", text="exchange lists bar"))
    assert [signal.text for signal in told(of)] == ["Exchange  lists\tFoo!", "exchange lists bar"]


def test_what_waits_for_several_sources_is_one_stronger_signal_within_the_window() -> None:
    of = kernel(rule(sources=2, window=60 * SECOND))
    of.handle(said(strength=5_000, id="old", at=T0 - SECOND))
    of.handle(said(strength=6_000, id="again"))
    assert not told(of), "the same source twice is not two"
    of.handle(said(source="rss.b", strength=5_000, time=T0 + 59 * SECOND))
    (signal,) = told(of)
    assert signal.sources == ("rss.b", "webhook.desk")
    assert signal.score == 8_000
    assert signal.id == "webhook.desk/again"


def test_a_source_that_spoke_before_the_window_counts_no_more() -> None:
    of = kernel(rule(sources=2, window=60 * SECOND))
    of.handle(said())
    of.handle(said(source="rss.b", time=T0 + 61 * SECOND))
    assert not told(of)
    of.handle(said(source="rss.c", time=T0 + 100 * SECOND))
    assert told(of)[0].sources == ("rss.b", "rss.c")


def test_a_source_whose_word_has_expired_counts_no_more() -> None:
    of = kernel(rule(sources=2))
    of.handle(said(expires=T0 + SECOND))
    of.handle(said(source="rss.b", time=T0 + SECOND))
    assert not told(of)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"at": T0 - 601 * SECOND}, "too old"),
        ({"expires": T0}, "expired"),
        ({"source": "rss.evil"}, "without weight"),
        ({"strength": 0}, "without weight"),
        ({"source": "rss.weak"}, "waits for more sources"),
    ],
)
def test_what_does_not_count_is_left_out_and_counted(fields: dict[str, Any], reason: str) -> None:
    of = kernel(
        SignalWiring(
            rule=SignalRule(min_score=5_000), weights=(("rss", 4_999), ("rss.evil", 0), ("rss.sure", BPS))
        )
    )  # fmt: skip
    of.handle(said(**fields))
    assert not told(of)
    assert of.signals.dropped == {reason: 1}
    of.handle(said(source="rss.sure", id="2"))
    assert len(told(of)) == 1


def test_a_kind_has_its_own_rule_and_may_count_as_another() -> None:
    of = kernel(
        SignalWiring(
            rule=SignalRule(sources=2),
            kinds=(("listing", SignalRule(lives=SECOND)), ("swap", SignalRule(sources=2, counts_as="alert"))),
        )
    )
    of.handle(said(kind="listing"))
    assert told(of)[0].expires == T0 + SECOND
    of.handle(said(kind="swap", source="wallet-watch.a"))
    of.handle(said(id="2"))
    assert told(of)[1].sources == ("wallet-watch.a", "webhook.desk")


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
def test_of_two_strategies_that_want_the_same_the_one_that_stands_first_gets_it(order: tuple[str, str]) -> None:
    world = World(Setup(strategies=tuple((name, ()) for name in order)))
    at = world.tick()
    facts = world.tell(said(time=at, at=at, about=(token_of(1),)))
    verdicts = {fact.intent.split("/")[1]: fact.rule for fact in facts if isinstance(fact, Verdict)}
    formed = [fact.instance for fact in facts if isinstance(fact, IntentFormed)]
    assert formed == list(order)
    assert verdicts[order[0]] == ""
    assert verdicts[order[1]] == "kernel.one-owner"


def test_what_one_strategy_claims_no_other_one_buys_whoever_comes_first() -> None:
    order = ("first", "second")
    world = World(Setup(strategies=tuple((name, ()) for name in order), claims=((token_of(1), "second"),)))
    for number, token in enumerate((token_of(1), token_of(2))):
        at = world.tick()
        world.tell(said(time=at, at=at, id=str(number), about=(token,)))
    verdicts = [fact for decided in world.facts for fact in decided if isinstance(fact, Verdict)]
    assert [(fact.intent.split("/")[1], fact.rule) for fact in verdicts] == [
        ("first", "kernel.claimed"),
        ("second", ""),
        ("first", ""),
        ("second", "kernel.one-owner"),
    ]


def test_what_is_said_of_the_future_was_said_when_it_was_heard() -> None:
    of = kernel()
    of.handle(said(at=T0 + 1_000 * SECOND))
    assert (told(of)[0].at, told(of)[0].expires) == (T0, T0 + 300 * SECOND)


def test_who_has_no_weight_takes_nobody_s_place_in_what_is_remembered() -> None:
    of = kernel(SignalWiring(most=2, weights=(("spam", 0),)))
    of.handle(said())
    for number in range(10):
        of.handle(said(source="spam", id=str(number)))
    of.handle(said(time=T0 + 301 * SECOND))
    assert len(told(of)) == 1
    assert of.signals.dropped == {"without weight": 10, "repeated": 1}


def test_memory_is_bounded() -> None:
    of = kernel(SignalWiring(most=10, rule=SignalRule(sources=100)))
    for number in range(100):
        of.handle(said(id=str(number), about=(f"T{number}",)))
        of.handle(said(id=str(number), source=f"rss.{number}"))
    assert (len(of.signals.seen), len(of.signals.groups)) == (10, 10)
    (group,) = [group for key, group in of.signals.groups.items() if key[2] == ("PEPE",)]
    assert len(group.said) == MOST_SOURCES
    of.handle(said(time=T0 + 3_000 * SECOND, id="later"))
    assert list(of.signals.seen) == [("webhook.desk", "later")]


def test_a_restart_forgets_neither_what_was_told_nor_what_waits() -> None:
    wiring = rule(sources=2)
    of, again = kernel(wiring), kernel(wiring)
    of.handle(said())
    of.handle(said(source="rss.b"))
    of.handle(said(id="2", about=("BTC",)))
    assert restore(again, dump(of)) == ()
    assert dump(again) == dump(of)
    again.handle(said(source="rss.c"))
    again.handle(said(source="rss.b", id="2", about=("BTC",)))
    assert [signal.about for signal in told(again)] == [("PEPE",), ("BTC",)]
    assert again.signals.dropped == {"told already": 1}


_SAID = st.builds(
    said,
    source=st.sampled_from(["webhook.desk", "rss.a", "rss.b"]),
    id=st.sampled_from("abcdef"),
    kind=st.sampled_from(["alert", "swap"]),
    about=st.lists(st.sampled_from(["PEPE", "BTC", "binance:PEPE/USDT", PEPE]), max_size=2).map(tuple),
    direction=st.sampled_from([0, 1]),
    strength=st.integers(1, BPS),
    at=st.integers(T0 - 20 * SECOND, T0 + 60 * SECOND),
)


@given(st.lists(st.tuples(_SAID, st.integers(0, 10)), max_size=30), st.integers(0, 30))
@settings(deadline=None)
def test_a_restored_pipeline_goes_on_as_if_it_had_not_stopped(heard: list[tuple[SignalHeard, int]], cut: int) -> None:
    wiring = SignalWiring(
        rule=SignalRule(sources=2, window=15 * SECOND, lives=20 * SECOND, max_age=20 * SECOND), most=4
    )
    through, stopped = kernel(wiring), kernel(wiring)
    time = T0
    for number, (event, wait) in enumerate(heard):
        time += wait * SECOND
        event = said(**{name: getattr(event, name) for name in fields_of(SignalHeard)} | {"time": time})
        through.handle(event)
        if number == cut:
            again = kernel(wiring)
            assert restore(again, dump(stopped)) == ()
            stopped = again
        stopped.handle(decode(encode(event), SignalHeard))
    assert told(stopped) == told(through)
    assert dump(stopped) == dump(through)
    for signal in told(through):
        assert len(signal.sources) >= 2
        assert signal.expires > signal.time >= signal.at


@given(st.lists(st.integers(1, BPS), min_size=1, max_size=8))
def test_several_are_at_least_as_sure_as_the_surest_and_never_more_than_certain(counts: list[int]) -> None:
    assert max(counts) <= combined(counts) <= BPS
    assert combined(counts) == combined(reversed(counts))
    assert combined([*counts, 1]) >= combined(counts)


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "Desk"}, {"source": ""}, {"id": "a b"}, {"id": "x" * 129}, {"kind": "a_b"}, {"about": ("a b",)},
        {"about": ("A",) * 17}, {"direction": 2}, {"strength": BPS + 1}, {"strength": -1}, {"at": -1},
        {"text": "x" * 501}, {"url": "x" * 501},
    ],
)  # fmt: skip
def test_what_has_no_place_in_a_journal_is_refused_by_its_field(fields: dict[str, Any]) -> None:
    with pytest.raises(BadSignal, match=next(iter(fields))):
        said(**fields)


def test_text_of_strangers_is_one_line_of_visible_characters() -> None:
    assert one_line("  a\r\n\x1b[31mb\u202e\ud800 ") == "a [31mb ?"
    assert one_line("x" * 600) == "x" * 499 + "…"


def test_time_alone_tells_nothing() -> None:
    of = kernel()
    of.handle(Clock(time=T0))
    assert not told(of)
