"""A dev chain that is brought back to one known state, as often as it is asked for."""

from typing import Self

from sniper.errors import RpcError
from sniper_sdk.devchain.chain import DevChain


class KnownChain:
    """``chain()`` is the same node each time, as it was right after its start: no transaction of before waits or was
    mined; balances, contracts, time, base fee and the way it mines are what they were. Some milliseconds, where a
    start takes a tenth of a second.

    A node that cannot go back, because it was stopped, killed or restarted, is started anew. Snapshots that were taken
    before are void.
    """

    def __init__(self) -> None:
        self._chain = DevChain()
        self._pid = 0
        self._snapshot = ""
        self._base_fee = ""

    def chain(self) -> DevChain:
        """The node in its known state. Raises what `DevChain.start` raises."""
        chain = self._chain
        if not (chain.running and chain.pid == self._pid and self._went_back()):
            chain.stop()
            chain.start()
            self._pid = chain.pid
            self._base_fee = chain.rpc.call("eth_getBlockByNumber", "pending", False)["baseFeePerGas"]
        self._snapshot = chain.snapshot()
        return chain

    def _went_back(self) -> bool:
        chain = self._chain
        try:
            chain.revert(self._snapshot)
        except RpcError:
            return False
        # what no snapshot holds
        chain.rpc.call("anvil_dropAllTransactions")
        chain.rpc.call("anvil_setNextBlockBaseFeePerGas", self._base_fee)
        chain.rpc.call("evm_setAutomine", True)
        chain.rpc.call("anvil_setBlockTimestampInterval", chain.block_interval)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._chain.stop()
