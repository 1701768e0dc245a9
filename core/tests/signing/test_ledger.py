from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.signer import SignerRefused
from sniper.signing.errors import LedgerError
from sniper.signing.ledger import Ledger
from sniper.signing.rules import ChainRules, TokenRules

SECOND = 10**9
HOUR = 3600 * SECOND
DAY = 24 * HOUR
START = 1_700_000_000 * SECOND
LIMITS = ChainRules(max_fee=0, max_value=10, max_value_per_hour=15, max_value_per_day=25)

World = Any
"""The class of conftest, which tests cannot import."""


def refused(call: Callable[[], None]) -> str:
    with pytest.raises(SignerRefused) as caught:
        call()
    return caught.value.rule


def test_each_limit_is_kept_to_the_wei(world: World, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l", START)

    def spend(nonce: int, value: int, after: int) -> None:
        ledger.spend(world.entry(nonce=nonce, value=value), LIMITS, START + after)

    assert refused(lambda: spend(0, 11, 0)) == "max-value"
    spend(0, 10, 0)
    assert refused(lambda: spend(1, 6, 0)) == "max-value-per-hour"
    spend(1, 5, 0)
    assert refused(lambda: spend(2, 1, HOUR - 1)) == "max-value-per-hour"
    spend(2, 10, HOUR)
    assert refused(lambda: spend(3, 1, DAY - 1)) == "max-value-per-day"
    spend(3, 10, DAY)


def test_a_replacement_counts_once_with_its_largest_value(world: World, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l", START)
    for value in (10, 10, 3, 10):
        ledger.spend(world.entry(nonce=0, value=value), LIMITS, START)
    ledger.spend(world.entry(nonce=1, value=5), LIMITS, START)
    assert refused(lambda: ledger.spend(world.entry(nonce=1, value=6), LIMITS, START)) == "max-value-per-hour"


def test_what_is_sent_to_own_wallets_counts_with_what_entries_carry(world: World, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l", START)
    ledger.spend(world.entry(nonce=0, value=9), LIMITS, START)
    ledger.spend(world.transfer(nonce=1, value=6), LIMITS, START)
    assert refused(lambda: ledger.spend(world.transfer(nonce=2, value=1), LIMITS, START)) == "max-value-per-hour"


def test_senders_and_chains_are_counted_apart(world: World, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l", START)
    for change in ({}, {"sender": world.stranger}, {"chain_id": 1}):
        ledger.spend(world.entry(nonce=0, value=10, **change), LIMITS, START)
        ledger.spend(world.entry(nonce=1, value=5, **change), LIMITS, START)


TOKENS = {"0x" + "cd" * 20: TokenRules(max_value=10, max_value_per_hour=15, max_value_per_day=25)}
(TOKEN,) = TOKENS


def test_a_token_has_limits_of_its_own_whatever_the_purpose_says(world: World, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l", START)

    def spend(nonce: int, amount: int, after: int, purpose: str = "exit", value: int = 0) -> None:
        request = world.entry(nonce=nonce, value=value, purpose=purpose)
        ledger.spend(request, LIMITS, START + after, TOKENS, [(TOKEN, amount)])

    assert refused(lambda: spend(0, 11, 0)) == "max-value"
    spend(0, 10, 0, purpose="entry", value=10)
    assert refused(lambda: spend(1, 6, 0)) == "max-value-per-hour"
    spend(1, 5, 0)
    assert refused(lambda: spend(2, 1, 0)) == "max-value-per-hour"
    spend(2, 10, HOUR)
    assert refused(lambda: spend(3, 1, DAY - 1)) == "max-value-per-day"
    ledger.close()
    ledger = Ledger(tmp_path / "l", START + HOUR)  # it survives
    assert refused(lambda: spend(4, 6, HOUR)) == "max-value-per-hour"


def test_what_one_call_takes_twice_is_added_up_and_other_tokens_are_not_counted(world: World, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l", START)
    request = world.exit()
    both = [(TOKEN, 6), (TOKEN, 5)]
    assert refused(lambda: ledger.spend(request, LIMITS, START, TOKENS, both)) == "max-value"
    ledger.spend(request, LIMITS, START, TOKENS, [("0x" + "ee" * 20, 10**30)])
    assert (tmp_path / "l").read_bytes() == b""


def test_what_one_limit_refuses_counts_against_no_other(world: World, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l", START)
    assert refused(lambda: ledger.spend(world.entry(value=10), LIMITS, START, TOKENS, [(TOKEN, 11)])) == "max-value"
    ledger.spend(world.entry(nonce=1, value=10), LIMITS, START)
    ledger.spend(world.entry(nonce=2, value=5), LIMITS, START)


def test_a_clock_that_goes_back_gives_nothing_anew(world: World, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l", START)
    ledger.spend(world.entry(nonce=0, value=10), LIMITS, START)
    ledger.spend(world.entry(nonce=1, value=5), LIMITS, START)
    assert refused(lambda: ledger.spend(world.entry(nonce=2, value=1), LIMITS, START - DAY)) == "max-value-per-hour"


def test_a_record_that_was_cut_off_is_left_out(world: World, tmp_path: Path) -> None:
    path = tmp_path / "l"
    ledger = Ledger(path, START)
    ledger.spend(world.entry(nonce=0, value=10), LIMITS, START)
    ledger.spend(world.entry(nonce=1, value=5), LIMITS, START)
    ledger.close()
    path.write_bytes(path.read_bytes()[:-1])
    ledger = Ledger(path, START)
    ledger.spend(world.entry(nonce=2, value=5), LIMITS, START)
    assert refused(lambda: ledger.spend(world.entry(nonce=3, value=1), LIMITS, START)) == "max-value-per-hour"


def test_a_changed_byte_is_reported_with_its_record(world: World, tmp_path: Path) -> None:
    path = tmp_path / "l"
    ledger = Ledger(path, START)
    ledger.spend(world.entry(nonce=0, value=10), LIMITS, START)
    size = path.stat().st_size
    ledger.spend(world.entry(nonce=1, value=5), LIMITS, START)
    content = bytearray(path.read_bytes())
    content[size + 20] ^= 1
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=f"damaged at byte {size}"):
        Ledger(path, START)


def test_what_is_older_than_a_day_leaves_the_file(world: World, tmp_path: Path) -> None:
    path = tmp_path / "l"
    ledger = Ledger(path, START)
    ledger.spend(world.entry(nonce=0, value=1), LIMITS, START)
    ledger.close()
    Ledger(path, START + DAY).close()
    assert path.read_bytes() == b""


def test_a_full_disk_refuses_the_entry(world: World, tmp_path: Path) -> None:
    path = tmp_path / "l"
    ledger = Ledger(path, START)
    ledger.close()
    full = Ledger.__new__(Ledger)
    full.__dict__.update(ledger.__dict__)
    with Path("/dev/full").open("wb") as device:
        full._file = device.fileno()
        with pytest.raises(LedgerError, match="No space left"):
            full.spend(world.entry(value=1), LIMITS, START)


def test_a_directory_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be written"):
        Ledger(tmp_path / "none" / "l", START)


STEPS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 12), st.integers(0, 9 * HOUR), st.booleans()), max_size=30)


def spent(signed: list[tuple[int, int, int]], now: int, span: int) -> int:
    """Sum over the nonces of the largest value that was signed for each within ``span``."""
    largest: dict[int, int] = {}
    for time, nonce, value in signed:
        if time > now - span:
            largest[nonce] = max(largest.get(nonce, 0), value)
    return sum(largest.values())


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, replacing=st.booleans())
def test_no_window_ever_holds_more_than_its_limit(
    world: World, steps: list[tuple[int, int, int, bool]], replacing: bool
) -> None:
    """Against a model that keeps everything, with replacements and restarts; exact where no nonce comes twice."""
    with TemporaryDirectory() as name:
        path, now = Path(name) / "l", START
        ledger = Ledger(path, now)
        signed: list[tuple[int, int, int]] = []
        for number, (some_nonce, value, wait, restart) in enumerate(steps):
            now += wait
            nonce = some_nonce if replacing else number
            if restart:
                ledger.close()
                ledger = Ledger(path, now)
            after = [*signed, (now, nonce, value)]
            fits = value <= 10 and spent(after, now, HOUR) <= 15 and spent(after, now, DAY) <= 25
            try:
                ledger.spend(world.entry(nonce=nonce, value=value), LIMITS, now)
            except SignerRefused:
                # A replacement may be counted for longer than it must be, never for less.
                assert replacing or not fits
            else:
                assert fits
                signed = after
        ledger.close()
