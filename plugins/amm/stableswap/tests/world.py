"""Pools on the dev chain, the AMM that follows each, and a count of what was compared.

Plain4Basic is the real bytecode. The others are contracts of our own (``contracts/``), because no package ships them.
"""

import random
from contextlib import suppress
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from sniper.amm import NoLiquidity
from sniper.errors import CallReverted
from sniper_amm_stableswap.config import StableswapConfig
from sniper_amm_stableswap.curve import E18, Unfollowable
from sniper_amm_stableswap.invariant import invariant
from sniper_amm_stableswap.pool import Stableswap
from sniper_sdk.devchain import DevChain, Receipt, calldata
from sniper_sdk.npm import artifact
from sniper_sdk.solidity import compiled

CONTRACTS = compiled(Path(__file__).parent / "contracts")
SUPPLY = 2**200
NOBODY = "0x" + "00" * 20
FEE, ADMIN_FEE, OFFPEG = 4_000_000, 5 * 10**9, 5 * 10**10
DAY = 86_400


class World:
    def __init__(self, chain: DevChain, ask: Any, send: Any, feed: Any) -> None:
        self.chain, self.ask, self.send, self.feed = chain, ask, send, feed
        self.me = chain.accounts[0].address
        self.trader = chain.deploy(CONTRACTS["Trader"])
        self.factory = chain.deploy(CONTRACTS["Factory"])
        self.config = StableswapConfig(factories=(self.factory,))

    def coins(self, decimals: tuple[int, ...]) -> list[str]:
        coins = [self.chain.deploy(CONTRACTS["Coin"], places, SUPPLY) for places in decimals]
        for coin in coins:
            self.send(coin, "transfer(address,uint256)", self.trader, SUPPLY // 2)
        return coins

    def approve(self, pool: str, coins: list[str]) -> None:
        for coin in coins:
            self.send(coin, "approve(address,uint256)", pool, 2**256 - 1)
        self.send(self.trader, "approve(address,address[])", pool, coins)

    def make(self, kind: str, decimals: tuple[int, ...], a: int) -> "Pool":
        coins = self.coins(decimals)
        if kind == "Plain4Basic":
            implementation = self.chain.deploy(artifact(kind))
            # EIP-1167
            clone = bytes.fromhex(
                f"3d602d80600a3d3981f3363d3d373d3d3d363d73{implementation[2:]}5af43d82803e903d91602b57fd5bf3"
            )
            address = self.chain.deploy(clone)
            rates = [10 ** (36 - places) for places in decimals]
            initialize = calldata(
                "initialize(string,string,address[4],uint256[4],uint256,uint256)", "Pool", "P", coins, rates, a, FEE
            )
            self.send(self.factory, "initialize(address,bytes)", address, initialize)
        elif kind == "NgPool":
            address = self.chain.deploy(CONTRACTS[kind], coins, [NOBODY] * len(coins), a, FEE, OFFPEG)
            self.send(self.factory, "set_types(address,uint8[])", address, [0] * len(coins))
        else:
            address = self.chain.deploy(CONTRACTS[kind], coins, [NOBODY] * len(coins), a, FEE, ADMIN_FEE)
        self.approve(address, coins)
        return Pool(self, kind, address, coins, decimals)


class Pool:
    def __init__(self, world: World, kind: str, address: str, coins: list[str], decimals: tuple[int, ...]) -> None:
        self.world, self.kind, self.address, self.coins = world, kind, address, coins
        self.units = [10**places for places in decimals]
        self.real = kind == "Plain4Basic"
        self.amm: Stableswap
        self.lost = ""
        self.compared = 0

    def ask(self, signature: str, *arguments: object) -> Any:
        (answer,) = self.world.ask(self.address, signature, *arguments)
        return answer

    async def load(self, reader: Any) -> None:
        found = await Stableswap.load(self.address, reader, self.world.config)
        assert found.amm is not None
        assert found.coins == tuple(coin.lower() for coin in self.coins)
        self.amm, self.lost = found.amm, ""
        if self.kind == "OptimizedPool":  # which an empty pool does not show, and others seldom
            self.amm.curve = self.amm.curve.at_rest(divide_last=True)
        self.amm.on_block(self.world.chain.timestamp())

    # ---- what is done to it ----

    def transact(self, signature: str, *arguments: object, to: str = "") -> list[Any]:
        return self.follow(self.world.send(to or self.address, signature, *arguments))

    def follow(self, receipt: Receipt) -> list[Any]:
        self.amm.on_block(self.world.chain.timestamp())
        try:
            changes = [change for change in self.world.feed(self.amm, self.address, receipt) if change]
        except Unfollowable as contradiction:
            self.lost = str(contradiction)
            return []
        self.compare_state()
        return changes

    def add(self, amounts: list[int]) -> list[Any]:
        if self.real:
            return self.transact("add_liquidity(uint256[4],uint256)", amounts, 0)
        return self.transact("add_liquidity(uint256[])", amounts)

    def remove(self, shares: int) -> list[Any]:
        if self.real:
            return self.transact("remove_liquidity(uint256,uint256[4])", shares, [0] * 4)
        return self.transact("remove_liquidity(uint256)", shares)

    def remove_unevenly(self, amounts: list[int]) -> list[Any]:
        if self.real:
            return self.transact("remove_liquidity_imbalance(uint256[4],uint256)", amounts, 2**255)
        return self.transact("remove_liquidity_imbalance(uint256[])", amounts)

    def remove_one(self, i: int, shares: int) -> list[Any]:
        return self.transact("remove_liquidity_one_coin(uint256,int128,uint256)", shares, i, 0)

    def ramp(self, a: int, seconds: int) -> None:
        self.pass_time(DAY)  # the contract allows a change a day
        until = self.world.chain.timestamp() + DAY + 100 + seconds
        self.transact("ramp_A(uint256,uint256)" if self.real else "ramp(uint256,uint256)", a, until)

    def stop_ramp(self) -> None:
        self.transact("stop_ramp_A()" if self.real else "stop_ramp()")

    def pass_time(self, seconds: int) -> None:
        chain = self.world.chain
        chain.rpc.call("evm_setNextBlockTimestamp", chain.timestamp() + seconds)
        chain.mine()
        self.amm.on_block(chain.timestamp())
        self.compare_state()

    def exchange(self, i: int, j: int, amount: int) -> None:
        """Really exchange, and receive what was quoted for that second; where the AMM refuses, the pool reverts."""
        world, trade = self.world, "trade(address,int128,int128,uint256)"
        before = world.chain.token_balance(self.coins[j], world.trader)
        time = world.chain.timestamp() + world.chain.block_interval
        world.chain.rpc.call("evm_setNextBlockTimestamp", time)
        self.amm.on_block(time)
        quoted = self.quoted(i, j, amount)
        self.compared += 1
        if quoted is None:
            with pytest.raises(CallReverted):
                world.send(world.trader, trade, self.address, i, j, amount)
            self.amm.on_block(world.chain.timestamp())
            return
        self.transact(trade, self.address, i, j, amount, to=world.trader)
        assert world.chain.token_balance(self.coins[j], world.trader) - before == quoted

    # ---- what is compared ----

    def quoted(self, i: int, j: int, amount: int) -> int | None:
        try:
            return self.amm.amount_out(i, j, amount)
        except NoLiquidity:
            return None

    def compare_state(self) -> None:
        curve = self.amm.curve
        assert curve.balances == tuple(self.ask("balances(uint256)(uint256)", k) for k in range(len(self.coins)))
        supply = self.ask("totalSupply()(uint256)")
        assert curve.supply == supply
        if supply and not curve.d:
            with pytest.raises(CallReverted):
                self.ask("get_virtual_price()(uint256)")
        elif supply:
            assert curve.d * E18 // supply == self.ask("get_virtual_price()(uint256)")
        assert curve.amplifier // curve.precision == self.ask("A()(uint256)")
        assert curve.fee == self.ask("fee()(uint256)")
        self.compared += 1

    def compare_quotes(self, i: int, j: int, amounts: list[int], wanted: list[int]) -> None:
        """What the pool gives for each amount; and that what `amount_in` asks is enough, and one unit less is not."""
        asked = []
        for want in wanted:
            try:
                need = self.amm.amount_in(i, j, want)
            except NoLiquidity:
                continue
            if need <= self.world.chain.token_balance(self.coins[i], self.world.trader):
                asked.append((need, want))
        given = [*amounts, *(need - below for need, _ in asked for below in (0, 1) if need > below)]
        trials = "trials(address,int128,int128,uint256[])(uint256[],bool[])"
        received, traded = self.world.ask(self.world.trader, trials, self.address, i, j, given)
        real = {amount: out if done else None for amount, out, done in zip(given, received, traded, strict=True)}
        for amount, out in real.items():
            assert self.quoted(i, j, amount) == out, (self.kind, self.amm, i, j, amount)
            self.compared += 1
        for need, want in asked:
            assert (real[need] or 0) >= want > (real.get(need - 1) or 0), (self.amm, i, j, need, want)
            self.compared += 1

    def quote_around(self, seed: int, count: int) -> None:
        randomness = random.Random(seed)
        pairs = list(permutations(range(len(self.coins)), 2))
        for i, j in randomness.sample(pairs, min(3, len(pairs))):
            x, y = self.amm.curve.balances[i], self.amm.curve.balances[j]
            amounts = [1 + randomness.randrange(1 + x * scale // 1000) for scale in (1, 30, 1000, 3000) * count]
            far = [2**bits + randomness.randrange(2**bits) for bits in range(0, 195, 40)]
            owned = self.world.chain.token_balance(self.coins[i], self.world.trader)
            affordable = [amount for amount in (*amounts, *far) if amount <= owned]
            self.compare_quotes(i, j, affordable, [1 + randomness.randrange(y) for _ in range(3 * count)])

    # ---- histories ----

    async def step(self, kind: str, i: int, seed: int, reader: Any) -> None:
        """One of these happens, or the contract's own iterations do not converge, which some balances make them."""
        kind = kind if self.amm.curve.d else "remove"
        try:
            await self.happen(kind, i, seed, reader)
        except CallReverted as reverted:
            said = str(reverted)
            # The real bytecode does not say why: there our own iterations must come to no end either.
            silent = self.real and "without a reason" in said and kind in ("add", "remove unevenly")
            if silent:
                uneven = self.uneven(i, seed)
                assert not self.settles([-each for each in uneven] if kind == "remove unevenly" else uneven)
            elif "no invariant" not in said and "no balance" not in said:
                raise
            self.amm.on_block(self.world.chain.timestamp())
            self.compare_state()

    def uneven(self, i: int, seed: int) -> list[int]:
        """Amounts of all coins to deposit or to withdraw; of coin i some."""
        randomness, balances = random.Random(seed), self.amm.curve.balances
        i %= len(balances)
        amounts = [randomness.choice([0, randomness.randrange(1 + balance // 8)]) for balance in balances]
        amounts[i] += 1 + balances[i] // 10**6
        return amounts

    def settles(self, change: list[int]) -> bool:
        """Whether the invariant of a real pool converges after a change of its balances, and after the fee that the
        contract takes for their imbalance, which must leave it higher than before a deposit."""
        curve, n = self.amm.curve, len(change)

        def d(balances: list[int]) -> int:
            xp = [balance * rate // 10**18 for balance, rate in zip(balances, curve.rates, strict=True)]
            return invariant(xp, curve.ann, curve.precision, divide_last=curve.divide_last)

        old = list(curve.balances)
        new = [balance + more for balance, more in zip(old, change, strict=True)]
        fee = curve.fee * n // (4 * (n - 1))
        try:
            before, after = d(old), d(new)
            for k in range(n):
                new[k] -= fee * abs(after * old[k] // before - new[k]) // 10**10
            return d(new) > before if change[0] >= 0 and max(change) > 0 else d(new) < before
        except NoLiquidity:
            return False

    async def happen(self, kind: str, i: int, seed: int, reader: Any) -> None:
        randomness = random.Random(seed)
        n = len(self.coins)
        i, j = i % n, (i + 1 + seed % (n - 1)) % n
        balances = self.amm.curve.balances
        held = self.ask("balanceOf(address)(uint256)", self.world.me)
        uneven = self.uneven(i, seed)
        match kind:
            case "add":
                assert [min(change) >= 0 for change in self.add(uneven)] == [True]
            case "remove":
                assert [max(change) <= 0 for change in self.remove(held * randomness.randrange(1, 300) // 1000)] == [
                    True
                ]
            case "remove unevenly":
                assert [max(change) <= 0 for change in self.remove_unevenly(uneven)] == [True]
            case "remove one":
                changes = self.remove_one(i, held * randomness.randrange(1, 200) // 1000 // n)
                if self.lost:
                    assert "coins fit" in self.lost
                    await self.load(reader)
                else:
                    assert [max(change) <= 0 for change in changes] == [True]
            case "exchange":
                self.exchange(
                    i, j, (1 + randomness.randrange(1 + balances[i] // 3)) << randomness.choice([0, 0, 0, 2, 6])
                )
            case "buy":
                with suppress(NoLiquidity):
                    self.exchange(i, j, self.amm.amount_in(i, j, 1 + randomness.randrange(balances[j] // 2)))
            case "donate":
                self.transact("transfer(address,uint256)", self.address, 1 + balances[i] // 7, to=self.coins[i])
            case "ramp":
                a = self.ask("A()(uint256)")
                self.ramp(1 + a * randomness.choice([11, 40, 130, 900]) // 100, randomness.randrange(DAY))
            case "stop ramp":
                self.stop_ramp()
            case "wait":
                self.pass_time(randomness.randrange(1, DAY))
            case "fee" if not self.real:
                other = (
                    randomness.choice([0, 10**10, 2 * 10**10])
                    if self.kind == "NgPool"
                    else randomness.randrange(10**10)
                )
                self.transact("new_fee(uint256,uint256)", randomness.choice([0, 10**5, 4 * 10**7]), other)
            case _:
                pass
