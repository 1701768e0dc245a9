"""Sells when the value falls below a share of the cost."""

from sniper import ExitSpec, hookimpl


@hookimpl
def sniper_exits() -> list[ExitSpec]:
    return [
        ExitSpec(
            name="stop-loss",
            summary="Sells when the value falls below a share of the cost",
            factory="sniper_exit_stop_loss.rule:StopLoss",
        )
    ]
