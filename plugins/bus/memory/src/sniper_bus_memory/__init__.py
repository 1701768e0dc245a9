"""Bounded lanes in this process."""

from sniper import BusSpec, hookimpl


@hookimpl
def sniper_buses() -> list[BusSpec]:
    return [
        BusSpec(
            name="memory",
            summary="Bounded lanes in this process",
            factory="sniper_bus_memory.bus:Memory",
        )
    ]
