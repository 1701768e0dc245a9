from collections.abc import Iterator

import pytest

from sniper_lease_redis.keeper import Redis, RedisConfig
from sniper_sdk import LeaseConformance, PackageConformance
from sniper_sdk.servers import RedisServer, redis_server


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


class TestPackage(PackageConformance):
    distribution = "sniper-lease-redis"


class TestRedis(LeaseConformance):
    @pytest.fixture(autouse=True)
    def reach(self, server: RedisServer) -> None:
        self.server = server

    def make(self) -> Redis:
        return Redis(RedisConfig(port=self.server.port))
