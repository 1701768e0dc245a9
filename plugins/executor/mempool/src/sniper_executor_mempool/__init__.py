"""The chain's public mempool."""

from sniper import ExecutorSpec, hookimpl


@hookimpl
def sniper_executors() -> list[ExecutorSpec]:
    return [
        ExecutorSpec(
            name="mempool",
            summary="Sends transactions to the chain's public mempool",
            factory="sniper_executor_mempool.executor:Mempool",
            modes=("live",),
        )
    ]
