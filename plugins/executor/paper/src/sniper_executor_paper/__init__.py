"""Transactions played on the state of the pools."""

from sniper import ExecutorSpec, hookimpl


@hookimpl
def sniper_executors() -> list[ExecutorSpec]:
    return [
        ExecutorSpec(
            name="paper",
            summary="Plays transactions on the state of the pools and sends nothing",
            factory="sniper_executor_paper.executor:Paper",
            modes=("paper", "backtest"),
        )
    ]
