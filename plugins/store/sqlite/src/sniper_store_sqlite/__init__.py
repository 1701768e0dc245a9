"""One SQLite file beside the journal."""

from sniper import StoreSpec, hookimpl


@hookimpl
def sniper_stores() -> list[StoreSpec]:
    return [
        StoreSpec(
            name="sqlite",
            summary="One SQLite file beside the journal",
            factory="sniper_store_sqlite.store:Sqlite",
        )
    ]
