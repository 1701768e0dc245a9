from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.evm.abi import event, function
from sniper_amm_solidly.pool import Solidly, SolidlyConfig
from sniper_sdk import AmmConformance, PackageConformance
from sniper_sdk.devchain import DevChain, calldata, checksum
from sniper_sdk.solidity import compiled
from sniper_sdk.strategies import addresses, amounts

CONTRACTS = compiled(Path(__file__).parent / "contracts")
POOL, FACTORY = "0x" + "22" * 20, "0x" + "33" * 20
SUPPLY = 2**250


def build(stable: bool, reserves: tuple[int, int], units: tuple[int, int], fee_bps: int, generation: str) -> Solidly:
    config = SolidlyConfig.model_validate({"generation": generation})
    return Solidly(
        config=config,
        address=POOL,
        factory=FACTORY,
        stable=stable,
        units=units,
        reserves=reserves,
        fee_bps=fee_bps,
        default_bps=30,
    )


def decimals(least: int) -> SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(least, 18), st.integers(least, 18)).map(
        lambda places: (10 ** places[0], 10 ** places[1])
    )


@st.composite
def stable_pools(draw: st.DrawFn) -> Solidly:
    """Of at least one whole coin on either side: below, the curve's own rounding breaks the laws of prices."""
    units = draw(decimals(2))
    # imbalance beyond a hundred or so leaves so little slope that the last unit is no more than rounding
    whole, share = draw(st.integers(1, 10**9)), draw(st.integers(1, 10**4))
    reserves = (units[0] * whole + draw(st.integers(0, units[0])), units[1] * whole * share // 100 + units[1])
    return build(True, reserves, units, draw(st.integers(1, 100)), "velodrome-v2")


volatile_pools = st.builds(
    build,
    stable=st.just(False),
    reserves=st.tuples(amounts(), amounts()),
    units=decimals(0),
    fee_bps=st.integers(0, 100),
    generation=st.sampled_from(["velodrome-v2", "solidly"]),
)


class TestPackage(PackageConformance):
    distribution = "sniper-amm-solidly"


class SolidlyConformance(AmmConformance[Solidly]):
    amm = Solidly

    def amounts(self) -> SearchStrategy[int]:
        # The fee rounds down: what is left of ten thousand units is not taxed and trades better than the margin.
        return amounts(2**110).map(lambda amount: (amount + 1) * 10_000)

    def logs(self, pool: Solidly) -> SearchStrategy[tuple[str, tuple[Any, ...]]]:
        somebody = "0x" + "11" * 20
        return st.one_of(
            st.tuples(st.just("sync"), st.tuples(amounts(), amounts())),
            st.tuples(st.just("sync_narrow"), st.tuples(amounts(), amounts())),
            st.just(("mint", (somebody, 1, 1))),
            st.just(("burn", (somebody, somebody, 1, 1))),
            st.just(("burn_of_solidly", (somebody, 1, 1, somebody))),
            st.tuples(
                st.just("set_custom_fee"),
                st.tuples(st.just(POOL) | addresses(), st.integers(0, 100) | st.just(420)),
            ),
            st.tuples(st.just("set_pause_state"), st.tuples(st.booleans())),
        )

    def deploy(self, chain: DevChain, pool: Solidly) -> str:
        me = chain.accounts[0]
        self.coins_of = [chain.deploy(CONTRACTS["Coin"], len(str(unit)) - 1, SUPPLY) for unit in pool.units]
        factory = chain.deploy(CONTRACTS["Factory"])
        create = "createPool" if pool.config.generation == "velodrome-v2" else "createPair"
        receipt = chain.send(me, factory, calldata(f"{create}(address,address,bool)", *self.coins_of, pool.stable))
        created = event((Solidly.pool_created if create == "createPool" else Solidly.pair_created).__sniper_creation__)  # type: ignore[attr-defined]
        (log,) = receipt.logs
        address = checksum(bytes.fromhex(created.decode(log.topics, bytes.fromhex(log.data[2:]))[3][2:]))
        chain.send(me, factory, calldata("setCustomFee(address,uint256)", address, pool.fee_bps or 420))
        self.trader = chain.deploy(CONTRACTS["Trader"])
        for coin, reserve in zip(self.coins_of, pool.reserves, strict=True):
            chain.send(me, coin, calldata("transfer(address,uint256)", address, reserve))
            chain.send(me, coin, calldata("transfer(address,uint256)", self.trader, SUPPLY // 2))
        self.share(chain, address)
        chain.send(me, address, calldata("sync()"))
        return address

    def share(self, chain: DevChain, address: str) -> None:
        """Without any share a fee cannot be accounted for, and nothing can be swapped: there is one of 2**128."""
        slot = "0x" + f"{2:064x}"
        chain.rpc.call("anvil_setStorageAt", address, slot, "0x" + f"{2**128:064x}")

    def compare(self, chain: DevChain, address: str, i: int, j: int, amount_in: int) -> int | None:
        trials = function("trials(address,address,uint256[])(uint256[])")
        answer = chain.call(self.trader, trials.encode(address, self.coins_of[i], [amount_in]))
        ((received,),) = trials.decode(answer)
        return int(received) or None


class TestVolatile(SolidlyConformance):
    pools = volatile_pools


class TestStable(SolidlyConformance):
    pools = stable_pools()
