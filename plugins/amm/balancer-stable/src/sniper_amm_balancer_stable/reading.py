"""Reading a pool as it stands on the chain."""

from asyncio import gather
from dataclasses import dataclass

from sniper.amm import Chain, NoLiquidity
from sniper.errors import CallReverted
from sniper_amm_balancer_stable.config import BalancerStableConfig
from sniper_amm_balancer_stable.moving import Rate

_NOBODY = "0x" + "00" * 20


@dataclass(frozen=True)
class Read:
    """Of all registered coins, the pool's own share among them, those that are traded: the others."""

    pool_id: str
    share: int
    coins: tuple[str, ...]
    scales: tuple[int, ...]
    balances: tuple[int, ...]
    rates: tuple[Rate | None, ...]
    amplifier: int
    ramping: bool
    fee: int
    paused: bool


async def read_pool(address: str, chain: Chain, config: BalancerStableConfig) -> Read:
    """Raises `NoLiquidity` with the reason where the pool must not be priced."""
    made = await gather(
        *(chain.read(factory, "isPoolFromFactory(address)(bool)", address) for factory in config.pool_factories)
    )
    if not any(answer for (answer,) in made):
        raise NoLiquidity(
            f"none of pool_factories made {address}, so it need not price as a composable stable pool; "
            "if it is one of Balancer's, add its factory to [amm.balancer-stable]"
        )
    (vault,), (pool_id,), (share,), (providers,), (fee,), (paused, _, _), (amplifier, ramping, _) = await gather(
        chain.read(address, "getVault()(address)"),
        chain.read(address, "getPoolId()(bytes32)"),
        chain.read(address, "getBptIndex()(uint256)"),
        chain.read(address, "getRateProviders()(address[])"),
        chain.read(address, "getSwapFeePercentage()(uint256)"),
        chain.read(address, "getPausedState()(bool,uint256,uint256)"),
        chain.read(address, "getAmplificationParameter()(uint256,bool,uint256)"),
    )
    (coins, balances, _), (vault_paused, _, _) = await gather(
        chain.read(vault, "getPoolTokens(bytes32)(address[],uint256[],uint256)", pool_id),
        chain.read(vault, "getPausedState()(bool,uint256,uint256)"),
    )
    if vault_paused:
        raise NoLiquidity(f"the Vault {vault} of {address} is paused")
    traded = [number for number in range(len(coins)) if number != share]
    decimals, rates = await gather(
        gather(*(chain.read(coins[number], "decimals()(uint8)") for number in traded)),
        gather(*(_rate(address, coins[number], providers[number], chain) for number in traded)),
    )
    return Read(
        pool_id="0x" + pool_id.hex(),
        share=share,
        coins=tuple(coins[number].lower() for number in traded),
        scales=tuple(10 ** (18 - places) for (places,) in decimals),
        balances=tuple(balances[number] for number in traded),
        rates=tuple(rates),
        amplifier=amplifier,
        ramping=ramping,
        fee=fee,
        paused=paused,
    )


async def _rate(pool: str, coin: str, provider: str, chain: Chain) -> Rate | None:
    """None: the coin has no provider, and is worth 1."""
    if provider == _NOBODY:
        return None
    (cached, _, duration, expires), live = await gather(
        chain.read(pool, "getTokenRateCache(address)(uint256,uint256,uint256,uint256)", coin), _live(provider, chain)
    )
    return Rate(cached=cached, duration=duration, expires=expires, live=live)


async def _live(provider: str, chain: Chain) -> int:
    """0: it reverts, and so would a swap that needs it."""
    try:
        (rate,) = await chain.read(provider, "getRate()(uint256)")
    except CallReverted:
        return 0
    return int(rate)
