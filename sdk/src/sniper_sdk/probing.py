"""A risk probe on a dev chain: it looks at real contracts, and is judged as in a run.

```python
@pytest.fixture
async def world(devchain: DevChain) -> AsyncIterator[Probing[Liquidity]]:
    async with Probing(devchain, lambda **section: LpQuality(config=LpQualityConfig(**section))) as made:
        yield made

async def test_a_trap_is_denied(world: Probing[Liquidity]) -> None:
    assert "locked" in await world.denied(zoo.deploy(world.chain, "liquidity-pulled"))
```

It reads, computes and simulates calls. It knows no AMM, so a scenario cannot buy or sell: what tries that is for an
end-to-end test.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

from sniper.events import Block, Started
from sniper.evm.rpc import Endpoints, Provider
from sniper.fee import FeeEstimator
from sniper.io import Io
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import AccountWiring, ChainWiring, Wiring
from sniper.risk import Evidence, Finding, RiskProbe
from sniper.runtime.forks import ShellIo
from sniper.runtime.simulations import Simulations
from sniper.runtime.workers import Workers
from sniper.types import SECOND, Entry, FeeBid
from sniper_sdk.builders import view
from sniper_sdk.devchain import Account, DevChain, calldata
from sniper_sdk.zoo import Call, ZooToken

__all__ = ["Probing"]

OWNER = "0x" + "a1" * 20
"""The account for which it is asked."""

E = TypeVar("E", bound=Evidence)


class _Free(FeeEstimator):
    """Nothing is sent."""

    def block(self, block: Block) -> None:
        pass

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        return FeeBid(max_priority_fee=0, max_fee=0)


class Probing(Generic[E]):
    """One probe, asked about tokens on a dev chain."""

    def __init__(self, chain: DevChain, probe: Callable[..., RiskProbe[E]]) -> None:
        """``probe``: makes the check from what its config section says."""
        self.chain = chain
        self._probe = probe
        self._endpoints = Endpoints(chain.chain_id, [Provider(url=chain.rpc_url, rate=100_000, burst=100_000)])
        self._workers = Workers(1, within_s=20.0)
        self._simulations = Simulations(lambda _: self._endpoints, self._workers)

    async def __aenter__(self) -> "Probing[E]":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._simulations.close()
        await self._workers.close()
        await self._endpoints.close()

    def io(self) -> Io:
        """On the newest block."""
        wrapped = self.chain.addresses.weth.lower()
        kernel = Kernel(
            Wiring(
                chains=(ChainWiring(chain_id=self.chain.chain_id, wrapped_native=wrapped, fee=_Free(), amms=()),),
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
        return ShellIo(kernel.accounts["main"], lambda _: self._endpoints, self._simulations, self._workers)

    def entry(self, token: str, pool: str) -> Entry:
        """The wish to buy a token in a pool, for a tenth of an ether."""
        number = self.chain.chain_id
        return Entry(
            intent="main/s/1", account="main", instance="s", chain_id=number, token=f"{number}:{token.lower()}",
            quote=f"{number}:{self.chain.addresses.weth.lower()}", pool=f"{number}:{pool.lower()}", venue="uniswap",
            amount=10**17, expected_out=1, reason="a test",
        )  # fmt: skip

    # Any: fields of the config.
    async def found(self, token: ZooToken, io: Io | None = None, **section: Any) -> E:
        """What the probe brings, on the newest block or on that of ``io``."""
        intent = self.entry(token.address, token.pools[0].address)
        return await self._probe(**section).probe(intent, io or self.io())

    async def judged(self, token: ZooToken, **section: Any) -> dict[str, Finding]:
        """Its findings, by rule."""
        intent = self.entry(token.address, token.pools[0].address)
        found = await self.found(token, **section)
        now = view(now=self.chain.timestamp() * SECOND)
        return {finding.rule: finding for finding in self._probe(**section).judge(intent, now, found)}

    async def denied(self, token: ZooToken, **section: Any) -> set[str]:
        """The rules that deny."""
        findings = await self.judged(token, **section)
        return {rule for rule, finding in findings.items() if not finding.ok and finding.severity == "deny"}

    def send(self, who: Account, to: str, signature: str, *arguments: object) -> None:
        """A transaction, mined."""
        self.chain.send(who, to, calldata(signature, *arguments))

    def do(self, who: Account, call: Call) -> None:
        """A call of the zoo's, mined."""
        self.chain.send(who, call.to, call.data, call.value, gas=call.gas)
