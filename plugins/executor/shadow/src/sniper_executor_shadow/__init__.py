"""Decides like live and sends nothing."""

from sniper import ExecutorSpec, hookimpl


@hookimpl
def sniper_executors() -> list[ExecutorSpec]:
    return [
        ExecutorSpec(
            name="shadow",
            summary="Decides like live and sends nothing",
            factory="sniper_executor_shadow.executor:Shadow",
            modes=("shadow",),
        )
    ]
