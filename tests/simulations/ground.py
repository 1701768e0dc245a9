"""A dev chain with launched tokens, and a kernel that has seen all of it: what scenarios are played on."""

from typing import Any

from sniper.events import Block, Log, Started
from sniper.evm.rpc import Endpoints, Provider
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import AccountWiring, AmmWiring, ChainWiring, Wiring
from sniper.runtime.forks import ShellIo
from sniper.runtime.simulations import Simulations
from sniper.runtime.workers import Workers
from sniper.types import SECOND
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_fee_percentile.estimator import Percentile, PercentileConfig
from sniper_sdk.devchain import DevChain, calldata
from sniper_sdk.zoo import V2Pool, V3Pool, contract
from sniper_venue_uniswap.venue import Uniswap, UniswapConfig

ETHER = 10**18
SUPPLY = 1_000_000 * ETHER
OWNER = "0x" + "a1" * 20


class Ground:
    """`launch` tokens, then `io`. ``hardfork``: by whose rules; None: as the node says. ``port``: of a proxy to it.

    Account ``main`` pays with the chain's coin, ``wrapped`` with its wrapped form.
    """

    def __init__(self, chain: DevChain, hardfork: str | None = None, workers: int = 1, port: int = 0) -> None:
        self.chain = chain
        addresses = chain.addresses
        weth = addresses.weth.lower()
        v2, v3 = (addresses.v2_factory.lower(),), (addresses.v3_factory.lower(),)
        pairs, pools = ConstantProductConfig(factories=v2), UniswapV3Config(factories=v3)
        amms = (
            AmmWiring("constant-product", "constant-product", ConstantProduct, pairs, v2),
            AmmWiring("uniswap-v3", "uniswap-v3", UniswapV3, pools, v3),
        )
        fee = Percentile(config=PercentileConfig())
        venue = Uniswap(
            config=UniswapConfig(
                chain_id=chain.chain_id,
                wrapped=weth,
                v2_router=addresses.v2_router.lower(),
                v3_router=addresses.v3_router.lower(),
            )
        )
        wirings = (
            AccountWiring(name="main", chain_id=chain.chain_id, address=OWNER),
            AccountWiring(name="wrapped", chain_id=chain.chain_id, address=OWNER[:-1] + "2", quote=weth),
        )
        self.kernel = Kernel(
            Wiring(
                chains=(ChainWiring(chain_id=chain.chain_id, wrapped_native=weth, fee=fee, amms=amms),),
                venues={"uniswap": venue},
                accounts=wirings,
            )
        )
        self.kernel.handle(Started(time=chain.timestamp() * SECOND, mode="paper"))
        url = f"http://127.0.0.1:{port}" if port else chain.rpc_url
        self.endpoints = Endpoints(chain.chain_id, [Provider(url=url, rate=100_000, burst=100_000)])
        self.workers = Workers(workers, within_s=20.0)
        hardforks = {} if hardfork is None else {chain.chain_id: hardfork}
        self.simulations = Simulations(lambda _: self.endpoints, self.workers, hardforks)
        self._seen = 0

    async def close(self) -> None:
        await self.simulations.close()
        await self.workers.close()
        await self.endpoints.close()

    def io(self, account: str = "main") -> ShellIo:
        """On the newest block of the chain."""
        self._catch_up()
        return ShellIo(self.kernel.accounts[account], lambda _: self.endpoints, self.simulations, self.workers)

    def launch(
        self, name: str, *more: object, kind: type[V2Pool] | type[V3Pool] = V2Pool, wei: int = 10 * ETHER
    ) -> str:
        """A token whose owner has put all of it and ``wei`` into a pool; the pool's id."""
        owner = self.chain.accounts[0]
        made = contract(name)
        self.token = self.chain.deploy(made, "Specimen", "SPEC", SUPPLY, *more, sender=owner)
        pool = kind(self.token, self.chain.addresses)
        create = pool.create(SUPPLY, wei)
        self.chain.send(owner, create.to, create.data, create.value, gas=create.gas)
        if any(entry.get("name") == "setPool" for entry in made.abi):
            self.owner_calls("setPool(address)", pool.address)
        for call in pool.add(owner.address, SUPPLY, wei):
            self.chain.send(owner, call.to, call.data, call.value, gas=call.gas)
        return f"{self.chain.chain_id}:{pool.address.lower()}"

    def buy(self, wei: int) -> None:
        """Somebody else buys the token that was launched last, of its V2 pool."""
        buyer = self.chain.accounts[1]
        call = V2Pool(self.token, self.chain.addresses).buy(buyer.address, wei)
        self.chain.send(buyer, call.to, call.data, call.value, gas=call.gas)

    def owner_calls(self, signature: str, *arguments: object) -> None:
        self.chain.send(self.chain.accounts[0], self.token, calldata(signature, *arguments))

    def _catch_up(self) -> None:
        newest = self.chain.block_number()
        wanted = {"fromBlock": hex(self._seen + 1), "toBlock": hex(newest)}
        logs: dict[int, list[Any]] = {}
        for log in self.chain.rpc.call("eth_getLogs", wanted) if newest > self._seen else ():
            logs.setdefault(int(log["blockNumber"], 16), []).append(log)
        for number in range(self._seen + 1, newest + 1):
            found = self.chain.rpc.call("eth_getBlockByNumber", hex(number), False)
            time = int(found["timestamp"], 16)
            self.kernel.handle(
                Block(
                    time=time * SECOND,
                    chain_id=self.chain.chain_id,
                    number=number,
                    hash=found["hash"],
                    parent=found["parentHash"],
                    timestamp=time,
                    base_fee=int(found["baseFeePerGas"], 16),
                    gas_used=int(found["gasUsed"], 16),
                    gas_limit=int(found["gasLimit"], 16),
                )
            )
            for log in logs.get(number, []):
                self.kernel.handle(
                    Log(
                        time=time * SECOND,
                        chain_id=self.chain.chain_id,
                        block=number,
                        tx_hash=log["transactionHash"],
                        index=int(log["logIndex"], 16),
                        address=log["address"].lower(),
                        topics=tuple(log["topics"]),
                        data=bytes.fromhex(log["data"][2:]),
                    )
                )
        self._seen = newest
