"""A cryptoswap contract on a dev chain, driven beside the AMM that follows it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from sniper.amm import NoLiquidity
from sniper.errors import CallReverted
from sniper.evm.abi import function
from sniper_amm_cryptoswap.pool import Cryptoswap, CryptoswapConfig
from sniper_sdk.amm_fixtures import DevChainReader
from sniper_sdk.devchain import DevChain, Receipt, calldata
from sniper_sdk.npm import Artifact
from sniper_sdk.solidity import compiled

ONE: Final = 10**18
GAS: Final = 25_000_000


@cache
def contracts() -> dict[str, Artifact]:
    return compiled(Path(__file__).parent / "contracts")


@dataclass
class Count:
    """How many answers of contract and AMM were compared, how many of those were refusals of both, what happened."""

    compared: int = 0
    refused: int = 0
    transactions: int = 0
    moved_prices: int = 0
    in_ramps: int = 0


@dataclass
class Beginning:
    """What a pool starts with; prices of the coins behind the first have 18 decimals."""

    ann: int
    gamma: int
    fees: tuple[int, int, int]
    decimals: list[int]
    prices: list[int]
    amounts: list[int]


class Pool:
    def __init__(self, chain: DevChain, ask: Any, feed: Any, count: Count, beginning: Beginning) -> None:
        self.chain, self.ask, self.feed, self.count = chain, ask, feed, count
        self.n = len(beginning.decimals)
        name = "Tricrypto" if self.n == 3 else "Twocrypto"
        scales = [10 ** (18 - places) for places in beginning.decimals]
        arguments = (beginning.ann, beginning.gamma, list(beginning.fees), scales, beginning.prices)
        self.address = chain.deploy(contracts()[name], *arguments, gas=GAS)
        self.amm = self.loaded()
        self.amounts = f"uint256[{self.n}]"

    def loaded(self) -> Cryptoswap:
        reader = DevChainReader(self.chain, self.ask)
        found = asyncio.run(Cryptoswap.load(self.address, reader, CryptoswapConfig()))
        assert found.amm is not None
        found.amm.on_block(self.chain.timestamp())
        return found.amm

    # ---- what happens to it ----

    def add(self, amounts: list[int]) -> None:
        self.follow(f"add_liquidity({self.amounts})", amounts, sign=1)

    def remove(self, part: int) -> None:
        self.follow("remove_liquidity(uint256)", self.amm.supply * part >> 64, sign=-1)

    def remove_one(self, part: int, i: int) -> None:
        shares = self.amm.supply * part >> 66
        self.follow("remove_liquidity_one_coin(uint256,uint256,uint256)", shares, i, 0, sign=-1)

    def exchange(self, i: int, j: int, amount: int) -> None:
        """Really trade what the AMM quotes, if it does."""
        before = self.amm.prices
        try:
            quoted = self.amm.amount_out(i, j, amount)
        except NoLiquidity:
            return
        if not self.ramping():
            self.follow("exchange(uint256,uint256,uint256,uint256)", i, j, amount, quoted)
        else:  # the block of the trade has other parameters than the one that was quoted
            self.follow("exchange(uint256,uint256,uint256,uint256)", i, j, amount, 0)
        self.count.moved_prices += before != self.amm.prices

    def ramp(self, ann: int, gamma: int, seconds: int) -> None:
        self.follow("ramp_A_gamma(uint256,uint256,uint256)", ann, gamma, self.chain.timestamp() + seconds)

    def stop_ramp(self) -> None:
        self.follow("stop_ramp_A_gamma()")

    def set_fees(self, mid: int, out: int, gamma: int) -> None:
        self.follow("apply_new_parameters(uint256,uint256,uint256)", mid, out, gamma)

    def wait(self, seconds: int) -> None:
        self.chain.rpc.call("evm_setNextBlockTimestamp", self.chain.timestamp() + seconds)
        self.chain.mine()
        self.amm.on_block(self.chain.timestamp())

    def ramping(self) -> bool:
        return self.amm.time < self.amm.ramp[3]

    def follow(self, signature: str, *arguments: object, sign: int = 0) -> None:
        """Do it, where the contract lets it be done, and compare the states. ``sign``: of the change to liquidity."""
        send: Callable[[], Receipt] = lambda: self.chain.send(  # noqa: E731
            self.chain.accounts[0], self.address, calldata(signature, *arguments), gas=GAS
        )
        try:
            receipt = send()
        except CallReverted:
            self.amm.on_block(self.chain.timestamp())
            return
        self.count.transactions += 1
        self.amm.on_block(self.chain.timestamp())
        changes = self.feed(self.amm, self.address, receipt)
        if sign:
            assert [all(sign * moved >= 0 for moved in change) for change in changes] == [True]
        else:
            assert [change for change in changes if change] == []
        assert self.loaded() == self.amm
        self.count.compared += self.n + 4  # balances, D, virtual price, supply, price scale

    # ---- what it says ----

    def contract_gives(self, i: int, j: int, amount: int) -> int | None:
        compiled_call = function("exchange(uint256,uint256,uint256,uint256)(uint256)")
        request = {
            "from": self.chain.accounts[0].address,
            "to": self.address,
            "data": "0x" + compiled_call.encode(i, j, amount, 0).hex(),
            "gas": hex(GAS),
        }
        try:
            answer = self.chain.rpc.call("eth_call", request, "latest")
        except CallReverted:
            return None
        given: int = compiled_call.decode(bytes.fromhex(answer[2:]))[0]
        return given

    def compare(self, i: int, j: int, amount: int) -> int | None:
        """What contract and AMM give for it; None where both refuse."""
        expected = self.contract_gives(i, j, amount)
        try:
            quoted = self.amm.amount_out(i, j, amount)
        except NoLiquidity:
            quoted = None
        assert quoted == expected, f"{self.amm!r}: {amount} of {i} for {j}"
        self.count.compared += 1
        self.count.refused += quoted is None
        self.count.in_ramps += self.ramping()
        return quoted

    def compare_out(self, i: int, j: int, wanted: int) -> None:
        """The amount in buys what was wanted, and one unit less does not."""
        try:
            needed = self.amm.amount_in(i, j, wanted)
        except NoLiquidity:
            return
        given, less = self.contract_gives(i, j, needed), self.contract_gives(i, j, needed - 1)
        assert given is not None
        assert given >= wanted
        assert less is None or less < wanted
        self.count.compared += 2
