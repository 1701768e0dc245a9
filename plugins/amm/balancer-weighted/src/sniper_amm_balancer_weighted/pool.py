"""One weighted pool of Balancer V2: its state, kept by the Vault's logs and its own, and its exact quotes."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from sniper.amm import Amm, Chain, Change, Config, Found, Fraction, NoLiquidity, Self, Unpriced, on_creation, on_log
from sniper.errors import CallReverted
from sniper_amm_balancer_weighted.power import ONE, divided_up, multiplied_up
from sniper_amm_balancer_weighted.swap import MOST_OF_A_BALANCE, exponent_in, in_given_out, out_given_in

_MAX_BALANCE: Final = 2**112 - 1
_GENERAL: Final = 0
"""The Vault's specialization of pools that price all balances at once; weighted pools have the other two."""

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class BalancerWeightedConfig(Config):
    """``[amm.balancer-weighted]``"""

    factories: Annotated[tuple[Address, ...], Field(description="Vaults whose pools are watched.")] = ()
    pool_factories: Annotated[
        tuple[Address, ...],
        Field(
            description="Factories of weighted pools. Anyone can register a pool of any behaviour at a Vault: one that "
            "none of these made is refused."
        ),
    ] = ()


class BalancerWeighted(Amm):
    """One pool.

    pool_id       The Vault's name for it, as hex: address, specialization, number.
    coins         Lower-case addresses, in the Vault's order.
    weights       Sum to 10**18 and never change.
    scales        What makes base units of each coin 18 decimals.
    short_powers  Whether it multiplies the exponents 1, 2 and 4 out.
    fee           10**18 is the whole; taken from the amount in.
    balances      Base units. All of it is in the Vault: these factories allow no asset managers.
    """

    singleton: ClassVar[bool] = True
    swap_gas: ClassVar[int] = 110_000

    config: BalancerWeightedConfig
    pool_id: str
    coins: tuple[str, ...]
    weights: tuple[int, ...]
    scales: tuple[int, ...]
    short_powers: bool
    fee: int
    balances: tuple[int, ...]
    paused: bool = False

    @classmethod
    async def load(cls, address: str, chain: Chain, config: BalancerWeightedConfig) -> Found[Self]:
        made = await asyncio.gather(
            *(chain.read(factory, "isPoolFromFactory(address)(bool)", address) for factory in config.pool_factories)
        )
        if not any(answer for (answer,) in made):
            raise NoLiquidity(
                f"none of pool_factories made {address}, so it need not price as a weighted pool; "
                "if it is one of Balancer's, add its factory to [amm.balancer-weighted]"
            )
        (vault,), (pool_id,), (weights,), (fee,), (paused, _, _), short_powers = await asyncio.gather(
            chain.read(address, "getVault()(address)"),
            chain.read(address, "getPoolId()(bytes32)"),
            chain.read(address, "getNormalizedWeights()(uint256[])"),
            chain.read(address, "getSwapFeePercentage()(uint256)"),
            chain.read(address, "getPausedState()(bool,uint256,uint256)"),
            _has_recovery_mode(address, chain),
        )
        (coins, balances, _), (vault_paused, _, _) = await asyncio.gather(
            chain.read(vault, "getPoolTokens(bytes32)(address[],uint256[],uint256)", pool_id),
            chain.read(vault, "getPausedState()(bool,uint256,uint256)"),
        )
        if vault_paused:
            raise NoLiquidity(f"the Vault {vault} of {address} is paused")
        decimals = await asyncio.gather(*(chain.read(coin, "decimals()(uint8)") for coin in coins))
        pool = cls(
            config=config,
            pool_id="0x" + pool_id.hex(),
            coins=tuple(coin.lower() for coin in coins),
            weights=tuple(weights),
            scales=tuple(10 ** (18 - places) for (places,) in decimals),
            short_powers=short_powers,
            fee=fee,
            balances=tuple(balances),
            paused=paused,
        )
        return Found(pool=address, coins=pool.coins, amm=pool)

    @classmethod
    def pool_of(cls, topic: str) -> str:
        """The Vault's pool ids begin with the pool's address."""
        return topic[:42]

    def follows(self) -> dict[str, str]:
        return {"pool": self.pool_of(self.pool_id)}

    @classmethod
    @on_creation("PoolRegistered(bytes32 indexed poolId, address indexed poolAddress, uint8 specialization)")
    def registered(
        cls, config: BalancerWeightedConfig, pool_id: bytes, pool: str, specialization: int
    ) -> Found[Self] | None:
        return None if specialization == _GENERAL else Found(pool=pool)

    @on_log(
        "Swap(bytes32 indexed poolId, address indexed tokenIn, address indexed tokenOut, uint256 amountIn,"
        " uint256 amountOut)"
    )
    def swapped(self, pool_id: bytes, coin_in: str, coin_out: str, amount_in: int, amount_out: int) -> Change:
        moved = {coin_in: amount_in, coin_out: -amount_out}
        self._move([moved.get(coin, 0) for coin in self.coins])
        return None

    @on_log(
        "PoolBalanceChanged(bytes32 indexed poolId, address indexed liquidityProvider, address[] tokens,"
        " int256[] deltas, uint256[] protocolFeeAmounts)"
    )
    def joined_or_exited(
        self, pool_id: bytes, provider: str, coins: Sequence[str], deltas: Sequence[int], fees: Sequence[int]
    ) -> Change:
        """Pools of 2021 pay the protocol its fee here, from the balances; later ones mint it shares."""
        self._move([delta - fee for delta, fee in zip(deltas, fees, strict=True)])
        return tuple(deltas)

    @on_log("SwapFeePercentageChanged(uint256 swapFeePercentage)", of="pool")
    def fee_changed(self, fee: int) -> Change:
        self.fee = fee
        return None

    @on_log("PausedStateChanged(bool paused)", of="pool")
    def paused_or_not(self, paused: bool) -> Change:
        self.paused = paused
        return None

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        """``onSwap`` given in. May be 0: the Vault takes an amount that is too small to buy anything."""
        x, y = self._scaled(i), self._scaled(j)
        if not 0 < amount_in <= self.most_in(i, j):
            raise NoLiquidity(f"{amount_in} is not within 1 … {self.most_in(i, j)}, which the pool takes of coin {i}")
        net = (amount_in - multiplied_up(amount_in, self.fee)) * self.scales[i]
        out = out_given_in(x, self.weights[i], y, self.weights[j], net, short=self.short_powers)
        return out // self.scales[j]

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        """``onSwap`` given out, whose rounding is its own: the same amount sold buys a little less or more than what
        was wanted here, by up to 1e-14 of the balance times the exponent."""
        x, y = self._scaled(i), self._scaled(j)
        wanted = amount_out * self.scales[j]
        if not 0 < wanted <= y * MOST_OF_A_BALANCE // ONE:
            raise NoLiquidity(f"{amount_out} of coin {j} wanted, of which the pool holds {self.balances[j]}")
        scaled = in_given_out(x, self.weights[i], y, self.weights[j], wanted, short=self.short_powers)
        needed = divided_up(-(-scaled // self.scales[i]), ONE - self.fee)
        if self.balances[i] + needed > _MAX_BALANCE:
            raise NoLiquidity(f"{needed} more than {self.balances[i]} is above the Vault's limit of 2**112 - 1")
        return needed

    def most_in(self, i: int, j: int) -> int:
        """30% of the balance after the fee, ``MAX_IN_RATIO``."""
        if self.paused or not self.balances[i] or not self.balances[j]:
            return 0
        net = self._scaled(i) * MOST_OF_A_BALANCE // ONE // self.scales[i]
        return min(((net + 1) * ONE - 1) // (ONE - self.fee), _MAX_BALANCE - self.balances[i])

    def price(self, i: int, j: int) -> Fraction:
        """With the quotient of the weights as the contract rounds it."""
        self._scaled(i)
        exponent = exponent_in(self.weights[i], self.weights[j])
        return Fraction(self.balances[j] * exponent * (ONE - self.fee), self.balances[i] * ONE * ONE)

    def reserve(self, i: int) -> int:
        """The whole balance, of which one swap gives less."""
        return 0 if self.paused else self.balances[i]

    def venue_data(self, i: int, j: int) -> int:
        """What follows the address in the pool id, 96 bits."""
        return int(self.pool_id[42:], 16)

    def _scaled(self, i: int) -> int:
        if self.paused:
            raise Unpriced("the pool is paused")
        if not self.balances[i]:
            raise NoLiquidity(f"the pool holds nothing of coin {i}")
        return self.balances[i] * self.scales[i]

    def _move(self, changes: Sequence[int]) -> None:
        self.balances = tuple(balance + change for balance, change in zip(self.balances, changes, strict=True))


async def _has_recovery_mode(address: str, chain: Chain) -> bool:
    """It came with the pools that multiply short powers out."""
    try:
        await chain.read(address, "inRecoveryMode()(bool)")
    except CallReverted:
        return False
    return True
