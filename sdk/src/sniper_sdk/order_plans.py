"""What `sniper_sdk.strategies.structs` draws for the fields of order plans: such as do not contradict each other.

What still does (a bracket whose target is on the wrong side) is drawn again.
"""

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.exchange_orders import Side
from sniper.order_types import (
    BadPlan,
    Chase,
    Dca,
    Grid,
    Iceberg,
    Ladder,
    Leg,
    OneCancelsOther,
    OneTriggersOther,
    OneUpdatesOther,
    Participate,
    Scheduled,
    Shortfall,
    TrailingStop,
    Twap,
    Vwap,
)

_some: Final = st.integers(1, 10**6)
_sides: Final[SearchStrategy[Side]] = st.sampled_from(("buy", "sell"))
_weights: Final = st.lists(st.integers(1, 100), min_size=1, max_size=4).map(tuple)


@st.composite
def _legs(draw: st.DrawFn) -> tuple[Leg, ...]:
    """Of one side, of which the first alone waits for no price."""
    side, size = draw(_sides), draw(st.integers(1, 100))
    waiting = [
        Leg(name=f"leg_{number}", side=side, size=draw(_some), stop=draw(_some))
        for number in range(draw(st.integers(1, 2)))
    ]
    return (Leg(name="resting", side=side, size=size, price=draw(st.none() | _some)), *waiting)


# Any: strategies of fields of many types.
COMMON: Final[Mapping[str, SearchStrategy[Any]]] = {
    "instrument": st.just("binance:BTC/USDT"),
    "side": _sides,
    **dict.fromkeys(("size", "price", "trigger", "until", "step", "show", "stop", "duration", "least"), _some),
    **dict.fromkeys(("limit", "activation", "entry_stop", "stop_limit", "target"), st.none() | _some),
    "flags": st.sampled_from(((), ("post_only",))),
}
FIELDS: Final[Mapping[type, Mapping[str, SearchStrategy[Any]]]] = {
    TrailingStop: {
        "amount": st.just(0) | _some,
        "bps": st.just(0) | st.integers(1, 9_999),
        "limit_gap": st.none() | st.integers(0, 100),
    },
    Iceberg: {"size": st.integers(100, 10**6), "show": st.integers(1, 100)},
    Leg: {
        "name": st.sampled_from(("entry", "stop", "target")),
        **dict.fromkeys(("price", "stop", "touch"), st.none() | _some),
    },
    Chase: {"limit": _some},
    OneCancelsOther: {"legs": _legs()},
    OneUpdatesOther: {"legs": _legs(), "size": st.integers(100, 10**6)},
    OneTriggersOther: {"first": _legs().map(lambda legs: legs[0]), "then": _legs().map(lambda legs: legs[1:])},
    Grid: {"lower": st.integers(1, 100), "upper": st.integers(1_000, 10**6), "lines": st.integers(2, 100)},
    Ladder: {"first": st.integers(1, 100), "last": st.integers(1_000, 10**6), "weights": _weights},
    Twap: {"slices": st.integers(1, 100)},
    Vwap: {"profile": _weights},
    Scheduled: {"slices": st.lists(st.tuples(_some, _some), min_size=1, max_size=4).map(sorted).map(tuple)},
    Shortfall: {"slices": st.integers(1, 100), "curvature": st.integers(0, 10**6)},
    Participate: {"share_bps": st.integers(1, 9_999)},
    Dca: dict.fromkeys(("value", "every", "times"), _some),
}


def built(kind: type[Any], fields: Mapping[str, SearchStrategy[Any]]) -> SearchStrategy[Any]:
    """Plans of a kind whose fields go together."""

    def made(values: dict[str, Any]) -> Any:
        try:
            return kind(**values)
        except BadPlan:
            return None

    return st.fixed_dictionaries(dict(fields)).map(made).filter(lambda plan: plan is not None)
