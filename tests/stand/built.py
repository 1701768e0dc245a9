"""A chain whose blocks come from a builder, out of a public pool and what relays were given."""

from typing import Self

from sniper_sdk.devchain import DevChain
from sniper_sdk.relay import Builder


class BuiltChain(DevChain):
    """As a `DevChain` that is told when to mine. ``builder``: what relays stand before.

    What `send` sends has a block of its own, which another builder won: the node plays no creation of a contract, so
    this one could not choose it.
    """

    def __init__(self) -> None:
        super().__init__(automine=False, order="fifo")

    def start(self) -> Self:
        """As `DevChain.start`."""
        super().start()
        self.builder = Builder(self)
        return self

    def restart(self, state: bytes) -> None:
        """As `DevChain.restart`. What waits in public is lost with the node; relays keep what they have."""
        super().restart(state)
        for bundle in self.builder.bundles():
            self.builder.remove("", bundle.key)

    def hand_in(self, signed: str) -> str:
        """Into the public pool."""
        return self.builder.add_public(signed).hash

    def nonce(self, address: str) -> int:
        """The next one of an address, with what waits in public."""
        mined = int(self.rpc.call("eth_getTransactionCount", address, "latest"), 16)
        return self.builder.pending_nonce(address, mined)

    def mine(self, blocks: int = 1) -> None:
        """Have that many blocks built."""
        for _ in range(blocks):
            self.builder.build()
