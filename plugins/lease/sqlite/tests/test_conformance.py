from sniper_lease_sqlite.keeper import Sqlite
from sniper_sdk import LeaseConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-lease-sqlite"


class TestSqlite(LeaseConformance):
    def make(self) -> Sqlite:
        return Sqlite()
