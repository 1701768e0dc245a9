from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper import events
from sniper.codec import decode, encode
from sniper.events import Event, LiquidityAdded, PoolCreated
from sniper.plugin import Frozen
from sniper.types import NATIVE, split_asset
from sniper_sdk import strategies
from sniper_sdk.builders import BuiltView
from sniper_sdk.conformance.drawing import for_all, some

KINDS = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind.__struct_config__.tag is not None  # type: ignore[attr-defined]
]


class Listing(Event, tag="test.sdk-listing/1"):
    """An event of a plugin's own."""

    token: str
    venue: str
    stage: Literal["announced", "open"]
    fees: dict[str, int] = {}


@pytest.mark.parametrize("kind", [*KINDS, Listing], ids=lambda kind: kind.__name__)
def test_every_event_that_there_is_can_be_drawn_and_has_an_encoding(kind: type[Event]) -> None:
    def check(event: Event) -> None:
        assert decode(encode(event), kind) == event

    for_all(check, examples=20, event=strategies.events(kind))


@given(event=strategies.events(LiquidityAdded), view=strategies.views())
@settings(max_examples=20, derandomize=True)
def test_events_are_about_the_tokens_and_pools_that_views_may_know(event: LiquidityAdded, view: BuiltView) -> None:
    assert event.token in strategies.TOKENS
    assert event.pool in strategies.POOLS
    assert set(view.pools) <= set(strategies.POOLS)
    assert set(view.positions) <= set(strategies.TOKENS)
    for known in view.pools.values():
        assert known.created_at <= view.now


@given(event=strategies.events(PoolCreated))
@settings(max_examples=20, derandomize=True)
def test_where_the_kernel_writes_an_address_an_address_is_drawn(event: PoolCreated) -> None:
    assert event.pool in [split_asset(pool)[1] for pool in strategies.POOLS]
    assert all(len(coin) == len(NATIVE) for coin in event.coins)


@given(amount=strategies.amounts(1000))
@settings(max_examples=50, derandomize=True)
def test_amounts_stay_within_their_bound(amount: int) -> None:
    assert 0 <= amount <= 1000


@given(finding=strategies.findings(), position=strategies.positions(), entry=strategies.entries())
@settings(max_examples=20, derandomize=True)
def test_the_rest_of_the_world_can_be_drawn(finding: Frozen, position: object, entry: Frozen) -> None:
    assert decode(encode(finding), type(finding)) == finding
    assert decode(encode(entry), type(entry)) == entry


def test_drawn_values_are_the_same_in_every_run() -> None:
    drawn = st.lists(st.integers())
    assert some(drawn, 30) == some(drawn, 30)
    assert len({tuple(each) for each in some(drawn, 30)}) > 10
