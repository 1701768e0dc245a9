"""Leases in Redis, by the server's clock. Best effort: see the README for what it does not promise."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from pydantic import Field

from sniper.config import Config
from sniper.errors import SniperError
from sniper.lease import Lease, LeaseKeeper, LeaseTaken, LeaseUnreachable, LeaseUnusable, checked, explained, lost

PATIENCE_S = 3
_NOW = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local held = redis.call('HMGET', KEYS[1], 'owner', 'token', 'ends')
"""
_ACQUIRE = (
    _NOW
    + """
if held[2] and held[1] ~= '' and held[1] ~= ARGV[1] and tonumber(held[3]) > now then
    return {0, held[1], tonumber(held[3]) - now}
end
local token = held[2] and tonumber(held[2]) + 1 or tonumber(clock[1])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', token, 'ends', string.format('%.0f', now + tonumber(ARGV[2])))
return {token, ARGV[1], 0}
"""
)
_RENEW = (
    _NOW
    + """
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'ends', string.format('%.0f', now + tonumber(ARGV[3])))
return 1
"""
)
_RELEASE = (
    _NOW
    + """
if held[1] == ARGV[1] and held[2] == ARGV[2] then redis.call('HSET', KEYS[1], 'owner', '') end
return 1
"""
)
"""A script runs whole and alone (EVAL); its numbers are doubles, exact up to 2^53: microseconds until the year 2255."""


class RedisConfig(Config):
    host: str = Field(
        "127.0.0.1", description="Where it answers: a name, an address, or the absolute path of its socket"
    )
    port: int = Field(6379, ge=1, le=65_535, description="Its port")
    database: int = Field(0, ge=0, description="Number of the database")
    user: str | None = Field(None, description="Name to log in with, where it wants one")
    password_file: Path | None = Field(None, description="File that holds the password alone, where it wants one")
    tls: bool = Field(False, description="Whether to encrypt, and to check its certificate")
    prefix: str = Field("sniper:lease:", description="What the names of the keys begin with")


class KeeperClosed(SniperError, RuntimeError):
    """The keeper is used before it was opened, or after it was closed."""

    code = "lease-closed"


class Redis(LeaseKeeper):
    """One hash for each account, which never expires: the token in it must outlive the lease."""

    def __init__(self, config: RedisConfig) -> None:
        self._config = config
        self._client: redis.Redis | None = None

    def open(self, run: Path) -> None:
        """As `LeaseKeeper.open`."""
        self.close()
        config, password = self._config, None
        if config.password_file is not None:
            try:
                password = config.password_file.read_text().strip()
            except OSError as error:
                raise LeaseUnusable(
                    f"{config.password_file}: the password cannot be read: {error.strerror}; see password_file"
                ) from error
        where: dict[str, Any] = (  # Any: arguments of the client
            {"unix_socket_path": config.host}
            if config.host.startswith("/")
            else {"host": config.host, "port": config.port, "ssl": config.tls}
        )
        self._client = redis.Redis(
            **where,
            db=config.database,
            username=config.user,
            password=password,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            decode_responses=True,
        )
        try:
            with self._asking() as client:
                client.ping()
        except BaseException:
            self.close()
            raise

    def acquire(self, account: str, owner: str, ttl_s: float) -> Lease:
        """As `LeaseKeeper.acquire`."""
        checked(account, owner, ttl_s)
        token, holder, left = self._run(_ACQUIRE, account, owner, int(ttl_s * 1e6))
        if not token:
            raise LeaseTaken(account, holder, left / 1e6)
        return Lease(account=account, owner=owner, token=token)

    def renew(self, lease: Lease, ttl_s: float) -> None:
        """As `LeaseKeeper.renew`."""
        checked(lease.account, lease.owner, ttl_s)
        if not self._run(_RENEW, lease.account, lease.owner, lease.token, int(ttl_s * 1e6)):
            raise lost(lease)

    def release(self, lease: Lease) -> None:
        """As `LeaseKeeper.release`. The token stays, so that the next one is higher."""
        self._run(_RELEASE, lease.account, lease.owner, lease.token)

    def close(self) -> None:
        """As `LeaseKeeper.close`."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _run(self, script: str, account: str, *arguments: str | int) -> Any:  # Any: what the script returns
        with self._asking() as client:
            return client.eval(script, 1, f"{self._config.prefix}{account}", *arguments)

    @contextmanager
    def _asking(self) -> Iterator["redis.Redis"]:
        if self._client is None:
            raise KeeperClosed("the leases are not open: call open(run) first")
        config = self._config
        where = f"Redis at {config.host}" + ("" if config.host.startswith("/") else f":{config.port}")
        try:
            with explained(where, redis.ConnectionError, redis.TimeoutError):
                yield self._client
        except redis.RedisError as error:
            if isinstance(error, redis.exceptions.ReadOnlyError | redis.exceptions.BusyLoadingError):
                raise LeaseUnreachable(f"{where} takes no writes now: {error}; name the primary") from error
            raise LeaseUnusable(
                f"{where} refuses: {error}; see user, password_file and what that user may do"
            ) from error
