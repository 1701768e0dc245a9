"""Leases in PostgreSQL."""

from sniper import LeaseSpec, hookimpl


@hookimpl
def sniper_leases() -> list[LeaseSpec]:
    return [
        LeaseSpec(
            name="postgres",
            summary="Leases in PostgreSQL, for several machines",
            factory="sniper_lease_postgres.keeper:Postgres",
            permissions=("network:postgres",),
            in_init=False,
        )
    ]
