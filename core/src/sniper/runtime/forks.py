"""`sniper.io.Chain` and `sniper.io.Fork` over a real node."""

from collections.abc import Callable, Generator, Sequence
from typing import Any, ParamSpec, TypeVar

from msgspec import structs

from sniper.errors import CallReverted, PermissionDenied, RpcError
from sniper.evm.abi import function
from sniper.evm.log import Log, log_from_json
from sniper.evm.rpc import Endpoints, NodeError, returned
from sniper.evm.simulate import CallResult, SimulatedBlock, SimulatedCall, StateOverride, simulate_blocks
from sniper.io import Fetched, Mined, Trade, Transaction
from sniper.kernel.account import Account
from sniper.runtime.desk import Desk
from sniper.runtime.probing import PROBES, reads_balance, reads_code, reads_slot
from sniper.runtime.simulations import Simulations
from sniper.runtime.stage import ALLOWANCE, BALANCE_OF, Emitted, Plan
from sniper.runtime.workers import Workers
from sniper.types import NATIVE, Step

P = ParamSpec("P")
T = TypeVar("T")

FUNDS = 10**30


class ChainAt:
    """Read access to one chain at one block."""

    def __init__(self, endpoints: Endpoints, block: int) -> None:
        self._endpoints = endpoints
        self.block = block

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        """See `sniper.io.Chain`."""
        codec = function(signature)
        asked = {"to": address, "data": "0x" + codec.encode(*args).hex()}
        try:
            result = returned(address, await self._endpoints.ask("eth_call", (asked, hex(self.block))))
        except NodeError as error:
            if not error.execution_failed:
                raise
            result = returned(address, error)
        except (TypeError, ValueError) as cause:
            raise RpcError(f"chain {self._endpoints.chain_id}: eth_call gave no data: {cause!r}") from cause
        if not isinstance(result, bytes):
            raise CallReverted(f"{signature} of {address} reverted at block {self.block}: {result}")
        if not result:
            raise CallReverted(f"{signature} of {address} gave nothing at block {self.block}: is there a contract?")
        return codec.decode(result)

    async def code(self, address: str) -> bytes:
        """See `sniper.io.Chain`."""
        return await self._bytes("eth_getCode", address, hex(self.block))

    async def storage(self, address: str, slot: int) -> int:
        """See `sniper.io.Chain`."""
        return int.from_bytes(await self._bytes("eth_getStorageAt", address, f"{slot:#066x}", hex(self.block)), "big")

    async def nonce(self, address: str) -> int:
        """See `sniper.io.Chain`."""
        answer = await self._endpoints.ask("eth_getTransactionCount", (address, hex(self.block)))
        try:
            return int(answer, 16)
        except (TypeError, ValueError) as cause:
            raise RpcError(f"chain {self._endpoints.chain_id}: eth_getTransactionCount gave {answer!r:.80}") from cause

    async def mined(self, number: int) -> Mined:
        """See `sniper.io.Chain`."""
        where = f"block {number} of chain {self._endpoints.chain_id}"
        if not 0 <= number <= self.block:
            raise RpcError(f"{where} is not among those up to {self.block}: ask for an earlier one")
        answer = await self._endpoints.call("eth_getBlockByNumber", (hex(number), True))
        if answer is None:
            raise RpcError(f"{where} is at no endpoint: name one that keeps it")
        try:
            return Mined(
                number=number,
                timestamp=int(answer["timestamp"], 16),
                transactions=tuple([_transaction(each) for each in answer["transactions"]]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            raise RpcError(f"{where} is {answer!r:.200}: {cause!r}") from cause

    async def _bytes(self, method: str, *params: str) -> bytes:
        answer = await self._endpoints.ask(method, params)
        try:
            return bytes.fromhex(answer[2:])
        except (TypeError, ValueError) as cause:
            raise RpcError(f"chain {self._endpoints.chain_id}: {method} gave {answer!r:.80}") from cause

    async def logs(
        self,
        *,
        address: str | Sequence[str] | None = None,
        topics: Sequence[str | Sequence[str] | None] = (),
        first: int,
        last: int | None = None,
    ) -> list[Log]:
        """See `sniper.io.Chain`."""
        wanted: dict[str, Any] = {
            "fromBlock": hex(max(0, first)),
            "toBlock": hex(self.block if last is None else min(last, self.block)),
            "topics": [each if each is None or isinstance(each, str) else list(each) for each in topics],
        }
        if address is not None:
            wanted["address"] = address if isinstance(address, str) else list(address)
        answer = await self._endpoints.call("eth_getLogs", (wanted,))
        if not isinstance(answer, list):
            raise RpcError(f"chain {self._endpoints.chain_id}: eth_getLogs gave {answer!r:.80}")
        return [log_from_json(each) for each in answer]

    async def time(self, block: int | None = None) -> int:
        """See `sniper.io.Chain`."""
        number = self.block if block is None else min(block, self.block)
        header = await self._endpoints.call("eth_getBlockByNumber", (hex(number), False))
        try:
            return int(header["timestamp"], 16)
        except (KeyError, TypeError, ValueError) as cause:
            raise RpcError(
                f"chain {self._endpoints.chain_id}: eth_getBlockByNumber {number} gave {header!r:.80}"
            ) from cause


class ForkAt(ChainAt):
    """A throw-away copy of the state after ``block``, seen by one account.

    Nothing is kept on the node: each trade runs again what came before it, in one simulated block.
    """

    def __init__(self, endpoints: Endpoints, block: int, account: Account, wallet: str) -> None:
        super().__init__(endpoints, block)
        self._account = account
        self._owner = wallet
        self._calls: list[SimulatedCall] = []
        self._desk = Desk(account)
        self._logs: list[Emitted] = []
        self._allowed: dict[str, int] = {}

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        """See `sniper.io.Chain`: the state after the trades so far."""
        codec = function(signature)
        call = SimulatedCall(sender=self._owner, to=address, data=codec.encode(*args))
        result = (await self._run([call]))[0]
        if not result.success:
            raise CallReverted(f"{signature} of {address} reverted on a fork of block {self.block}: {result.reason}")
        return codec.decode(result.data)

    async def buy(self, pool: str, amount: int) -> Trade:
        """See `sniper.io.Fork`."""
        return await self._trade(pool, amount, opens=True)

    async def sell(self, pool: str, amount: int) -> Trade:
        """See `sniper.io.Fork`."""
        return await self._trade(pool, amount, opens=False)

    async def _trade(self, pool: str, amount: int, *, opens: bool) -> Trade:
        time = self._account.chain.timestamp
        asked = Plan(pool=pool, owner=self._owner, amount=amount, opens=opens, allowance=0)
        planned = self._desk.plan(asked, self._logs, time)
        if not opens:
            allowed = self._allowed.get(planned.pay)
            if allowed is None:
                allowed = _amount((await self._run([self._allowance(planned.pay, planned.spender)]))[0])
            if allowed:
                asked = structs.replace(asked, allowance=allowed)  # type: ignore[type-var]  # a msgspec struct
                planned = self._desk.plan(asked, self._logs, time)
        token = planned.get if opens else planned.pay
        steps = [self._call(step) for step in planned.steps]
        around = [self._balance(planned.pay), self._balance(planned.get)]
        results = await self._run([*around, *steps, *around, self._allowance(token, planned.spender)])
        before, done, after = results[:2], results[2:-3], results[-3:-1]
        self._allowed[token] = _amount(results[-1])
        failed = next((result for result in done if not result.success), None)
        gas = sum(result.gas_used for result in done)
        if failed is not None:
            reason = failed.reason or "no reason"
            return Trade(paid=0, received=0, expected=planned.expected, gas_used=gas, reverted=reason)
        self._calls += steps
        self._logs += [Emitted(address=log.address, topics=log.topics, data=log.data) for r in done for log in r.logs]
        paid, received = _amount(before[0]) - _amount(after[0]), _amount(after[1]) - _amount(before[1])
        return Trade(paid=max(0, paid), received=max(0, received), expected=planned.expected, gas_used=gas)

    def _allowance(self, token: str, spender: str) -> SimulatedCall:
        """What the venue may take of the token, as the chain has it."""
        data = ALLOWANCE.encode(self._owner, spender)
        return SimulatedCall(sender=self._owner, to=token, data=data, gas=1_000_000)

    def _call(self, step: Step) -> SimulatedCall:
        return SimulatedCall(sender=self._owner, to=step.to, data=step.data, value=step.value, gas=step.gas)

    def _balance(self, token: str) -> SimulatedCall:
        if token == NATIVE:
            return reads_balance(self._owner, self._owner)
        return SimulatedCall(sender=self._owner, to=token, data=BALANCE_OF.encode(self._owner), gas=1_000_000)

    async def code(self, address: str) -> bytes:
        """See `sniper.io.Chain`: after the trades so far."""
        (result,) = await self._run([reads_code(self._owner, address)])
        return result.data

    async def storage(self, address: str, slot: int) -> int:
        """See `sniper.io.Chain`: after the trades so far."""
        blocks = [self._block([]), reads_slot(self._owner, address, slot)]
        return _amount((await simulate_blocks(self._endpoints, blocks, block=self.block))[-1][0])

    async def _run(self, calls: list[SimulatedCall]) -> list[CallResult]:
        (results,) = await simulate_blocks(self._endpoints, [self._block(calls)], block=self.block)
        return results[len(self._calls) :]

    def _block(self, calls: list[SimulatedCall]) -> SimulatedBlock:
        return SimulatedBlock(
            calls=[*self._calls, *calls], states={**PROBES, self._owner: StateOverride(balance=FUNDS)}
        )


def _transaction(answer: Any) -> Transaction:
    """Any: JSON from a node."""
    return Transaction(
        hash=answer["hash"].lower(),
        sender=answer["from"].lower(),
        to=(answer["to"] or "").lower(),
        value=int(answer["value"], 16),
        nonce=int(answer["nonce"], 16),
    )


def _amount(result: CallResult) -> int:
    """A number that a token gave; one that gives none, or garbage, has none."""
    return int.from_bytes(result.data, "big") if result.success and len(result.data) == 32 else 0


Provider = Callable[[int], Endpoints]


class ShellIo:
    """`sniper.io.Io` for the plugins of one account."""

    def __init__(self, account: Account, endpoints: Provider, simulations: Simulations, workers: Workers) -> None:
        self._account = account
        self._endpoints = endpoints
        self._simulations = simulations
        self._workers = workers

    async def chain(self, chain_id: int) -> ChainAt:
        """See `sniper.io.Io`."""
        return ChainAt(self._endpoints(chain_id), self._account.kernel.market.chains[chain_id].number)

    async def fork(self, chain_id: int, wallet: str = "") -> ForkAt:
        """See `sniper.io.Io`. ``wallet``: who trades there; empty: the account's first."""
        number = self._account.kernel.market.chains[chain_id].number
        return ForkAt(self._endpoints(chain_id), number, self._account, wallet or self._account.wiring.address)

    async def simulate(
        self, chain_id: int, scenario: Callable[P, Generator[Any, Any, T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See `sniper.io.Io`."""
        return await self._simulations.play(self._account, chain_id, scenario, args, kwargs)

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Fetched:
        """See `sniper.io.Io`."""
        raise PermissionDenied(
            f"{url.partition('?')[0]:.100} is not fetched: requests are made here for plugins in workers alone. What "
            "runs in sniper itself makes its own, with a library that its distribution depends on"
        )

    async def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `sniper.io.Io`."""
        return await self._workers.compute(function, args, kwargs)
