"""The ways out of the kernel, for ``async def`` methods. In a worker the same calls go through the broker."""

from collections.abc import Callable, Generator, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

from sniper.evm.log import Log
from sniper.plugin import Frozen

P = ParamSpec("P")
T = TypeVar("T")


class Trade(Frozen):
    """What one simulated purchase or sale did, measured by balances.

    paid, received  Base units of what went out and what came in; 0 when it reverted.
    expected        What the pool's own formula promised for ``paid``, base units.
    reverted        The reason where it reverted, else empty.
    """

    paid: int
    received: int
    expected: int
    gas_used: int
    reverted: str = ""


class Transaction(Frozen):
    """One of a block. ``to`` is empty where it creates a contract; ``value``: native coin sent along, wei."""

    hash: str
    sender: str
    to: str
    value: int
    nonce: int


class Mined(Frozen):
    """A block with its transactions, in their order. ``timestamp``: seconds UTC."""

    number: int
    timestamp: int
    transactions: tuple[Transaction, ...]


class Fetched(Frozen):
    """An answer by HTTP. ``body``: as it came, at most 512 KiB."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Chain(Protocol):
    """Read access to one chain, pinned to one block. Reads made together travel in one batch."""

    @property
    def block(self) -> int: ...

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        """Call a view function, e.g. ``"balanceOf(address)(uint256)"``. Any: the results' ABI types.

        Raises `CallReverted` when the contract refuses and `RpcError` when no endpoint answers.
        """
        ...

    async def code(self, address: str) -> bytes:
        """The code at an address; empty where there is none. Raises `RpcError` when no endpoint answers."""
        ...

    async def storage(self, address: str, slot: int) -> int:
        """The word in a storage slot, 0 to 2**256 - 1. Raises `RpcError` when no endpoint answers."""
        ...

    async def nonce(self, address: str) -> int:
        """How many transactions an address has sent, or contracts it has created. Raises `RpcError` when no endpoint
        answers."""
        ...

    async def mined(self, number: int) -> Mined:
        """The block of that number, up to this one. On a busy chain this is some hundred kilobytes.

        Raises `RpcError` when no endpoint answers, or none has that block.
        """
        ...

    async def logs(
        self,
        *,
        address: str | Sequence[str] | None = None,
        topics: Sequence[str | Sequence[str] | None] = (),
        first: int,
        last: int | None = None,
    ) -> list[Log]:
        """Logs of the blocks ``first`` to ``last`` (this one, where left out), in their order. In ``topics``, None
        stands for any and a sequence for one of several.

        Raises `RpcError` when no endpoint answers, or none gives that many: ask for fewer blocks.
        """
        ...

    async def time(self, block: int | None = None) -> int:
        """When a block was made (this one, where left out), Unix seconds; not later than this one.

        Raises `RpcError` when no endpoint answers.
        """
        ...


class Fork(Chain, Protocol):
    """A throw-away copy of a chain's state, for simulation. Each trade sees what the ones before it did."""

    async def buy(self, pool: str, amount: int) -> Trade:
        """Buy the pool's token for ``amount`` of the account's quote asset, funded for the purpose."""
        ...

    async def sell(self, pool: str, amount: int) -> Trade:
        """Approve and sell ``amount`` of the pool's token."""
        ...


class Io(Protocol):
    """What the spec's permissions grant; anything else raises `PermissionDenied`."""

    async def chain(self, chain_id: int) -> Chain: ...
    async def fork(self, chain_id: int) -> Fork: ...

    async def simulate(
        self, chain_id: int, scenario: Callable[P, Generator[Any, Any, T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Play a scenario (`sniper.scenario`) on the state after the newest block, and return what it returns.

        The newest block is the newest that the kernel knew when this was called; asked again on the same block with the
        same arguments, it is not played again. The scenario's parameters and result are annotated.

        Raises `ComputeError` where it raises, takes too long or too much memory; `RpcError` when no endpoint answers;
        `PoolUnknown` and `PluginError` for a pool that cannot be traded.
        """
        ...

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Fetched:
        """Make a request by HTTPS, for a plugin that runs in a worker: to a host that was granted to it
        (``"network:api.acme.com"``). ``${secret:NAME}`` in the value of a header becomes the value of a secret that was
        granted (``"secret:NAME"``).

        Raises `PermissionDenied` for what was not granted, and in a plugin that runs in sniper itself, which makes its
        requests with a library of its own; `RpcError` where no answer came within 10 seconds, or a larger one.
        """
        ...

    async def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a pure function from the top level of a module, in a worker process, under caps of time and memory. What
        it returned for the same arguments before is not computed again. Arguments and result are messages or plain
        data, and annotated.

        Raises `ComputeError` where it raises, takes too long or too much memory.
        """
        ...
