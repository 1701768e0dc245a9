"""A server that dies, and one that forgets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from sniper.lease import LeaseLost, LeaseTaken, LeaseUnreachable, LeaseUnusable
from sniper_lease_redis.keeper import Redis, RedisConfig
from sniper_sdk.servers import RedisServer, redis_server

TTL_S = 3600.0


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def keeper(server: RedisServer, tmp_path: Path) -> Iterator[Redis]:
    made = Redis(RedisConfig(port=server.port))
    made.open(tmp_path)
    yield made
    made.close()


def test_after_the_server_died_and_came_back_leases_and_tokens_are_what_they_were(
    server: RedisServer, keeper: Redis
) -> None:
    lease = keeper.acquire("killed", "one", TTL_S)
    server.kill()
    try:
        with pytest.raises(LeaseUnreachable, match="see that it runs"):
            keeper.renew(lease, TTL_S)
    finally:
        server.start()
    keeper.renew(lease, TTL_S)
    with pytest.raises(LeaseTaken):
        keeper.acquire("killed", "other", TTL_S)


def test_one_that_forgot_loses_the_lease_and_still_gives_a_higher_token(server: RedisServer, keeper: Redis) -> None:
    lease = keeper.acquire("forgotten", "one", TTL_S)
    with redis.Redis(port=server.port) as client:
        client.hset("sniper:lease:forgotten", "token", str(lease.token - 1000))  # as if it were long ago
        lease = type(lease)(lease.account, lease.owner, lease.token - 1000)
        client.flushall()
    with pytest.raises(LeaseLost):
        keeper.renew(lease, TTL_S)
    assert keeper.acquire("forgotten", "other", TTL_S).token > lease.token


def test_a_server_that_is_not_there_is_an_error_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(LeaseUnreachable, match="/nowhere"):
        Redis(RedisConfig(host="/nowhere")).open(tmp_path)


def test_a_replica_takes_no_writes_and_says_so(server: RedisServer, keeper: Redis) -> None:
    with redis.Redis(port=server.port) as client:
        client.replicaof("127.0.0.1", 1)
        try:
            with pytest.raises(LeaseUnreachable, match="name the primary"):
                keeper.acquire("alice", "one", TTL_S)
        finally:
            client.replicaof("NO", "ONE")
    keeper.acquire("alice", "one", TTL_S)


def test_a_password_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LeaseUnusable, match="absent"):
        Redis(RedisConfig(password_file=tmp_path / "absent")).open(tmp_path)
