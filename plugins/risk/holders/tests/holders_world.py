"""A dev chain, and what the check says of the tokens on it."""

from typing import Any

from sniper.events import Block, Started
from sniper.evm.rpc import Endpoints, Provider
from sniper.io import Io
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import AccountWiring, ChainWiring, Wiring
from sniper.risk import Finding
from sniper.runtime.forks import ShellIo
from sniper.runtime.simulations import Simulations
from sniper.runtime.workers import Workers
from sniper.types import SECOND, Entry
from sniper_fee_percentile.estimator import Percentile, PercentileConfig
from sniper_risk_holders.check import Holders, HoldersConfig, Holding
from sniper_sdk.builders import view
from sniper_sdk.devchain import Account, DevChain, calldata
from sniper_sdk.zoo import ZooToken

OWNER = "0x" + "a1" * 20


class World:
    def __init__(self, chain: DevChain) -> None:
        self.chain = chain
        self.endpoints = Endpoints(chain.chain_id, [Provider(url=chain.rpc_url, rate=100_000, burst=100_000)])
        self.workers = Workers(1, within_s=20.0)
        self.simulations = Simulations(lambda _: self.endpoints, self.workers)

    async def close(self) -> None:
        await self.simulations.close()
        await self.workers.close()
        await self.endpoints.close()

    def io(self) -> Io:
        """On the newest block."""
        weth = self.chain.addresses.weth.lower()
        fee = Percentile(config=PercentileConfig())
        kernel = Kernel(
            Wiring(
                chains=(ChainWiring(chain_id=self.chain.chain_id, wrapped_native=weth, fee=fee, amms=()),),
                venues={},
                accounts=(AccountWiring(name="main", chain_id=self.chain.chain_id, address=OWNER),),
            )
        )
        found = self.chain.rpc.call("eth_getBlockByNumber", "latest", False)
        time = int(found["timestamp"], 16)
        kernel.handle(Started(time=time * SECOND, mode="paper"))
        kernel.handle(
            Block(
                time=time * SECOND,
                chain_id=self.chain.chain_id,
                number=int(found["number"], 16),
                hash=found["hash"],
                parent=found["parentHash"],
                timestamp=time,
                base_fee=int(found["baseFeePerGas"], 16),
                gas_used=int(found["gasUsed"], 16),
                gas_limit=int(found["gasLimit"], 16),
            )
        )
        return ShellIo(kernel.accounts["main"], lambda _: self.endpoints, self.simulations, self.workers)

    def entry(self, token: str, pool: str) -> Entry:
        number = self.chain.chain_id
        return Entry(
            intent="main/s/1", account="main", instance="s", chain_id=number, token=f"{number}:{token.lower()}",
            quote=f"{number}:{self.chain.addresses.weth.lower()}", pool=f"{number}:{pool.lower()}", venue="uniswap",
            amount=10**17, expected_out=1, reason="a test",
        )  # fmt: skip

    async def found(self, token: ZooToken, io: Io | None = None, **section: Any) -> Holding:
        intent = self.entry(token.address, token.pools[0].address)
        return await Holders(config=HoldersConfig(**section)).probe(intent, io or self.io())

    async def judged(self, token: ZooToken, **section: Any) -> dict[str, Finding]:
        intent = self.entry(token.address, token.pools[0].address)
        found = await self.found(token, **section)
        check = Holders(config=HoldersConfig(**section))
        now = view(now=self.chain.timestamp() * SECOND)
        return {finding.rule: finding for finding in check.judge(intent, now, found)}

    async def denied(self, token: ZooToken, **section: Any) -> set[str]:
        findings = await self.judged(token, **section)
        return {rule for rule, finding in findings.items() if not finding.ok and finding.severity == "deny"}

    def send(self, who: Account, to: str, signature: str, *arguments: object) -> None:
        self.chain.send(who, to, calldata(signature, *arguments))
