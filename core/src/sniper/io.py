"""The ways out of the kernel, for ``async def`` methods. In a worker the same calls go through the broker."""

from typing import Any, Protocol

from sniper.plugin import Frozen


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


class Chain(Protocol):
    """Read access to one chain, pinned to one block. Reads made together travel in one batch."""

    @property
    def block(self) -> int: ...

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        """Call a view function, e.g. ``"balanceOf(address)(uint256)"``. Any: the results' ABI types.

        Raises `CallReverted` when the contract refuses and `RpcError` when no endpoint answers.
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
