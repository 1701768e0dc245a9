from sniper_bus_memory.bus import Memory
from sniper_sdk import BusConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-bus-memory"


class TestMemory(BusConformance):
    def make(self, *, deltas: int = 1000) -> Memory:
        return Memory(deltas=deltas)
