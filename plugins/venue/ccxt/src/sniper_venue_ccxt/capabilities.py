"""What an exchange does itself, as ccxt tells; what it does not tell, an exchange is taken to lack."""

from collections.abc import Collection
from dataclasses import dataclass
from types import CodeType
from typing import Any

from sniper.exchange_orders import CONDITIONAL, NewOrder, Refused
from sniper_venue_ccxt.conditional import KNOWN

CLIENT_ID = "clientOrderId"
REDUCE_ONLY = "reduce-only"


@dataclass(frozen=True)
class Capabilities:
    """Of one kind of markets of an exchange: ``kind`` is ``spot``, ``swap`` or ``future``.

    lives         Times in force, of ``gtc``, ``ioc``, ``fok``.
    conditional   Whether orders can wait for a price, in ways that are known.
    client_ids    Whether an order can have one. ``found_by_client_id``: whether it can be asked for by it.
    market_buys   Whether a purchase at the market has a size; else it has a cost.
    orders_need_symbol, trades_need_symbol  Whether open orders and own trades are told for one symbol at a time.
    window_ms     How long after it was signed a request is still taken; 0: the exchange has no such limit.
    methods       Names of ccxt's methods that it has.
    """

    exchange: str
    kind: str
    reduce_only: bool
    lives: frozenset[str]
    post_only: bool
    conditional: bool
    client_ids: bool
    found_by_client_id: bool
    market_buys: bool
    orders_need_symbol: bool
    trades_need_symbol: bool
    window_ms: int
    methods: frozenset[str]

    @property
    def flags(self) -> tuple[str, ...]:
        """For `sniper.instrument.Instrument.flags`."""
        return tuple(name for name, there in (("post-only", self.post_only), (REDUCE_ONLY, self.reduce_only)) if there)

    @property
    def apart(self) -> bool:
        """Whether it keeps conditional orders beside its orders, under ids of their own (Binance, "New Algo Order")."""
        return self.conditional and self.kind != "spot"

    def lacking(self, order: NewOrder, types: Collection[str]) -> Refused | None:
        """The refusal of an order that asks for more than the exchange does. ``types``: of the instrument."""
        conditional = order.type in CONDITIONAL
        limit, at_market = order.type.endswith("limit"), order.type == "market" or order.type in CONDITIONAL[::2]
        strange = sorted({*order.flags} - {"post-only", REDUCE_ONLY})
        wanted = (
            ("client order ids", not self.client_ids),
            (f"orders of type {order.type}", order.type not in ("market", "limit", *types)),
            (f"orders that live {order.lives}", order.lives not in self.lives),
            ("post-only orders", "post-only" in order.flags and not self.post_only),
            (f"reduce-only orders on {self.kind} markets", REDUCE_ONLY in order.flags and not self.reduce_only),
            (f"the flag {', '.join(strange)} on {self.kind} markets", bool(strange)),
            ("post-only orders that do not rest", "post-only" in order.flags and order.lives != "gtc"),
            ("post-only orders at the market", "post-only" in order.flags and order.price is None),
            ("triggers of such orders", order.trigger is not None and not conditional),
            (f"orders of type {order.type} without a trigger", order.trigger is None and conditional),
            (
                "purchases at the market by size; give a price",
                order.price is None and order.side == "buy" and not self.market_buys,
            ),
            ("limit orders without a price", limit and order.price is None),
            ("orders at the market with a price", at_market and order.price is not None),
        )
        for what, lacks in wanted:
            if lacks:
                return Refused(code="unsupported", message=f"{self.exchange} has no {what}")
        return None


def features_of(client: Any, kind: str) -> dict[str, Any]:
    """What ccxt says of one kind of markets, linear ones of contracts. Any: it is untyped."""
    features = _mapping(_mapping(client.features).get(kind))
    return features if kind == "spot" else _mapping(features.get("linear")) or features


def probe(client: Any, market: str = "spot") -> Capabilities:
    """Of a client of ccxt; Any: it is untyped."""
    features = features_of(client, market)
    creating = _mapping(features.get("createOrder"))
    in_force = _mapping(creating.get("timeInForce"))
    kind = type(client)
    return Capabilities(
        exchange=client.id,
        kind=market,
        reduce_only=market != "spot" and "reduceOnly" in _texts(kind, "create_order", set()),
        lives=frozenset({"gtc"} | {name.lower() for name in ("IOC", "FOK") if in_force.get(name)}),
        post_only=bool(in_force.get("PO") or client.has.get("createPostOnlyOrder")),
        conditional=client.id in KNOWN and bool(creating.get("stopLossPrice") and creating.get("takeProfitPrice")),
        client_ids=CLIENT_ID in _texts(kind, "create_order", set()),
        found_by_client_id=CLIENT_ID in _texts(kind, "fetch_order", set()),
        market_buys=not creating.get("marketBuyRequiresPrice"),
        orders_need_symbol=bool(_mapping(features.get("fetchOpenOrders")).get("symbolRequired")),
        trades_need_symbol=bool(_mapping(features.get("fetchMyTrades")).get("symbolRequired")),
        window_ms=int(client.options.get("recvWindow") or 0),
        methods=frozenset(name for name, there in client.has.items() if there),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(kind: type, name: str, seen: set[str]) -> Collection[str]:
    """The texts in the code of a method and of the methods about orders that it names: ccxt says nowhere else which
    parameters a method understands."""
    code = next((vars(each)[name].__code__ for each in kind.__mro__ if hasattr(vars(each).get(name), "__code__")), None)
    if code is None or name in seen:
        return ()
    seen.add(name)
    found = set(_constants(code))
    for other in code.co_names:
        if "order" in other and not other.startswith(("parse", "safe", "fetch")):
            found.update(_texts(kind, other, seen))
    return found


def _constants(code: CodeType) -> Collection[str]:
    found: set[str] = set()
    for constant in code.co_consts:
        found.update([constant] if isinstance(constant, str) else constant if isinstance(constant, tuple) else ())
    return found
