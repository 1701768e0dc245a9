"""Markets of every exchange that ccxt knows."""

from sniper import ExchangeSpec, hookimpl


@hookimpl
def sniper_exchanges() -> list[ExchangeSpec]:
    return [
        ExchangeSpec(
            name="ccxt",
            summary="Spot, perpetuals and futures of every exchange that ccxt knows, by REST and WebSocket",
            factory="sniper_venue_ccxt.exchange:CcxtExchange",
            permissions=("network",),
            in_init=False,
        )
    ]
