"""The real Vault with the real factories on a dev chain, and one pool of them driven beside the AMM that follows it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sniper.amm import NoLiquidity, Unpriced
from sniper.errors import CallReverted
from sniper.evm.abi import event
from sniper_amm_balancer_stable.config import BalancerStableConfig
from sniper_amm_balancer_stable.pool import BalancerStable
from sniper_sdk.amm_fixtures import DevChainReader
from sniper_sdk.devchain import DevChain, Receipt, calldata, checksum, encoded, selector
from sniper_sdk.npm import artifact
from sniper_sdk.solidity import compiled

ONE: Final = 10**18
FOREVER: Final = 2**63
DAY: Final = 86_400
GAS: Final = 20_000_000
GIVEN_IN, GIVEN_OUT = 0, 1
NOBODY = "0x" + "00" * 20
CONTRACTS = compiled(Path(__file__).parent / "contracts")
DECIMALS: Final = (18, 8, 6, 0)

VERSIONS: Final = ("August 2022", "September 2022", "November 2022", "2023")
CREATE: Final = "create(string,string,address[],uint256,address[],uint256[],bool[],uint256,address)"
QUERY: Final = (
    "queryBatchSwap(uint8,(bytes32,uint256,uint256,uint256,bytes)[],address[],(address,bool,address,bool))(int256[])"
)
SWAP: Final = "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)"
JOIN: Final = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
EXIT: Final = "exitPool(bytes32,address,address,(address[],uint256[],bytes,bool))"


class Balancer:
    """Deploys what pools need: an authorizer that lets the first account do everything, half of the swap fees for the
    protocol, and for each number of decimals as many tokens as a pool may hold."""

    def __init__(self, chain: DevChain, ask: Any, feed: Any) -> None:
        self.chain, self.ask, self.feed = chain, ask, feed
        self.me = chain.accounts[0].address
        self.authorizer = chain.deploy(artifact("BalancerAuthorizer"), self.me)
        weth, vault = chain.addresses.weth, artifact("BalancerVault")
        self.vault = chain.deploy(vault, self.authorizer, weth, 90 * DAY, 30 * DAY, gas=GAS)
        provider = chain.deploy(artifact("BalancerProtocolFeePercentagesProvider"), self.vault, ONE, ONE)
        names = ("", "V1", "V2", "V3")
        factories = [artifact(f"BalancerComposableStablePool{name}Factory") for name in names]
        arguments = [(self.vault, provider), (self.vault, provider), *[(self.vault, provider, "", "")] * 2]
        self.factories = {
            version: chain.deploy(factory, *given, gas=GAS)
            for version, factory, given in zip(VERSIONS, factories, arguments, strict=True)
        }
        (collector,) = ask(self.vault, "getProtocolFeesCollector()(address)")
        self.allow(collector, "setSwapFeePercentage(uint256)")
        self.send(collector, "setSwapFeePercentage(uint256)", ONE // 2)
        self.config = BalancerStableConfig(factories=(self.vault,), pool_factories=tuple(self.factories.values()))
        self.tokens = {places: [self._token(places) for _ in range(5)] for places in DECIMALS}

    def _token(self, decimals: int) -> str:
        token = self.chain.deploy(CONTRACTS["Coin"], decimals, 2**250)
        self.send(token, "approve(address,uint256)", self.vault, 2**256 - 1)
        return token.lower()

    def allow(self, contract: str, signature: str) -> None:
        (action,) = self.ask(contract, "getActionId(bytes4)(bytes32)", selector(signature))
        self.send(self.authorizer, "grantRole(bytes32,address)", action, self.me)

    def send(self, to: str, signature: str, *arguments: object) -> Receipt:
        return self.chain.send(
            self.chain.accounts[0], checksum(bytes.fromhex(to[2:])), calldata(signature, *arguments), gas=GAS
        )


@dataclass
class Count:
    """How many answers of contract and AMM were compared, how many of those were refusals of both, how often the AMM
    had to be read again, and how often each thing happened."""

    compared: int = 0
    refused: int = 0
    read_again: int = 0
    happened: Counter[str] = field(default_factory=Counter)


class Pool:
    """A pool of the real factory of ``version``, and the AMM that follows it.

    rates  For each of ``decimals``, in that order: its provider's rate and the seconds for which that is kept; None: it
           has no provider.
    """

    def __init__(
        self,
        balancer: Balancer,
        count: Count,
        version: str,
        decimals: list[int],
        rates: list[tuple[int, int] | None],
        amplifier: int,
        fee: int,
    ) -> None:
        self.balancer, self.count, self.version = balancer, count, version
        chosen = sorted(
            (balancer.tokens[places][decimals[:number].count(places)], rates[number])
            for number, places in enumerate(decimals)
        )
        self.coins = [coin for coin, _ in chosen]
        self.providers = [NOBODY if rate is None else self._provider(rate[0]) for _, rate in chosen]
        durations = [0 if rate is None else rate[1] for _, rate in chosen]
        exempt = [False] * len(chosen)
        receipt = balancer.send(
            balancer.factories[version], CREATE, "pool", "POOL", self.coins, amplifier, self.providers, durations,
            exempt, fee, balancer.me,
        )  # fmt: skip
        creation = event(BalancerStable.registered.__sniper_creation__)  # type: ignore[attr-defined]
        log = next(log for log in receipt.logs if log.topics[0] == creation.topic)
        found = BalancerStable.registered(balancer.config, *creation.decode(log.topics, bytes.fromhex(log.data[2:])))
        assert found is not None
        assert found.amm is None
        assert found.pool == BalancerStable.pool_of(log.topics[1])
        self.address, self.id = found.pool, bytes.fromhex(log.topics[1][2:])
        self.listed = sorted([*self.coins, self.address])
        self.unseen = False
        self.amm = self.loaded()
        assert self.amm.venue_data(0, 1) == int.from_bytes(self.id[20:], "big")
        assert self.amm.coins == tuple(self.coins)
        assert self.amm.share == self.listed.index(self.address)

    def _provider(self, rate: int) -> str:
        provider = self.balancer.chain.deploy(CONTRACTS["RateProvider"])
        self.balancer.send(provider, "setRate(uint256)", rate)
        return provider

    def loaded(self) -> BalancerStable:
        reader = DevChainReader(self.balancer.chain, self.balancer.ask)
        found = asyncio.run(BalancerStable.load(self.address, reader, self.balancer.config))
        assert found.amm is not None
        found.amm.on_block(self.balancer.chain.timestamp())
        return found.amm

    def reload(self) -> None:
        """As the kernel reads a pool anew that is outdated."""
        now = self.amm.now
        self.amm, self.unseen = self.loaded(), False
        self.amm.on_block(now)
        self.count.read_again += 1

    # ---- what happens to it ----

    def begin(self, amounts: list[int]) -> None:
        mine = dict(zip(self.coins, amounts, strict=True))
        self.join("begin", encoded(("uint256", "uint256[]"), (0, [mine.get(coin, 0) for coin in self.listed])))

    def add(self, amounts: list[int]) -> None:
        self.join("add", encoded(("uint256", "uint256[]", "uint256"), (1, amounts, 0)))

    def add_one(self, part: int, i: int) -> None:
        """So many parts in 2**64 of the shares that the first account has, for coin i alone."""
        self.join("add_one", encoded(("uint256", "uint256", "uint256"), (2, self.mine() * part >> 64, i)))

    def join(self, name: str, data: bytes) -> None:
        me, request = self.balancer.me, (self.listed, [2**128] * len(self.listed), data, False)
        self.follow(name, lambda: self.balancer.send(self.balancer.vault, JOIN, self.id, me, me, request), 1)

    def remove(self, part: int) -> None:
        """So many parts in 2**64 of the shares of the first account, in recovery mode, of which quotes know nothing."""
        self.balancer.allow(self.address, "enableRecoveryMode()")
        self.balancer.allow(self.address, "disableRecoveryMode()")
        self.follow("recovery", lambda: self.balancer.send(self.address, "enableRecoveryMode()"))
        self.exit("remove", encoded(("uint256", "uint256"), (255, self.mine() * part >> 64)))
        self.follow("recovery", lambda: self.balancer.send(self.address, "disableRecoveryMode()"))

    def remove_one(self, part: int, i: int) -> None:
        data = encoded(("uint256", "uint256", "uint256"), (0, self.mine() * part >> 64, i))
        self.exit("remove_one", data)

    def remove_unevenly(self, amounts: list[int]) -> None:
        self.exit("remove_unevenly", encoded(("uint256", "uint256[]", "uint256"), (1, amounts, 2**128)))

    def exit(self, name: str, data: bytes) -> None:
        me, request = self.balancer.me, (self.listed, [0] * len(self.listed), data, False)
        self.follow(name, lambda: self.balancer.send(self.balancer.vault, EXIT, self.id, me, me, request), -1)

    def swap_in(self, part: int, i: int) -> None:
        """Coin i for the pool's share."""
        self.swap_share("swap_in", self.coins[i], self.address, (self.amm.balances[i] * part >> 64) // 4, 1)

    def swap_out(self, part: int, i: int) -> None:
        """The pool's share for coin i."""
        self.swap_share("swap_out", self.address, self.coins[i], (self.mine() * part >> 64) // 8, -1)

    def swap_share(self, name: str, paid: str, bought: str, amount: int, sign: int) -> None:
        me = self.balancer.me
        order, funds = (self.id, GIVEN_IN, paid, bought, amount, b""), (me, False, me, False)
        self.follow(name, lambda: self.balancer.send(self.balancer.vault, SWAP, order, funds, 0, FOREVER), sign)

    def set_fee(self, fee: int) -> None:
        signature = "setSwapFeePercentage(uint256)"
        self.balancer.allow(self.address, signature)  # in August 2022 the owner alone was not enough
        self.follow("set_fee", lambda: self.balancer.send(self.address, signature, fee))

    def pause(self, paused: bool) -> None:
        signature = "pause()" if paused else "unpause()"
        self.balancer.allow(self.address, signature)
        self.follow("pause", lambda: self.balancer.send(self.address, signature))

    def ramp(self, end: int, days: int) -> None:
        until = self.balancer.chain.timestamp() + days * DAY + 100
        signature = "startAmplificationParameterUpdate(uint256,uint256)"
        self.follow("ramp", lambda: self.balancer.send(self.address, signature, end, until))

    def stop_ramp(self) -> None:
        self.follow("stop_ramp", lambda: self.balancer.send(self.address, "stopAmplificationParameterUpdate()"))

    def set_rate(self, i: int, rate: int) -> None:
        """Of the provider, which logs nothing; the pool's cache of it stays."""
        if self.providers[i] != NOBODY:
            self.unseen = True
            self.follow("set_rate", lambda: self.balancer.send(self.providers[i], "setRate(uint256)", rate))

    def update_rate(self, i: int) -> None:
        signature = "updateTokenRateCache(address)"
        self.follow("update_rate", lambda: self.balancer.send(self.address, signature, self.coins[i]))

    def keep_rate(self, i: int, seconds: int) -> None:
        signature = "setTokenRateCacheDuration(address,uint256)"
        self.follow("keep_rate", lambda: self.balancer.send(self.address, signature, self.coins[i], seconds))

    def wait(self, seconds: int) -> None:
        chain = self.balancer.chain
        chain.rpc.call("evm_setNextBlockTimestamp", chain.timestamp() + seconds)
        chain.mine()
        self.amm.on_block(chain.timestamp())
        self.count.happened["wait"] += 1

    def swap(self, kind: int, i: int, j: int, amount: int) -> None:
        """Really swap what the AMM quotes for the second of the swap, where that can be known before it."""
        if self.amm.unknown_ramp:
            return
        chain, me = self.balancer.chain, self.balancer.me
        time = chain.timestamp() + chain.block_interval
        chain.rpc.call("evm_setNextBlockTimestamp", time)
        self.amm.on_block(time)
        quoted = self.quoted(kind, i, j, amount)
        if quoted is None:
            self.amm.on_block(chain.timestamp())  # nothing happens: the newest block is still that before
            return
        expected = list(self.amm.balances)
        expected[i] += (amount, quoted)[kind]
        expected[j] -= (quoted, amount)[kind]
        order = (self.id, kind, self.coins[i], self.coins[j], amount, b"")
        receipt = self.balancer.send(self.balancer.vault, SWAP, order, (me, False, me, False), quoted, FOREVER)
        assert chain.timestamp() == time
        self.follow("swap", lambda: receipt)
        assert self.amm.balances == tuple(expected)
        self.count.compared += 1

    def follow(self, name: str, act: Callable[[], Receipt], sign: int = 0) -> None:
        """Do it, where the contract lets it be done, and compare the states. ``sign``: of the change to liquidity."""
        try:
            receipt = act()
        except CallReverted:
            self.amm.on_block(self.balancer.chain.timestamp())
            return
        self.count.happened[name] += 1
        self.amm.on_block(self.balancer.chain.timestamp())
        changes = [change for change in self.balancer.feed(self.amm, self.balancer.vault, receipt) if change]
        if sign:
            assert [all(sign * moved >= 0 for moved in change) for change in changes] == [True]
        else:
            assert changes == []
        self.compare_state()

    # ---- what it says ----

    def compare_state(self) -> None:
        ask, amm = self.balancer.ask, self.amm
        coins, balances, _ = ask(self.balancer.vault, "getPoolTokens(bytes32)(address[],uint256[],uint256)", self.id)
        held = dict(zip((coin.lower() for coin in coins), balances, strict=True))
        assert amm.balances == tuple(held[coin] for coin in self.coins)
        assert (amm.fee,) == ask(self.address, "getSwapFeePercentage()(uint256)")
        assert amm.paused == ask(self.address, "getPausedState()(bool,uint256,uint256)")[0]
        if not amm.unknown_ramp:
            assert amm.ramp.at(amm.now) == ask(self.address, "getAmplificationParameter()(uint256,bool,uint256)")[0]
        for coin, rate in zip(self.coins, amm.rates, strict=True):
            if rate is not None:
                signature = "getTokenRateCache(address)(uint256,uint256,uint256,uint256)"
                cached, _, duration, expires = ask(self.address, signature, coin)
                assert (rate.cached, rate.duration, rate.expires) == (cached, duration, expires)
        self.count.compared += 5

    def quoted(self, kind: int, i: int, j: int, amount: int) -> int | None:
        """What the AMM says; None where it refuses. Where it cannot know, it is read again first: where a provider that
        the next swap asks has changed unseen, or was seen too long ago, or of a ramp only one second is known."""
        if (self.expired() and self.unseen) or (self.amm.unknown_ramp and self.amm.now != self.amm.read_at):
            self.reload()
        quote = (self.amm.amount_out, self.amm.amount_in)[kind]
        try:
            return quote(i, j, amount)
        except Unpriced:
            if not self.amm.paused:
                assert self.expired() or self.amm.unknown_ramp
                self.reload()
                quote = (self.amm.amount_out, self.amm.amount_in)[kind]
        except NoLiquidity:
            return None
        try:
            return quote(i, j, amount)
        except NoLiquidity:
            return None

    def expired(self) -> bool:
        return any(rate is not None and self.amm.now > rate.expires for rate in self.amm.rates)

    def compare(self, kind: int, i: int, j: int, amount: int) -> int | None:
        """Quote of the contract and of the AMM; None where both refuse."""
        me = self.balancer.me
        request = (kind, [(self.id, i, j, amount, b"")], self.coins, (me, False, me, False))
        try:
            (deltas,) = self.balancer.ask(self.balancer.vault, QUERY, *request)
            expected = -deltas[j] if kind == GIVEN_IN else deltas[i]
        except CallReverted:
            expected = None
        quoted = self.quoted(kind, i, j, amount)
        assert quoted == expected, f"{self.amm!r}: {('given in', 'given out')[kind]} {i} {j} {amount}"
        self.count.compared += 1
        self.count.refused += quoted is None
        return quoted

    def mine(self) -> int:
        shares: int = self.balancer.ask(self.address, "balanceOf(address)(uint256)", self.balancer.me)[0]
        return shares
