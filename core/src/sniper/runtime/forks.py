"""`sniper.io.Chain` and `sniper.io.Fork` over a real node."""

from collections.abc import Callable
from typing import Any

from msgspec import structs

from sniper.amm import Amm, NoLiquidity
from sniper.errors import CallReverted, PluginError
from sniper.evm.abi import function
from sniper.evm.rpc import Endpoints
from sniper.evm.simulate import CallResult, SimulatedCall, StateOverride, simulate
from sniper.io import Trade
from sniper.kernel.account import Account
from sniper.kernel.market import Pool
from sniper.types import NATIVE, Step, asset_id
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
        found, venue = self._pool(pool)
        return await self._trade(found, venue, amount, opens=True)

    async def sell(self, pool: str, amount: int) -> Trade:
        """See `sniper.io.Fork`."""
        found, venue = self._pool(pool)
        return await self._trade(found, venue, amount, opens=False)

    @property
    def _owner(self) -> str:
        return self._account.wiring.address

    def _pool(self, pool: str) -> tuple[Pool, OnChainVenue]:
        kernel = self._account.kernel
        found = self._account.pool(pool)
        if found is None or found.token is None:
            raise PluginError(f"pool {pool} cannot be simulated: it is not known, or has no quote asset on one side")
        for venue in kernel.wiring.venues.values():
            if venue.serves(found.chain_id, found.amm):
                return found, venue
        raise PluginError(f"pool {pool} cannot be simulated: no venue serves {found.amm}")

    async def _trade(self, pool: Pool, venue: OnChainVenue, amount: int, *, opens: bool) -> Trade:
        account = self._account
        quote = account.wiring.quote
        token = next(coin for coin in pool.coins if asset_id(pool.chain_id, coin) == pool.token)
        pay, get = (quote, token) if opens else (token, quote)
        expected = self._expected(pool, account.planning.pool_coin(pay), amount)
        swap = Swap(
            chain_id=pool.chain_id,
            owner=self._owner,
            token_in=pay,
            token_out=get,
            pool=pool.address,
            amm=pool.amm,
            pool_data=pool.venue_data(account.planning.pool_coin(pay)),
            amount_in=amount,
            min_out=0,
            deadline=account.chain.timestamp + 3_600,
            allowance=0,
            opens=opens,
        )
        allowance = self._allowance(venue, pool, token)
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
        self._follow(pool, done)
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

    def _allowance(self, venue: OnChainVenue, pool: Pool, token: str) -> SimulatedCall:
        """What the venue may take of the token, as the chain has it."""
        spender = venue.spender(pool.chain_id, pool.amm)
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
