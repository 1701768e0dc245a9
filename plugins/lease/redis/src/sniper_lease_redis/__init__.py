"""Leases in Redis."""

from sniper import LeaseSpec, hookimpl


@hookimpl
def sniper_leases() -> list[LeaseSpec]:
    return [
        LeaseSpec(
            name="redis",
            summary="Leases in Redis: best effort, it may forget what it granted",
            factory="sniper_lease_redis.keeper:Redis",
            permissions=("network:redis",),
            in_init=False,
        )
    ]
