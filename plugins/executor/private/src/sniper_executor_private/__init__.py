"""Private relays."""

from sniper import ExecutorSpec, hookimpl


@hookimpl
def sniper_executors() -> list[ExecutorSpec]:
    return [
        ExecutorSpec(
            name="private",
            summary="Sends transactions to private relays, and publicly what must not wait",
            factory="sniper_executor_private.executor:Private",
            permissions=("network:relays",),
            modes=("live",),
            in_init=False,
        )
    ]
