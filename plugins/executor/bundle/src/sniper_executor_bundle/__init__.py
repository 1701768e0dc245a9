"""Bundles."""

from sniper import ExecutorSpec, hookimpl


@hookimpl
def sniper_executors() -> list[ExecutorSpec]:
    return [
        ExecutorSpec(
            name="bundle",
            summary="Sends transactions in bundles for the next blocks; an entry that would revert costs nothing",
            factory="sniper_executor_bundle.executor:BundleExecutor",
            permissions=("network:relays",),
            modes=("live",),
            in_init=False,
        )
    ]
