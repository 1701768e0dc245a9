"""Plays a scenario on a dev chain, block by block, by real signed transactions."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatchmethod
from math import isqrt

from sniper.errors import SniperError
from sniper_sdk.devchain import Account, DevChain, Receipt, calldata, encoded, topic
from sniper_sdk.npm import Progress
from sniper_sdk.zoo.compiler import contract
from sniper_sdk.zoo.pools import Call, Pool, V2Pool, V3Pool, approve
from sniper_sdk.zoo.scenario import (
    BlacklistHolders,
    Buy,
    EnableTrading,
    Launch,
    MintAndDump,
    MovePrice,
    RemoveLiquidity,
    Scenario,
    Sell,
    SetTax,
    Venue,
)

_TRANSFER = topic("Transfer(address,address,uint256)")
_LEAST_TRADE = 10**12  # wei or base units: a price that is already there is still traded at


class NotPrepared(SniperError, RuntimeError):
    """The director was asked for a block before `prepare`, or on a chain that mines by itself."""

    code = "director"


@dataclass(frozen=True)
class Act:
    """One transaction of the scenario, mined."""

    launch: Launch
    who: Account
    what: str
    meant_to_fail: bool
    receipt: Receipt

    @property
    def as_meant(self) -> bool:
        """Whether it succeeded, or failed if that was its part."""
        return self.receipt.succeeded != self.meant_to_fail


@dataclass(frozen=True)
class PlayedBlock:
    """What happened in one block of the scenario; `number` is its number on the chain."""

    block: int
    number: int
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class _Planned:
    launch: Launch
    who: Account
    what: str
    call: Call
    meant_to_fail: bool = False


class Director:
    """Plays `scenario` on `chain`, which must not mine by itself: ``DevChain(automine=False)``.

    `step` sends the next block's transactions and mines the block, with whatever others have sent meanwhile; `play`
    does so in a rhythm of wall time, as interval mining would.
    """

    def __init__(self, chain: DevChain, scenario: Scenario) -> None:
        self.chain = chain
        self.scenario = scenario
        self.block = 0
        """The last block played."""
        self._first_number: int | None = None

    @property
    def done(self) -> bool:
        """Whether every block was played."""
        return self.block >= self.scenario.length

    def pool(self, launch: Launch) -> Pool:
        """The launch's pool in which people trade; its address is known before it exists."""
        return self._pool_at(launch, launch.venue)

    async def prepare(self, progress: Progress | None = None) -> None:
        """Compile the zoo on first use, and give everyone ETH. Mines nothing."""
        if self.chain.automine or self.chain.block_time is not None:
            raise NotPrepared("the director mines each block itself; start the chain with DevChain(automine=False)")
        await asyncio.to_thread(self._prepare, progress)

    async def step(self) -> PlayedBlock:
        """Send the transactions of the next block, mine it, and say what happened."""
        return await asyncio.to_thread(self._step)

    async def play(self, block_time: float, watch: Callable[[PlayedBlock], None] | None = None) -> None:
        """Every block that is left, `block_time` seconds apart (a late one delays all), and `watch` after each."""
        loop = asyncio.get_running_loop()
        while not self.done:
            due = loop.time() + block_time
            played = await self.step()
            if watch is not None:
                watch(played)
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _prepare(self, progress: Progress | None) -> None:
        for launch in self.scenario.launches:
            contract(launch.contract, progress)
        for account in self.scenario.accounts:
            self.chain.fund(account.address, 1_000 * 10**18)
        self._first_number = self.chain.block_number()

    def _step(self) -> PlayedBlock:
        if self._first_number is None:
            raise NotPrepared("call prepare() before the first step()")
        planned = [one for launch in self.scenario.launches for one in self._plan(launch, self.block + 1)]
        sent = [
            self.chain.submit(one.who, one.call.to, one.call.data, one.call.value, gas=one.call.gas) for one in planned
        ]
        self.chain.mine()
        self.block += 1
        receipts = [self.chain.receipt(transaction) for transaction in sent]
        acts = [
            Act(one.launch, one.who, one.what, one.meant_to_fail, receipt)
            for one, receipt in zip(planned, receipts, strict=True)
        ]
        return PlayedBlock(self.block, self.chain.block_number(), tuple(acts))

    def _plan(self, launch: Launch, block: int) -> list[_Planned]:
        if block == launch.block - 1:
            return self._deploy(launch)
        if block == launch.block:
            return self._open(launch)
        return [one for step in launch.steps if step.block == block for one in self._act(step, launch)]

    def _deploy(self, launch: Launch) -> list[_Planned]:
        token = contract(launch.contract)
        values = (launch.name, launch.symbol, launch.supply, *(() if launch.tax is None else (launch.tax,)))
        creation = token.bytecode + encoded(token.constructor_types, values)
        give = calldata("transfer(address,uint256)", launch.whale.address, launch.whale_tokens)
        return [
            _Planned(launch, launch.deployer, f"deploys {launch.contract}", Call(None, creation, gas=3_000_000)),
            _Planned(launch, launch.deployer, "gives the whale its tokens", Call(launch.token, give)),
        ]

    def _pool_at(self, launch: Launch, venue: Venue) -> Pool:
        kind = V2Pool if venue is Venue.V2 else V3Pool
        return kind(launch.token, self.chain.addresses)

    def _open(self, launch: Launch) -> list[_Planned]:
        return [one for venue in launch.venues for one in self._open_at(launch, self._pool_at(launch, venue))]

    def _open_at(self, launch: Launch, pool: Pool) -> list[_Planned]:
        calls = [("creates the pool", pool.create(launch.pool_tokens, launch.liquidity))]
        if any(entry.get("name") == "setPool" for entry in contract(launch.contract).abi):
            calls.append(("names the pool", Call(launch.token, calldata("setPool(address)", pool.address))))
        adding = pool.add(launch.deployer.address, launch.pool_tokens, launch.liquidity)
        calls += [("adds liquidity" if call.value else "approves", call) for call in adding]
        return [_Planned(launch, launch.deployer, what, call) for what, call in calls]

    @singledispatchmethod
    def _act(self, step: object, launch: Launch) -> list[_Planned]:
        raise TypeError(f"no director knows how to play {step!r}")

    @_act.register
    def _enable_trading(self, step: EnableTrading, launch: Launch) -> list[_Planned]:
        call = Call(launch.token, calldata("enableTrading()"))
        return [_Planned(launch, launch.deployer, "enables trading", call)]

    @_act.register
    def _set_tax(self, step: SetTax, launch: Launch) -> list[_Planned]:
        call = Call(launch.token, calldata("setTax(uint256)", step.basis_points))
        return [_Planned(launch, launch.deployer, f"sets the sell tax to {step.basis_points / 100:g}%", call)]

    @_act.register
    def _remove_liquidity(self, step: RemoveLiquidity, launch: Launch) -> list[_Planned]:
        what = f"removes {step.basis_points / 100:g}% of the liquidity"
        calls = self.pool(launch).remove(self.chain, launch.deployer.address, step.basis_points)
        return [_Planned(launch, launch.deployer, what if call is calls[-1] else "approves", call) for call in calls]

    @_act.register
    def _mint_and_dump(self, step: MintAndDump, launch: Launch) -> list[_Planned]:
        signature = "mintAndDump(uint256,address,address)"
        addresses = self.chain.addresses
        data = calldata(signature, launch.supply * step.times_supply, addresses.v2_router, addresses.weth)
        return [_Planned(launch, launch.deployer, "mints and dumps", Call(launch.token, data))]

    @_act.register
    def _blacklist_holders(self, step: BlacklistHolders, launch: Launch) -> list[_Planned]:
        assert self._first_number is not None
        out_of_pool = [_TRANSFER, "0x" + self.pool(launch).address[2:].lower().rjust(64, "0")]
        bought = self.chain.logs(launch.token, out_of_pool, self._first_number)
        holders = sorted({"0x" + log.topics[2][-40:] for log in bought})
        call = Call(launch.token, calldata("blacklist(address[])", holders), gas=3_000_000)
        return [_Planned(launch, launch.deployer, f"blacklists {len(holders)} holders", call)]

    @_act.register
    def _move_price(self, step: MovePrice, launch: Launch) -> list[_Planned]:
        # The product of the reserves is what a trade keeps, so reserves at the target price p are √(k/p) tokens and
        # √(k·p) wei. The trading fee is left out: it moves the price by less than the jitter.
        pool = self.pool(launch)
        tokens, wei = pool.reserves(self.chain)
        product = tokens * wei
        per_token, per_wei = step.target * launch.liquidity, 1000 * launch.pool_tokens
        wanted = isqrt(product * per_token // per_wei)
        what = f"moves the price to {step.target / 1000:.2f}×"
        if wanted >= wei:
            return [
                _Planned(launch, launch.whale, what, pool.buy(launch.whale.address, max(wanted - wei, _LEAST_TRADE)))
            ]
        surplus = max(isqrt(product * per_wei // per_token) - tokens, _LEAST_TRADE)
        amount = min(surplus, self.chain.token_balance(launch.token, launch.whale.address))
        return self._sell_as(launch, launch.whale, amount, what, meant_to_fail=False)

    @_act.register
    def _buy(self, step: Buy, launch: Launch) -> list[_Planned]:
        call = self.pool(launch).buy(step.trader.address, step.wei)
        return [_Planned(launch, step.trader, "buys", call, step.fails)]

    @_act.register
    def _sell(self, step: Sell, launch: Launch) -> list[_Planned]:
        amount = self.chain.token_balance(launch.token, step.trader.address)
        return self._sell_as(launch, step.trader, amount, "sells", step.fails)

    def _sell_as(self, launch: Launch, seller: Account, amount: int, what: str, meant_to_fail: bool) -> list[_Planned]:
        pool = self.pool(launch)
        asked = calldata("allowance(address,address)", seller.address, pool.spender)
        planned = []
        if int.from_bytes(self.chain.call(launch.token, asked), "big") < amount:
            planned.append(_Planned(launch, seller, "approves", approve(launch.token, pool.spender)))
        return [*planned, _Planned(launch, seller, what, pool.sell(seller.address, amount), meant_to_fail)]
