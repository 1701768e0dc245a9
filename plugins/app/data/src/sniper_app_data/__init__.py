"""A catalogue of market data: imported, downloaded, listed, checked."""

from sniper import AppSpec, FeedSpec, hookimpl


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
            name="download",
            group="data",
            summary="Download market data of exchanges into a catalogue",
            factory="sniper_app_data.download:download",
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


@hookimpl
def sniper_feeds() -> list[FeedSpec]:
    return [
        FeedSpec(
            name="market-data",
            summary="Trades, bars, books and funding of a catalogue, to backtest on",
            factory="sniper_app_data.feed:MarketData",
            emits=("bar/1", "book-changed/1", "funding-rate/1", "trade/1"),
            in_init=False,
        )
    ]
