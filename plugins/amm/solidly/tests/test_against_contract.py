"""The AMM follows pairs of our own contracts by their logs and prices as they swap, through drawn histories.

The contracts (``contracts/``) are written after the published sources, because no package ships the original bytecode.
"""

import random
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from sniper.amm import NoLiquidity
from sniper.errors import CallReverted
from sniper.evm.abi import event
from sniper_amm_solidly.pool import Solidly, SolidlyConfig
from sniper_sdk.conformance.drawing import some
from sniper_sdk.devchain import DevChain, Receipt, checksum
from sniper_sdk.solidity import compiled

CONTRACTS = compiled(Path(__file__).parent / "contracts")
SUPPLY = 2**250

Step = tuple[str, int, int]
"""What happens, to which coin, and a seed for how much."""

KINDS = ("add", "remove", "swap", "swap", "swap", "buy", "donate", "donate and sync", "donate and skim", "fee", "pause")
histories = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 1), st.integers(0, 2**32)), min_size=8, max_size=8
)
kinds_of_pair = st.tuples(
    st.sampled_from(["velodrome-v2", "solidly"]),
    st.booleans(),
    st.tuples(st.integers(2, 18), st.integers(2, 18)),
    st.integers(2, 9),
)


class Market:
    """A factory, coins with every number of decimals, and somebody who trades, on the dev chain."""

    def __init__(self, chain: DevChain, ask: Any, send: Any, feed: Any) -> None:
        self.chain, self.ask, self.send, self.feed = chain, ask, send, feed
        self.me = chain.accounts[0].address
        self.factory = chain.deploy(CONTRACTS["Factory"])
        self.trader = chain.deploy(CONTRACTS["Trader"])

    def coin(self, decimals: int) -> str:
        coin = self.chain.deploy(CONTRACTS["Coin"], decimals, SUPPLY)
        self.send(coin, "transfer(address,uint256)", self.trader, SUPPLY // 2)
        return coin


class Pair:
    """One pair, the AMM that follows it, and a count of what was compared."""

    def __init__(self, market: Market, generation: str, stable: bool, decimals: tuple[int, int]) -> None:
        self.market, self.send, self.ask = market, market.send, market.ask
        self.coins = tuple(market.coin(places) for places in decimals)
        self.config = SolidlyConfig.model_validate({"generation": generation, "factories": (market.factory,)})
        create, created = {
            "velodrome-v2": ("createPool", Solidly.pool_created),
            "solidly": ("createPair", Solidly.pair_created),
        }[generation]
        receipt = self.send(market.factory, f"{create}(address,address,bool)", *self.coins, stable)
        creation = event(created.__sniper_creation__)  # type: ignore[attr-defined]
        (log,) = receipt.logs
        found = created(self.config, *creation.decode(log.topics, bytes.fromhex(log.data[2:])))
        assert found is not None
        assert found.amm is None
        assert found.coins == tuple(coin.lower() for coin in self.coins)
        self.address = checksum(bytes.fromhex(found.pool[2:]))
        self.units = tuple(10**places for places in decimals)
        self.amm: Solidly
        self.compared = 0

    async def load(self, reader: Any) -> None:
        found = await Solidly.load(self.address, reader, self.config)
        assert found.amm is not None
        self.amm = found.amm

    def follow(self, receipt: Receipt) -> list[Any]:
        changes = [change for change in self.market.feed(self.amm, self.address, receipt) if change]
        self.compare_state()
        return changes

    def compare_state(self) -> None:
        unit0, unit1, *reserves, stable, _, _ = self.ask(
            self.address, "metadata()(uint256,uint256,uint256,uint256,bool,address,address)"
        )
        (fee,) = self.ask(self.market.factory, "getFee(address,bool)(uint256)", self.address, stable)
        (paused,) = self.ask(self.market.factory, "isPaused()(bool)")
        assert (self.amm.units, self.amm.reserves) == ((unit0, unit1), tuple(reserves))
        assert (self.amm.stable, self.amm.fee_bps, self.amm.paused) == (stable, fee, paused)
        self.compared += 1

    def add(self, amounts: tuple[int, int]) -> list[Any]:
        for coin, amount in zip(self.coins, amounts, strict=True):
            self.send(coin, "transfer(address,uint256)", self.address, amount)
        return self.follow(self.send(self.address, "mint(address)", self.market.me))

    def remove(self, shares: int) -> list[Any]:
        self.send(self.address, "transfer(address,uint256)", self.address, shares)
        return self.follow(self.send(self.address, "burn(address)", self.market.me))

    def swap(self, i: int, amount: int) -> None:
        """Really swap, and receive exactly what was quoted; where the AMM refuses, the pair reverts."""
        other = self.coins[1 - i]
        before = self.market.chain.token_balance(other, self.market.trader)
        quoted = self.quoted(i, amount)
        trade = (self.market.trader, "trade(address,address,uint256)", self.address, self.coins[i], amount)
        self.compared += 1
        if not quoted:
            with pytest.raises(CallReverted):
                self.send(*trade)
            return
        self.follow(self.send(*trade))
        assert self.market.chain.token_balance(other, self.market.trader) - before == quoted

    def quoted(self, i: int, amount: int) -> int:
        try:
            return self.amm.amount_out(i, 1 - i, amount)
        except NoLiquidity:
            return 0

    def compare_quotes(self, i: int, amounts: list[int], wanted: list[int]) -> None:
        """What the pair gives for each amount; and that what `amount_in` asks is enough, and one unit less is not."""
        asked: list[tuple[int, int]] = []
        for want in wanted:
            try:
                need = self.amm.amount_in(i, 1 - i, want)
            except NoLiquidity:
                continue
            asked.append((need, want))
        given = [*amounts, *(need - below for need, _ in asked for below in (0, 1))]
        trials = "trials(address,address,uint256[])(uint256[])"
        (received,) = self.ask(self.market.trader, trials, self.address, self.coins[i], given)
        for amount, real in zip(given, received, strict=True):
            assert self.quoted(i, amount) == real, (self.amm, i, amount)
            self.compared += 1
        for (_, want), enough, too_little in zip(
            asked, received[len(amounts) :: 2], received[len(amounts) + 1 :: 2], strict=True
        ):
            assert enough >= want > too_little
            self.compared += 1

    def step(self, kind: str, i: int, seed: int) -> None:
        randomness = random.Random(seed)
        fresh = 1 + randomness.randrange(1 + self.amm.reserves[i] // 5)
        match kind:
            case "add":
                share = randomness.randrange(1, 1000)
                added = self.add((self.amm.reserves[0] * share // 900 + 1, self.amm.reserves[1] * share // 900 + 1))
                assert [min(change) > 0 for change in added] == [True]
            case "remove":
                (held,) = self.ask(self.address, "balanceOf(address)(uint256)", self.market.me)
                removed = self.remove(held * randomness.randrange(100, 600) // 1000)
                assert [max(change) < 0 for change in removed] == [True]
            case "swap":
                self.swap(i, fresh << randomness.choice([0, 0, 1, 3, 60]))
            case "buy":
                wanted = 1 + randomness.randrange(self.amm.reserves[1 - i] // 3 + 1)
                try:
                    self.swap(i, self.amm.amount_in(i, 1 - i, wanted))
                except NoLiquidity:
                    assert self.amm.paused or self.amm.stable
            case "fee":
                fee = randomness.choice([0, 1, 5, 30, 100, 420])
                assert (
                    self.follow(self.send(self.market.factory, "setCustomFee(address,uint256)", self.address, fee))
                    == []
                )
            case "pause":
                for paused in (True, False):
                    self.follow(self.send(self.market.factory, "setPauseState(bool)", paused))
                    self.swap(i, fresh)
            case _:
                self.send(self.coins[i], "transfer(address,uint256)", self.address, fresh)
                if kind == "donate and sync":
                    assert self.follow(self.send(self.address, "sync()")) == []
                elif kind == "donate and skim":
                    self.follow(self.send(self.address, "skim(address)", self.market.me))

    def quote_around(self, seed: int, count: int) -> None:
        randomness = random.Random(seed)
        for i, j in permutations((0, 1)):
            x, y = self.amm.reserves[i], self.amm.reserves[j]
            amounts = [1 + randomness.randrange(1 + x * scale // 1000) for scale in (1, 30, 1000, 3000) * count]
            far = [min(2**bits + randomness.randrange(2**bits), SUPPLY // 2) for bits in range(0, 256, 40)]
            most = self.amm.most_in(i, j)
            # a gift that no Sync has told of comes on top of what is paid, and overflows a little earlier
            told = self.market.chain.token_balance(self.coins[i], self.address) == x
            edge = [amount for amount in (most, most + 1) if told and 0 < amount < SUPPLY // 2]
            self.compare_quotes(i, [*amounts, *far, *edge], [1 + randomness.randrange(y) for _ in range(3 * count)])


@pytest.fixture(scope="module")
def market(chain: DevChain, ask: Any, send: Any, feed: Any) -> Market:
    return Market(chain, ask, send, feed)


async def live(
    market: Market, reader: Any, kind: tuple[str, bool, tuple[int, int], int], history: list[Step], count: int
) -> int:
    generation, stable, decimals, magnitude = kind
    pair = Pair(market, generation, stable, decimals)
    await pair.load(reader)
    pair.compare_quotes(0, [1000], [])
    whole = 10**magnitude
    assert len(pair.add((pair.units[0] * whole, pair.units[1] * whole))) == 1
    pair.quote_around(0, count)
    for happens, i, seed in history:
        pair.step(happens, i, seed)
        pair.quote_around(seed, count)
    found = await Solidly.load(pair.address, reader, pair.config)
    assert (found.amm, found.coins) == (pair.amm, tuple(coin.lower() for coin in pair.coins))
    return pair.compared


async def test_state_and_quotes_equal_the_contract_through_histories(market: Market, reader: Any) -> None:
    compared = 0
    for kind, history in some(st.tuples(kinds_of_pair, histories), 10):
        compared += await live(market, reader, kind, history, count=1)
    assert compared >= 1500


@pytest.mark.long
async def test_state_and_quotes_equal_the_contract_through_many_histories(market: Market, reader: Any) -> None:
    compared = 0
    for kind, history in some(st.tuples(kinds_of_pair, histories), 60):
        compared += await live(market, reader, kind, history, count=3)
    assert compared >= 20_000


@pytest.mark.parametrize("generation", ["velodrome-v2", "solidly"])
@pytest.mark.parametrize("reserves", [(1, 1), (10**6, 10**6), (10**15, 10**9), (10**40, 10**40), (10**28, 3 * 10**28)])
async def test_a_stable_pair_out_of_its_range_answers_or_reverts_as_the_contract_does(
    market: Market, reader: Any, generation: str, reserves: tuple[int, int]
) -> None:
    pair = Pair(market, generation, True, (18, 18))
    for coin, reserve in zip(pair.coins, reserves, strict=True):
        pair.send(coin, "transfer(address,uint256)", pair.address, reserve)
    pair.send(pair.address, "sync()")
    market.chain.rpc.call("anvil_setStorageAt", pair.address, f"0x{2:064x}", f"0x{2**128:064x}")
    await pair.load(reader)
    for i in (0, 1):
        pair.compare_quotes(i, [3 << bits for bits in range(0, 240, 5)], [])


@pytest.mark.parametrize(
    ("reserves", "amount"),
    [
        ((24352190702215315456, 6160509495990608896), 58956709539),
        ((3541503795850119168, 2201721441949529856), 74980075999726),
        ((806254973439637248, 1400773922205038336), 2),
    ],
)
async def test_where_the_iteration_ends_below_the_curve_the_pair_keeps_one_unit_more(
    market: Market, reader: Any, reserves: tuple[int, int], amount: int
) -> None:
    pair = Pair(market, "velodrome-v2", True, (18, 18))
    for coin, reserve in zip(pair.coins, reserves, strict=True):
        pair.send(coin, "transfer(address,uint256)", pair.address, reserve)
    pair.send(pair.address, "sync()")
    pair.send(market.factory, "setCustomFee(address,uint256)", pair.address, 420)
    market.chain.rpc.call("anvil_setStorageAt", pair.address, f"0x{2:064x}", f"0x{2**128:064x}")
    await pair.load(reader)
    pair.compare_quotes(0, [amount], [])


async def test_the_fee_of_the_curve_or_of_the_config_is_taken_where_the_config_says_so(
    market: Market, reader: Any
) -> None:
    pair = Pair(market, "solidly", True, (6, 18))
    by_curve = SolidlyConfig(generation="solidly", fee_from="curve")
    found = await Solidly.load(pair.address, reader, by_curve)
    assert found.amm is not None
    assert (found.amm.fee_bps, found.amm.follows()) == (5, {"factory": market.factory.lower()})
    fixed = await Solidly.load(pair.address, reader, SolidlyConfig(generation="solidly", fee_from="config", fee_bps=2))
    assert fixed.amm is not None
    assert (fixed.amm.fee_bps, fixed.amm.follows(), fixed.amm.venue_data(0, 1)) == (2, {}, 1)


async def test_fees_of_other_pairs_are_none_of_its_business(market: Market, reader: Any) -> None:
    pairs = [Pair(market, "velodrome-v2", False, (18, 18)) for _ in range(2)]
    for pair in pairs:
        await pair.load(reader)
    receipt = market.send(market.factory, "setCustomFee(address,uint256)", pairs[0].address, 77)
    for pair in pairs:
        pair.follow(receipt)
    assert [pair.amm.fee_bps for pair in pairs] == [77, 30]
