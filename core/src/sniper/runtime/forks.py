"""`sniper.io.Chain` and `sniper.io.Fork` over a real node."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from sniper.amm import Amm, NoLiquidity
from sniper.errors import CallReverted, PluginError, PoolUnknown, RpcError
from sniper.evm.abi import function
from sniper.evm.log import Log, log_from_json
from sniper.evm.rpc import Endpoints
from sniper.evm.simulate import CallResult, SimulatedCall, StateOverride, simulate
from sniper.io import Trade
from sniper.kernel.account import Account
from sniper.kernel.pool import Pool
from sniper.types import NATIVE, Step, split_asset
from sniper.venue import OnChainVenue, Swap

BALANCE_OF = function("balanceOf(address)(uint256)")
ALLOWANCE = function("allowance(address,address)(uint256)")
PROBE = "0x" + "5117e12" * 5 + "51179"
"""Where the balance probe is put for the time of a simulation; an address without a key or code."""
BALANCE_CODE = bytes.fromhex("5f35315f5260205ff3")
"""``return BALANCE(calldataload(0))``: reads a native balance inside a simulation (EVM: BALANCE, opcode 0x31)."""
FUNDS = 10**30


class ChainAt:
    """Read access to one chain at one block."""

    def __init__(self, endpoints: Endpoints, block: int) -> None:
        self._endpoints = endpoints
        self.block = block

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        """See `sniper.io.Chain`."""
        codec = function(signature)
        (result,) = await self._endpoints.read([(address, codec.encode(*args))], self.block)
        if not isinstance(result, bytes):
            raise CallReverted(f"{signature} of {address} reverted at block {self.block}: {result}")
        return codec.decode(result)

    async def code(self, address: str) -> bytes:
        """See `sniper.io.Chain`."""
        return await self._bytes("eth_getCode", address, hex(self.block))

    async def storage(self, address: str, slot: int) -> int:
        """See `sniper.io.Chain`."""
        return int.from_bytes(await self._bytes("eth_getStorageAt", address, f"{slot:#066x}", hex(self.block)), "big")

    async def _bytes(self, method: str, *params: str) -> bytes:
        answer = await self._endpoints.call(method, params)
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


@dataclass(frozen=True)
class Way:
    """How a pool is traded. ``pool``: where it is known; else only what was bought there can be sold, by ``exit_data``.
    ``token``: address of the coin that is not the quote asset."""

    pool_id: str
    amm: str
    token: str
    venue: OnChainVenue
    pool: Pool | None
    exit_data: int = 0


class ForkAt(ChainAt):
    """A throw-away copy of the state after ``block``, seen by one account.

    Nothing is kept on the node: each trade runs again what came before it, in one simulated block.
    """

    def __init__(self, endpoints: Endpoints, block: int, account: Account) -> None:
        super().__init__(endpoints, block)
        self._account = account
        self._calls: list[SimulatedCall] = []
        self._pools: dict[str, Amm] = {}
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
        return await self._trade(self._way(pool), amount, opens=True)

    async def sell(self, pool: str, amount: int) -> Trade:
        """See `sniper.io.Fork`."""
        return await self._trade(self._way(pool), amount, opens=False)

    @property
    def _owner(self) -> str:
        return self._account.wiring.address

    def _way(self, pool: str) -> Way:
        """Raises `PoolUnknown` for a pool that is neither known nor holds a position, `PluginError` where it cannot be
        traded."""
        found, venues = self._account.pool(pool), self._account.kernel.wiring.venues
        if found is None:
            held = next((p for p in self._account.book.positions.values() if p.pool == pool), None)
            if held is None or held.venue not in venues:
                raise PoolUnknown(f"pool {pool} cannot be simulated: nothing is known of it")
            return Way(pool, held.amm, split_asset(held.token)[1], venues[held.venue], None, held.exit_data)
        if found.token is None:
            raise PluginError(f"pool {pool} cannot be simulated: it has no quote asset on one side")
        for venue in venues.values():
            if venue.serves(found.chain_id, found.amm):
                return Way(pool, found.amm, split_asset(found.token)[1], venue, found)
        raise PluginError(f"pool {pool} cannot be simulated: no venue serves {found.amm}")

    async def _trade(self, way: Way, amount: int, *, opens: bool) -> Trade:
        account, venue, token = self._account, way.venue, way.token
        quote = account.wiring.quote
        pay, get = (quote, token) if opens else (token, quote)
        coin = account.planning.pool_coin(pay)
        expected = self._expected(way.pool, coin, amount) if way.pool else 0
        chain_id, address = split_asset(way.pool_id)
        swap = Swap(
            chain_id=chain_id,
            owner=self._owner,
            token_in=pay,
            token_out=get,
            pool=address,
            amm=way.amm,
            pool_data=way.pool.venue_data(coin) if way.pool else way.exit_data,
            amount_in=amount,
            min_out=0,
            deadline=account.chain.timestamp + 3_600,
            allowance=0,
            opens=opens,
        )
        allowance = self._allowance(venue, chain_id, way.amm, token)
        if not opens:
            if token not in self._allowed:
                self._allowed[token] = _amount((await self._run([allowance]))[0])
            swap = structs.replace(swap, allowance=self._allowed[token])  # type: ignore[type-var]  # a msgspec struct
        steps = [self._call(step) for step in venue.plan(swap)]
        around = [self._balance(pay), self._balance(get)]
        results = await self._run([*around, *steps, *around, allowance])
        before, done, after = results[:2], results[2:-3], results[-3:-1]
        self._allowed[token] = _amount(results[-1])
        failed = next((result for result in done if not result.success), None)
        gas = sum(result.gas_used for result in done)
        if failed is not None:
            return Trade(paid=0, received=0, expected=expected, gas_used=gas, reverted=failed.reason or "no reason")
        self._calls += steps
        if way.pool:
            self._follow(way.pool, done)
        paid, received = _amount(before[0]) - _amount(after[0]), _amount(after[1]) - _amount(before[1])
        return Trade(paid=max(0, paid), received=max(0, received), expected=expected, gas_used=gas)

    def _expected(self, pool: Pool, coin_in: str, amount: int) -> int:
        """The pool's own formula on the state after the trades so far; 0 where it gives nothing."""
        i = pool.coins.index(coin_in)
        try:
            return self._pools.get(pool.address, pool.impl).amount_out(i, 1 - i, amount)
        except NoLiquidity:
            return 0

    def _follow(self, pool: Pool, results: list[CallResult]) -> None:
        """Apply what the pool logged in the simulation to a copy of its state: no need to read it back."""
        impl = self._pools.get(pool.address) or pool.impl.checkpoint()
        for result in results:
            for log in result.logs:
                handler = pool.handlers.get(log.topics[0]) if log.topics and log.address == pool.address else None
                if handler is not None:
                    decode, method = handler
                    getattr(impl, method)(*decode(log.topics, log.data))
        self._pools[pool.address] = impl

    def _allowance(self, venue: OnChainVenue, chain_id: int, amm: str, token: str) -> SimulatedCall:
        """What the venue may take of the token, as the chain has it."""
        spender = venue.spender(chain_id, amm)
        return SimulatedCall(sender=self._owner, to=token, data=ALLOWANCE.encode(self._owner, spender), gas=1_000_000)

    def _call(self, step: Step) -> SimulatedCall:
        return SimulatedCall(sender=self._owner, to=step.to, data=step.data, value=step.value, gas=step.gas)

    def _balance(self, token: str) -> SimulatedCall:
        if token == NATIVE:
            return SimulatedCall(sender=self._owner, to=PROBE, data=bytes.fromhex(self._owner[2:].rjust(64, "0")))
        return SimulatedCall(sender=self._owner, to=token, data=BALANCE_OF.encode(self._owner), gas=1_000_000)

    async def _run(self, calls: list[SimulatedCall]) -> list[CallResult]:
        overrides = {PROBE: StateOverride(code=BALANCE_CODE), self._owner: StateOverride(balance=FUNDS)}
        results = await simulate(self._endpoints, [*self._calls, *calls], block=self.block, state_overrides=overrides)
        return results[len(self._calls) :]


def _amount(result: CallResult) -> int:
    """A number that a token gave; one that gives none, or garbage, has none."""
    return int.from_bytes(result.data, "big") if result.success and len(result.data) == 32 else 0


Provider = Callable[[int], Endpoints]


class ShellIo:
    """`sniper.io.Io` for the plugins of one account."""

    def __init__(self, account: Account, endpoints: Provider) -> None:
        self._account = account
        self._endpoints = endpoints

    async def chain(self, chain_id: int) -> ChainAt:
        """See `sniper.io.Io`."""
        return ChainAt(self._endpoints(chain_id), self._account.kernel.market.chains[chain_id].number)

    async def fork(self, chain_id: int) -> ForkAt:
        """See `sniper.io.Io`."""
        number = self._account.kernel.market.chains[chain_id].number
        return ForkAt(self._endpoints(chain_id), number, self._account)
