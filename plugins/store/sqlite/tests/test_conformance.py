from sniper_sdk import PackageConformance, StoreConformance
from sniper_store_sqlite.store import Sqlite


class TestPackage(PackageConformance):
    distribution = "sniper-store-sqlite"


class TestSqlite(StoreConformance):
    models = ("chains", "tokens", "intents", "findings", "orders", "fills")

    def make(self) -> Sqlite:
        return Sqlite()
