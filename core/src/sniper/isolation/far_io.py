"""What an ``async def`` of a plugin in a worker is given: its questions go over the socket, one after the other.

Nothing in a worker waits for two things at once, so no event loop runs there: to ``await`` is to ask and to be told.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NoReturn, ParamSpec, TypeVar

from sniper.errors import PermissionDenied
from sniper.evm.log import Log
from sniper.io import Fetched, Mined, Transaction
from sniper.isolation.far_view import Asks

P = ParamSpec("P")
T = TypeVar("T")

LOG = ("address", "topics", "data", "block", "block_hash", "transaction", "transaction_index", "index")
"""What is told of a log."""


def driven(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing but the host. Raises `RuntimeError` for one that waits for another thing,
    as `asyncio.sleep` does."""
    try:
        work.send(None)
    except StopIteration as over:
        found: T = over.value
        return found
    work.close()
    raise RuntimeError("a plugin in a worker awaits what it was given and nothing else, one thing after the other")


class FarChain:
    """See `sniper.io.Chain`."""

    def __init__(self, asks: Asks, block: int) -> None:
        self._asks = asks
        self.block = block

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        given: list[Any] = list(args)
        return tuple(map(_tuples, self._asks("chain.read", address, signature, given)))

    async def code(self, address: str) -> bytes:
        return bytes(self._asks("chain.code", address))

    async def storage(self, address: str, slot: int) -> int:
        return int(self._asks("chain.storage", address, slot))

    async def nonce(self, address: str) -> int:
        return int(self._asks("chain.nonce", address))

    async def mined(self, number: int) -> Mined:
        of, timestamp, rows = self._asks("chain.mined", number)
        found = (
            Transaction(hash=hashed, sender=sender, to=to, value=value, nonce=nonce)
            for hashed, sender, to, value, nonce in rows
        )
        return Mined(number=of, timestamp=timestamp, transactions=tuple(found))

    async def logs(
        self,
        *,
        address: str | Sequence[str] | None = None,
        topics: Sequence[str | Sequence[str] | None] = (),
        first: int,
        last: int | None = None,
    ) -> list[Log]:
        where: Any = address if address is None or isinstance(address, str) else list(address)
        wanted: Any = [each if each is None or isinstance(each, str) else list(each) for each in topics]
        rows = self._asks("chain.logs", where, wanted, first, last)
        return [Log(**dict(zip(LOG, [of, tuple(names), *rest], strict=True))) for of, names, *rest in rows]

    async def time(self, block: int | None = None) -> int:
        return int(self._asks("chain.time", block))


class FarIo:
    """See `sniper.io.Io`. What simulates and what computes elsewhere is for plugins that are trusted."""

    def __init__(self, asks: Asks) -> None:
        self._asks = asks

    async def chain(self, chain_id: int) -> FarChain:
        return FarChain(self._asks, int(self._asks("io.chain", chain_id)))

    async def fork(self, chain_id: int) -> NoReturn:
        raise PermissionDenied("a plugin in a worker simulates nothing; it needs explicit trust: sniper plugins trust")

    async def simulate(self, chain_id: int, scenario: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise PermissionDenied("a plugin in a worker simulates nothing; it needs explicit trust: sniper plugins trust")

    async def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Fetched:
        status, pairs, found = self._asks("io.fetch", url, method, [list(pair) for pair in headers], body)
        return Fetched(status=status, headers=tuple((name, value) for name, value in pairs), body=found)


def _tuples(value: Any) -> Any:
    """ABI values: sequences in them are tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
