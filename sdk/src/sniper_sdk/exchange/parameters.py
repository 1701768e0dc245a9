"""The parameters of a request, read as strictly as Binance does."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from sniper_sdk.exchange.amounts import parse
from sniper_sdk.exchange.order import NewOrder, OrderType, SelfTrade, Side, TimeInForce
from sniper_sdk.exchange.refusal import Refused, mandatory

_LEGAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:/")
_Choice = TypeVar("_Choice", bound=StrEnum)


class Parameters:
    """Each method raises `Refused`."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given

    def text(self, name: str, default: str | None = None) -> str:
        """As it is. Without a default it has to be there."""
        found = self.given.get(name, "")
        if found:
            return found
        if default is None:
            raise mandatory(name)
        return default

    def number(self, name: str, default: int | None = None) -> int:
        """A whole one."""
        found = self.text(name, None if default is None else str(default))
        if not found.lstrip("-").isdecimal() or len(found) > 20:
            raise _illegal(name)
        return int(found)

    def amount(self, name: str, default: int | None = None) -> int:
        """In units of 10^-8."""
        if default is not None and not self.given.get(name):
            return default
        found = self.text(name)
        try:
            return parse(found)
        except ValueError:
            if found.replace(".", "", 1).isdecimal():
                raise Refused(-1111, f"Parameter '{name}' has too much precision.") from None
            raise _illegal(name) from None

    def choice(self, name: str, among: type[_Choice], default: _Choice | None = None) -> _Choice:
        """One of few words."""
        found = self.text(name, None if default is None else default.value)
        try:
            return among(found)
        except ValueError:
            words = {"type": (-1116, "orderType"), "side": (-1117, "side"), "timeInForce": (-1115, "timeInForce")}
            number, said = words.get(name, (-1130, name))
            raise Refused(number, f"Invalid {said}.") from None

    def client_id(self, name: str, default: str | None = "") -> str:
        """One that a client may choose: at most 36 characters of few kinds."""
        found = self.text(name, default)
        if len(found) > 36 or not _LEGAL.issuperset(found):
            raise Refused(
                -1100,
                f"Illegal characters found in parameter '{name}'; legal range is '^[a-zA-Z0-9-_./:]{{1,36}}$'.",
            )
        return found

    def order(self, prefix: str = "", **known: str) -> NewOrder:
        """A new order. ``prefix``: of a leg of a list, whose symbol, side and quantity may be known otherwise."""
        leg = Parameters(
            {_bare(name, prefix): value for name, value in self.given.items() if _leg(name, prefix)} | known
        )
        kind = leg.choice("type", OrderType)
        if kind in (OrderType.LIMIT, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT):
            force = leg.choice("timeInForce", TimeInForce)
        else:
            force = leg.choice("timeInForce", TimeInForce, TimeInForce.GTC)
        return NewOrder(
            symbol=leg.text("symbol"),
            side=leg.choice("side", Side),
            type=kind,
            quantity=leg.amount("quantity", 0),
            quote_quantity=leg.amount("quoteOrderQty", 0),
            price=leg.amount("price", 0),
            stop_price=leg.amount("stopPrice", 0),
            trailing=leg.number("trailingDelta", 0),
            shown=leg.amount("icebergQty", 0),
            time_in_force=force,
            client_id=leg.client_id("clientOrderId" if prefix else "newClientOrderId"),
            self_trade=self.choice("selfTradePreventionMode", SelfTrade, SelfTrade.EXPIRE_MAKER),
        )


def _leg(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and len(name) > len(prefix) and (not prefix or name[len(prefix)].isupper())


def _bare(name: str, prefix: str) -> str:
    found = name[len(prefix) :]
    return found[0].lower() + found[1:] if prefix else found


def _illegal(name: str) -> Refused:
    return Refused(-1100, f"Illegal characters found in parameter '{name}'.")
