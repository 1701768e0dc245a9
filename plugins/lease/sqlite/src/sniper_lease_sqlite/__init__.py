"""Leases on one machine."""

from sniper import LeaseSpec, hookimpl


@hookimpl
def sniper_leases() -> list[LeaseSpec]:
    return [
        LeaseSpec(
            name="sqlite",
            summary="Leases on one machine, in one SQLite file",
            factory="sniper_lease_sqlite.keeper:Sqlite",
        )
    ]
