"""Sells in steps as the value rises above the cost."""

from sniper import ExitSpec, hookimpl


@hookimpl
def sniper_exits() -> list[ExitSpec]:
    return [
        ExitSpec(
            name="take-profit",
            summary="Sells in steps as the value rises above the cost",
            factory="sniper_exit_take_profit.rule:TakeProfit",
        )
    ]
