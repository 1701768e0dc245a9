"""A catalogue of market data: imported, downloaded, listed, checked."""

from sniper import AppSpec, hookimpl


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return [
        AppSpec(
            name="import",
            group="data",
            summary="Take files of market data into a catalogue",
            factory="sniper_app_data.import_:import_",
        ),
        AppSpec(
            name="list", group="data", summary="List what a catalogue holds", factory="sniper_app_data.list_:list_"
        ),
        AppSpec(
            name="check",
            group="data",
            summary="Prove that a catalogue is whole, and tell its gaps",
            factory="sniper_app_data.check:check",
        ),
    ]
