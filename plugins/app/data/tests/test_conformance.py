from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from market import NOON, SECOND, Shop

from sniper.feed import Wanted
from sniper_app_data import reading
from sniper_app_data.check import check
from sniper_app_data.download import download
from sniper_app_data.feed import MarketData, MarketDataConfig
from sniper_app_data.import_ import import_
from sniper_app_data.list_ import list_
from sniper_sdk import AppConformance, FeedConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-app-data"


class TestImport(AppConformance):
    command = import_


class TestDownload(AppConformance):
    command = download


class TestList(AppConformance):
    command = list_


class TestCheck(AppConformance):
    command = check


class TestMarketData(FeedConformance):
    emits = ("bar/1", "book-changed/1", "funding-rate/1", "trade/1")

    @pytest.fixture
    def make_feed(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Callable[[object], MarketData]:
        monkeypatch.setattr(reading, "BATCH", 2)
        lines = [f"{NOON // SECOND + n},1.00,1" for n in range(20)]
        shop.take(shop.file("t.csv", "time,price,size", *lines), "trades")

        def made(resume: object) -> MarketData:
            context: Any = None  # it asks for nothing
            feed = MarketData(MarketDataConfig(data=shop.catalogue.root), context)
            feed.open(Wanted(instruments=("x:BTC/USDT",)))
            return feed

        return made

    @pytest.fixture
    def produce(self) -> Callable[[], Awaitable[None]]:
        async def nothing() -> None:
            """All of it is there."""

        return nothing
