"""Sells when liquidity leaves, the token's owner acts or its sale tax rises."""

from sniper import ExitSpec, hookimpl


@hookimpl
def sniper_exits() -> list[ExitSpec]:
    return [
        ExitSpec(
            name="event-exit",
            summary="Sells when liquidity leaves, the token's owner acts or its sale tax rises",
            factory="sniper_exit_event_exit.rule:EventExit",
            simulates_sales=True,
        )
    ]
