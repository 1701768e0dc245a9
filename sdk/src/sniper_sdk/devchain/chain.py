"""A development chain: a real node with the real Uniswap contracts, started in a fraction of a second."""

import gzip
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from sniper.errors import CallReverted, RpcError, SniperError
from sniper.types import NATIVE
from sniper_sdk.devchain.abi import encoded
from sniper_sdk.devchain.account import Account, checksum
from sniper_sdk.devchain.deployment import Addresses, DeployedState, deployed_state
from sniper_sdk.devchain.process import AnvilProcess
from sniper_sdk.devchain.rpc import Rpc
from sniper_sdk.npm import Artifact, Progress

CHAIN_ID = 31337
GENESIS_TIMESTAMP = 1_780_000_000  # 2026-05-28, the same for everyone so that runs repeat
_GWEI = 10**9
_LEGACY = ("istanbul", "berlin")
"""Hard forks without a base fee (EIP-1559), whose transactions are of type 0."""
_BALANCE_OF = bytes.fromhex("70a08231")


class ChainNotRunning(SniperError, RuntimeError):
    """The dev chain was used before it was started or after it was stopped."""

    code = "devchain-not-running"


@dataclass(frozen=True)
class Log:
    """One event of a receipt; topics and data are hex with 0x."""

    address: str
    topics: tuple[str, ...]
    data: str


@dataclass(frozen=True)
class Receipt:
    """What became of a transaction."""

    hash: str
    block: int
    index: int
    succeeded: bool
    gas_used: int
    fee: int
    """Wei paid for gas."""
    contract: str | None
    """The created contract's address, for a deployment."""
    logs: tuple[Log, ...]


class DevChain:
    """``with DevChain() as chain:`` or `start` and `stop`.

    `automine` mines one block for each transaction; without it blocks come from `mine`, or from `send`, which mines its
    own. `block_time` (wall seconds) lets the node mine by itself instead. Blocks are `block_interval` seconds apart in
    chain time, whatever the wall clock says, so two equal runs have equal blocks. `contracts=False` leaves out Uniswap.
    `kept_states` bounds the past blocks whose state can be asked for; without it the node keeps all, and those of
    thousands of blocks on disk, tens of megabytes each where the contracts are large. `order`: which transactions come
    first in a block, those that pay most or those that came first. `optimism`: take from senders what ``L1Block`` says
    (`sniper_sdk.protocols.set_prices`), by the rules of Isthmus. The zero address, which asks for most of what is read,
    then has funds, for this node takes it of calls, too.

    Ten `accounts` hold 10,000 ETH each. The process ends with the thread that started it.
    """

    def __init__(
        self,
        *,
        chain_id: int = CHAIN_ID,
        hardfork: str = "prague",
        automine: bool = True,
        block_time: float | None = None,
        block_interval: int = 12,
        contracts: bool = True,
        kept_states: int | None = None,
        order: Literal["fees", "fifo"] = "fees",
        optimism: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.chain_id = chain_id
        self.order = order
        self.optimism = optimism
        self.hardfork = hardfork
        self.automine = automine and block_time is None
        self.block_time = block_time
        self.block_interval = block_interval
        self.accounts = tuple(Account.named(f"account {number}") for number in range(10))
        self._contracts = contracts
        self._kept_states = kept_states
        self._progress = progress
        self._process: AnvilProcess | None = None
        self._rpc: Rpc | None = None
        self._addresses: Addresses | None = None

    # life

    def start(self) -> Self:
        """Start the node. Raises `ChainStartFailed`, and on the very first use what `packages` raises."""
        self._start(None)
        # a loaded state has its blocks but not their clock
        self.rpc.call("evm_setNextBlockTimestamp", self.timestamp() + self.block_interval)
        for account in self.accounts:
            self.fund(account.address, 10_000 * 10**18)
        if self.optimism:
            self.fund(NATIVE, 10_000 * 10**18)
        return self

    def restart(self, state: bytes) -> None:
        """Kill the node (SIGKILL) and start it on a `state` of before, at another port: what came after it is gone,
        and so is all that waited for a block."""
        assert self._process is not None
        self._process.kill()
        with tempfile.TemporaryDirectory(prefix="sniper-state-") as directory:
            file = Path(directory) / "state.json"
            file.write_bytes(gzip.decompress(state))
            self.stop()
            self._start(file)
        self.rpc.call("evm_setNextBlockTimestamp", self.timestamp() + self.block_interval)

    def _start(self, kept: Path | None) -> None:
        genesis = ["--timestamp", str(GENESIS_TIMESTAMP)]
        state: DeployedState | None = None
        if self._contracts:
            state = deployed_state(DevChain, self.hardfork, genesis, self._progress)
        fork = ["--optimism", "--hardfork", "isthmus"] if self.optimism else ["--hardfork", self.hardfork]
        arguments = ["--chain-id", str(self.chain_id), *fork, "--accounts", "1", *genesis]
        arguments += ["--order", self.order, "--no-request-size-limit"]
        if state is not None:
            self._addresses = state.addresses
            kept = kept or state.dump
        if kept is not None:
            arguments += ["--load-state", str(kept)]
        if self._kept_states is not None:
            arguments += ["--prune-history", str(self._kept_states)]
        if self.block_time is not None:
            arguments += ["--block-time", str(self.block_time)]
        elif not self.automine:
            arguments += ["--no-mining"]
        self._process = AnvilProcess(arguments, self._progress)
        self._rpc = Rpc(self._process.port)
        self.rpc.call("anvil_setBlockTimestampInterval", self.block_interval)

    def stop(self) -> None:
        """End the node, by its own process id. May be called twice."""
        if self._rpc is not None:
            self._rpc.close()
            self._rpc = None
        if self._process is not None:
            self._process.end()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # where it is

    @property
    def running(self) -> bool:
        """Whether the node was started and lives."""
        return self._rpc is not None and self._running.alive

    @property
    def port(self) -> int:
        """The port on the loopback interface, for HTTP and WebSocket alike."""
        return self._running.port

    @property
    def pid(self) -> int:
        """The node's process id."""
        return self._running.pid

    @property
    def rpc_url(self) -> str:
        """For JSON-RPC over HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """For JSON-RPC over WebSocket, with subscriptions."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def rpc(self) -> Rpc:
        """Raw JSON-RPC: ``chain.rpc.call("eth_feeHistory", "0x4", "latest", [])``."""
        if self._rpc is None:
            raise ChainNotRunning("this dev chain is not running; use `with DevChain() as chain:` or call start()")
        return self._rpc

    @property
    def addresses(self) -> Addresses:
        """Where the Uniswap contracts and WETH stand."""
        if self._addresses is None:
            raise ChainNotRunning("this dev chain has no contracts: it was not started, or with contracts=False")
        return self._addresses

    # transactions

    def submit(
        self,
        sender: Account,
        to: str | None,
        data: bytes = b"",
        value: int = 0,
        *,
        gas: int = 6_000_000,
        tip: int = _GWEI,
        nonce: int | None = None,
    ) -> str:
        """Sign a transaction (EIP-1559) and hand it to the node; returns its hash. `to=None` creates a contract.

        `tip` is in wei for each gas: the node takes the highest first. `nonce` is the sender's next unless given.
        """
        return self.hand_in(self._signed(sender, to, data, value, gas=gas, tip=tip, nonce=nonce))

    def hand_in(self, signed: str) -> str:
        """Let a signed transaction (hex with 0x) wait for a block; its hash."""
        return str(self.rpc.call("eth_sendRawTransaction", signed))

    def send(
        self, sender: Account, to: str | None, data: bytes = b"", value: int = 0, *, gas: int = 6_000_000
    ) -> Receipt:
        """`submit`, wait until it is mined (mine it, unless the node does), and return the receipt.

        Raises `CallReverted` with the reason if it failed.
        """
        receipt = self.include(self._signed(sender, to, data, value, gas=gas))
        if not receipt.succeeded:
            call = {"from": sender.address, "to": to, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(gas)}
            self.rpc.call("eth_call", call, hex(receipt.block - 1))  # raises with the reason
            raise CallReverted(f"transaction {receipt.hash} reverted, though the same call one block before does not")
        return receipt

    def include(self, signed: str) -> Receipt:
        """Hand in a signed transaction (hex with 0x), wait until it is mined (mine it, unless the node does), and
        return its receipt, which may say that it failed."""
        if self.automine or self.block_time is not None:
            return _receipt(self.rpc.call("eth_sendRawTransactionSync", signed))
        transaction = str(self.rpc.call("eth_sendRawTransaction", signed))
        self.rpc.call("evm_mine")
        return self.receipt(transaction)

    def receipt(self, transaction: str) -> Receipt:
        """The receipt of a mined transaction; raises `RpcError` if it is not mined."""
        found = self.rpc.call("eth_getTransactionReceipt", transaction)
        if found is None:
            raise RpcError(f"transaction {transaction} is not mined; call mine(), or wait for the next block")
        return _receipt(found)

    def deploy(
        self,
        code: Artifact | bytes,
        *arguments: Any,
        sender: Account | None = None,
        value: int = 0,
        gas: int = 6_000_000,
    ) -> str:
        """Create a contract, return its address. Arguments follow the artifact's constructor; bare code takes none."""
        creation = code if isinstance(code, bytes) else code.bytecode + encoded(code.constructor_types, arguments)
        if isinstance(code, bytes) and arguments:
            raise TypeError("bare creation code says nothing of its arguments; append them, or pass an Artifact")
        contract = self.send(sender or self.accounts[0], None, creation, value, gas=gas).contract
        assert contract is not None  # a successful creation always has one
        return contract

    # reading

    def call(
        self, to: str, data: bytes, *, sender: str | None = None, value: int = 0, block: int | None = None
    ) -> bytes:
        """What a call returns, on the latest block unless `block` is given; raises `CallReverted`."""
        request = {"to": to, "data": "0x" + data.hex(), "value": hex(value)}
        if sender is not None:
            request["from"] = sender
        answer = self.rpc.call("eth_call", request, "latest" if block is None else hex(block))
        return bytes.fromhex(answer[2:])

    def balance(self, address: str) -> int:
        """Wei."""
        return int(self.rpc.call("eth_getBalance", address, "latest"), 16)

    def token_balance(self, token: str, address: str) -> int:
        """Base units, as the token says; raises `CallReverted` if it says nothing."""
        return int.from_bytes(self.call(token, _BALANCE_OF + bytes(12) + bytes.fromhex(address[2:]))[:32], "big")

    def nonce(self, address: str) -> int:
        """The next nonce, pending transactions counted."""
        return int(self.rpc.call("eth_getTransactionCount", address, "pending"), 16)

    def block_number(self) -> int:
        """The newest block."""
        return int(self.rpc.call("eth_blockNumber"), 16)

    def timestamp(self) -> int:
        """Chain time of the newest block, in seconds."""
        return int(self.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def logs(self, address: str, topics: Sequence[str | None], first_block: int) -> list[Log]:
        """The logs of one contract from `first_block` to the newest."""
        query = {"address": address, "topics": list(topics), "fromBlock": hex(first_block), "toBlock": "latest"}
        return [_log(log) for log in self.rpc.call("eth_getLogs", query)]

    # control

    def fund(self, address: str, wei: int) -> None:
        """Set the balance of an address, out of nothing."""
        self.rpc.call("anvil_setBalance", address, hex(wei))

    def mine(self, blocks: int = 1) -> None:
        """Mine that many blocks, each `block_interval` after the one before."""
        for _ in range(blocks):
            self.rpc.call("evm_mine")

    def snapshot(self) -> str:
        """Remember the state; `revert` takes the answer, once."""
        return str(self.rpc.call("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Go back to a snapshot; raises `RpcError` if it is used up or unknown."""
        if self.rpc.call("evm_revert", snapshot) is not True:
            raise RpcError(f"no snapshot {snapshot}: each can be reverted to once; take a new one")

    def state(self) -> bytes:
        """All blocks with their states, for `restart`."""
        return bytes.fromhex(self.rpc.call("anvil_dumpState", True)[2:])

    def reorg(self, depth: int) -> None:
        """Replace the newest `depth` blocks by empty ones. Their transactions vanish: this node forgets them."""
        self.rpc.call("anvil_reorg", depth, [])

    def _signed(
        self,
        sender: Account,
        to: str | None,
        data: bytes,
        value: int,
        *,
        gas: int,
        tip: int = _GWEI,
        nonce: int | None = None,
    ) -> str:
        fees = {"maxPriorityFeePerGas": tip, "maxFeePerGas": 100 * _GWEI + tip, "type": 2}
        if self.hardfork in _LEGACY:
            fees = {"gasPrice": _GWEI + tip}
        transaction: dict[str, object] = {
            **fees,
            "chainId": self.chain_id,
            "nonce": self.nonce(sender.address) if nonce is None else nonce,
            "gas": gas,
            "value": value,
            "data": data,
        }
        if to is not None:
            transaction["to"] = bytes.fromhex(to[2:])  # as text, eth-account wants it with a checksum
        return "0x" + sender.sign(transaction).hex()

    @property
    def _running(self) -> AnvilProcess:
        if self._process is None:
            raise ChainNotRunning("this dev chain is not running; use `with DevChain() as chain:` or call start()")
        return self._process


def _receipt(found: dict[str, Any]) -> Receipt:
    return Receipt(
        hash=found["transactionHash"],
        block=int(found["blockNumber"], 16),
        index=int(found["transactionIndex"], 16),
        succeeded=found["status"] == "0x1",
        gas_used=int(found["gasUsed"], 16),
        fee=int(found["gasUsed"], 16) * int(found["effectiveGasPrice"], 16),
        contract=found["contractAddress"] and _checksummed(found["contractAddress"]),
        logs=tuple(_log(log) for log in found["logs"]),
    )


def _log(found: dict[str, Any]) -> Log:
    return Log(_checksummed(found["address"]), tuple(found["topics"]), found["data"])


def _checksummed(address: str) -> str:
    return checksum(bytes.fromhex(address[2:]))
