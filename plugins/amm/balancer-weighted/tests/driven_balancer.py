"""The real Vault with the real factories on a dev chain, and one pool of them driven beside the AMM that follows it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from sniper.amm import NoLiquidity
from sniper.errors import CallReverted
from sniper.evm.abi import event
from sniper_amm_balancer_weighted.pool import BalancerWeighted, BalancerWeightedConfig
from sniper_sdk.amm_fixtures import DevChainReader
from sniper_sdk.devchain import DevChain, Receipt, calldata, checksum, encoded, selector
from sniper_sdk.npm import artifact
from sniper_sdk.solidity import compiled

ONE: Final = 10**18
FOREVER: Final = 2**63
GAS: Final = 20_000_000
GIVEN_IN, GIVEN_OUT = 0, 1
NOBODY = "0x" + "00" * 20

CREATE: Final = {
    "2021, two tokens": "create(string,string,address[],uint256[],uint256,bool,address)",
    "2021": "create(string,string,address[],uint256[],uint256,address)",
    "2022": "create(string,string,address[],uint256[],address[],uint256,address)",
    "2023": "create(string,string,address[],uint256[],address[],uint256,address)",
}
QUERY: Final = (
    "queryBatchSwap(uint8,(bytes32,uint256,uint256,uint256,bytes)[],address[],(address,bool,address,bool))(int256[])"
)
SWAP: Final = "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)"
JOIN: Final = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
EXIT: Final = "exitPool(bytes32,address,address,(address[],uint256[],bytes,bool))"


class Balancer:
    """Deploys what pools need: an authorizer that lets the first account do everything, half of the swap fees for the
    protocol, and for each number of decimals some tokens."""

    def __init__(self, chain: DevChain, ask: Any, feed: Any) -> None:
        self.chain, self.ask, self.feed = chain, ask, feed
        self.me = chain.accounts[0].address
        self.authorizer = chain.deploy(artifact("BalancerAuthorizer"), self.me)
        vault = artifact("BalancerVault")
        self.vault = chain.deploy(vault, self.authorizer, chain.addresses.weth, 0, 0, gas=GAS)
        provider = chain.deploy(artifact("BalancerProtocolFeePercentagesProvider"), self.vault, ONE, ONE)
        self.factories = {
            "2021, two tokens": chain.deploy(artifact("BalancerWeightedPool2TokensFactory"), self.vault, gas=GAS),
            "2021": chain.deploy(artifact("BalancerWeightedPoolFactory"), self.vault, gas=GAS),
            "2022": chain.deploy(artifact("BalancerWeightedPoolV2Factory"), self.vault, provider, gas=GAS),
            "2023": chain.deploy(artifact("BalancerWeightedPoolV3Factory"), self.vault, provider, "", "", gas=GAS),
        }
        (collector,) = ask(self.vault, "getProtocolFeesCollector()(address)")
        self.allow(collector, "setSwapFeePercentage(uint256)")
        self.send(collector, "setSwapFeePercentage(uint256)", ONE // 2)
        self.config = BalancerWeightedConfig(factories=(self.vault,), pool_factories=tuple(self.factories.values()))

    @cache  # noqa: B019 — it lives as long as its chain
    def token(self, decimals: int, number: int) -> str:
        """The ``number``-th token with so many decimals."""
        token = self.chain.deploy(compiled(Path(__file__).parent / "contracts")["Token"], decimals)
        self.send(token, "approve(address,uint256)", self.vault, 2**256 - 1)
        return token

    def allow(self, contract: str, signature: str) -> None:
        (action,) = self.ask(contract, "getActionId(bytes4)(bytes32)", selector(signature))
        self.send(self.authorizer, "grantRole(bytes32,address)", action, self.me)

    def send(self, to: str, signature: str, *arguments: object) -> Receipt:
        return self.chain.send(
            self.chain.accounts[0], checksum(bytes.fromhex(to[2:])), calldata(signature, *arguments), gas=GAS
        )


@dataclass
class Count:
    """How many answers of contract and AMM were compared, and how many of those were refusals of both."""

    compared: int = 0
    refused: int = 0
    transactions: int = 0


class Pool:
    """A pool of the real factory of ``version``, and the AMM that follows it."""

    def __init__(
        self, balancer: Balancer, count: Count, version: str, decimals: list[int], weights: list[int], fee: int
    ) -> None:
        self.balancer, self.count, self.version = balancer, count, version
        self.coins = sorted(
            balancer.token(places, decimals[:number].count(places)).lower() for number, places in enumerate(decimals)
        )
        arguments: list[object] = ["pool", "POOL", self.coins, weights, fee, balancer.me]
        if version == "2021, two tokens":
            arguments.insert(5, True)
        elif version != "2021":
            arguments.insert(4, [NOBODY] * len(weights))
        receipt = balancer.send(balancer.factories[version], CREATE[version], *arguments)
        creation = event(BalancerWeighted.registered.__sniper_creation__)  # type: ignore[attr-defined]
        log = next(log for log in receipt.logs if log.topics[0] == creation.topic)
        found = BalancerWeighted.registered(balancer.config, *creation.decode(log.topics, bytes.fromhex(log.data[2:])))
        assert found is not None
        assert found.amm is None
        assert found.pool == BalancerWeighted.pool_of(log.topics[1])
        self.address, self.id = found.pool, bytes.fromhex(log.topics[1][2:])
        self.amm = self.loaded()
        assert self.amm.venue_data(0, 1) == int.from_bytes(self.id[20:], "big")
        assert self.amm.coins == tuple(self.coins)

    def loaded(self) -> BalancerWeighted:
        reader = DevChainReader(self.balancer.chain, self.balancer.ask)
        found = asyncio.run(BalancerWeighted.load(self.address, reader, self.balancer.config))
        assert found.amm is not None
        return found.amm

    # ---- what happens to it ----

    def begin(self, amounts: list[int]) -> None:
        self.join(encoded(("uint256", "uint256[]"), (0, amounts)))

    def add(self, amounts: list[int]) -> None:
        self.join(encoded(("uint256", "uint256[]", "uint256"), (1, amounts, 0)))

    def add_one(self, part: int, i: int) -> None:
        """So many parts in 2**64 of the shares that there are, for coin i alone."""
        self.join(
            encoded(("uint256", "uint256", "uint256"), (2, self.shares("totalSupply()(uint256)") * part >> 64, i))
        )

    def join(self, data: bytes) -> None:
        me, count = self.balancer.me, len(self.coins)
        request = (self.coins, [2**128] * count, data, False)
        self.follow(lambda: self.balancer.send(self.balancer.vault, JOIN, self.id, me, me, request), 1)

    def remove(self, part: int) -> None:
        """So many parts in 2**64 of the shares of the first account."""
        self.exit(encoded(("uint256", "uint256"), (1, self.mine() * part >> 64)))

    def remove_one(self, part: int, i: int) -> None:
        self.exit(encoded(("uint256", "uint256", "uint256"), (0, self.mine() * part >> 64, i)))

    def exit(self, data: bytes) -> None:
        me, count = self.balancer.me, len(self.coins)
        request = (self.coins, [0] * count, data, False)
        self.follow(lambda: self.balancer.send(self.balancer.vault, EXIT, self.id, me, me, request), -1)

    def set_fee(self, fee: int) -> None:
        self.follow(lambda: self.balancer.send(self.address, "setSwapFeePercentage(uint256)", fee))

    def pause(self, paused: bool) -> None:
        signature = "setPaused(bool)" if "2021" in self.version else "pause()" if paused else "unpause()"
        arguments = (paused,) if "2021" in self.version else ()
        self.balancer.allow(self.address, signature)
        self.follow(lambda: self.balancer.send(self.address, signature, *arguments))

    def swap(self, kind: int, i: int, j: int, amount: int) -> None:
        """Really swap what the AMM quotes."""
        try:
            quoted = (self.amm.amount_out, self.amm.amount_in)[kind](i, j, amount)
        except NoLiquidity:
            return
        expected = list(self.amm.balances)
        expected[i] += (amount, quoted)[kind]
        expected[j] -= (quoted, amount)[kind]
        me = self.balancer.me
        order = (self.id, kind, self.coins[i], self.coins[j], amount, b"")
        funds = (me, False, me, False)
        receipt = self.balancer.send(self.balancer.vault, SWAP, order, funds, quoted, FOREVER)
        self.follow(lambda: receipt)
        assert self.amm.balances == tuple(expected)
        self.count.compared += 1

    def follow(self, act: Callable[[], Receipt], sign: int = 0) -> None:
        """Do it, where the contract lets it be done, and compare the states. ``sign``: of the change to liquidity."""
        try:
            receipt = act()
        except CallReverted:
            return
        self.count.transactions += 1
        changes = self.balancer.feed(self.amm, self.balancer.vault, receipt)
        if sign:
            assert [all(sign * moved >= 0 for moved in change) for change in changes] == [True]
        else:
            assert [change for change in changes if change] == []
        signature = "getPoolTokens(bytes32)(address[],uint256[],uint256)"
        assert self.amm.balances == tuple(self.balancer.ask(self.balancer.vault, signature, self.id)[1])
        assert (self.amm.fee,) == self.balancer.ask(self.address, "getSwapFeePercentage()(uint256)")
        assert self.amm.paused == self.balancer.ask(self.address, "getPausedState()(bool,uint256,uint256)")[0]
        self.count.compared += 3

    # ---- what it says ----

    def compare(self, kind: int, i: int, j: int, amount: int) -> int | None:
        """Quote of the contract and of the AMM; None where both refuse."""
        me = self.balancer.me
        request = (kind, [(self.id, i, j, amount, b"")], self.coins, (me, False, me, False))
        try:
            (deltas,) = self.balancer.ask(self.balancer.vault, QUERY, *request)
            expected = -deltas[j] if kind == GIVEN_IN else deltas[i]
        except CallReverted:
            expected = None
        try:
            quoted = (self.amm.amount_out, self.amm.amount_in)[kind](i, j, amount)
        except NoLiquidity:
            quoted = None
        assert quoted == expected, f"{self.amm!r}: {('given in', 'given out')[kind]} {i} {j} {amount}"
        self.count.compared += 1
        self.count.refused += quoted is None
        return quoted

    def mine(self) -> int:
        return self.shares("balanceOf(address)(uint256)", self.balancer.me)

    def shares(self, signature: str, *arguments: object) -> int:
        answer: int = self.balancer.ask(self.address, signature, *arguments)[0]
        return answer
