"""What the exchange says no with: the codes of Binance's documentation ("Error codes", spot and USD-M)."""

from sniper.errors import SniperError


class Refused(SniperError, ValueError):
    """``number``: Binance's code; ``status``: HTTP's; ``headers``: what comes with it; ``data``: more of it."""

    code = "exchange-refused"

    def __init__(
        self,
        number: int,
        message: str,
        *,
        status: int = 400,
        headers: dict[str, str] | None = None,
        data: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.number = number
        self.message = message
        self.status = status
        self.headers = headers or {}
        self.data = data

    @property
    def body(self) -> dict[str, object]:
        """As JSON."""
        told: dict[str, object] = {"code": self.number, "msg": self.message}
        return told | ({"data": self.data} if self.data is not None else {})


def filtered(name: str) -> Refused:
    """An order that a filter of its symbol does not let pass."""
    return Refused(-1013, f"Filter failure: {name}")


def mandatory(name: str) -> Refused:
    """A parameter that has to be there."""
    return Refused(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def rejected(reason: str) -> Refused:
    """A new order that the matching engine does not take."""
    return Refused(-2010, reason)


def insufficient() -> Refused:
    """A new order that costs more than is free."""
    return rejected("Account has insufficient balance for requested action.")


def unknown_cancel() -> Refused:
    """Nothing open has that id."""
    return Refused(-2011, "Unknown order sent.")


def no_such_order() -> Refused:
    """No order ever had that id."""
    return Refused(-2013, "Order does not exist.")


def bad_symbol() -> Refused:
    """Nothing of that name is traded."""
    return Refused(-1121, "Invalid symbol.")
