"""Read models in PostgreSQL."""

from sniper import StoreSpec, hookimpl


@hookimpl
def sniper_stores() -> list[StoreSpec]:
    return [
        StoreSpec(
            name="postgres",
            summary="Read models in PostgreSQL, where each account sees its own rows alone",
            factory="sniper_store_postgres.store:Postgres",
            permissions=("network:postgres",),
            in_init=False,
        )
    ]
