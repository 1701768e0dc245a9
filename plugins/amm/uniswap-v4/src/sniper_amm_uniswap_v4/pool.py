"""One Uniswap V4 pool: its state, kept by the PoolManager's logs, and its exact quotes (v4-core 1.0.2)."""

from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from sniper.amm import Chain, Change, Found, NoLiquidity, Self, on_creation, on_log
from sniper.evm.keccak import keccak256
from sniper.types import NATIVE
from sniper_amm_uniswap_v3.concentrated import Concentrated
from sniper_amm_uniswap_v3.followed import Address, FactoriesConfig
from sniper_amm_uniswap_v3.step import ONE, amount0, amount1
from sniper_amm_uniswap_v3.tick import sqrt_ratio_at_tick
from sniper_amm_uniswap_v4.fees import DYNAMIC, lp_fee, swap_fee
from sniper_amm_uniswap_v4.hooks import touching_swaps
from sniper_amm_uniswap_v4.storage import read_pool, read_slot0

_UNKNOWN: Final = -1
PoolKey = tuple[str, str, int, int, str]
"""Coin 0, coin 1, fee, tick spacing, hooks."""


class UniswapV4Config(FactoriesConfig):
    """``[amm.uniswap-v4]``"""

    factories: Annotated[tuple[Address, ...], Field(description="PoolManagers whose pools are watched.")] = ()
    position_manager: Annotated[
        str,
        StringConstraints(pattern=r"^(0x[0-9a-fA-F]{40})?$", to_lower=True),
        Field(description="Uniswap's PositionManager, which knows the keys of pools: needed to load older pools."),
    ] = ""
    harmless_hooks: Annotated[
        tuple[Address, ...],
        Field(
            description="Hooks that you know to change no swap and refuse none, though their address permits it, and to"
            " set a dynamic fee for the swaps after the next only. Pools with other such hooks are not priced."
        ),
    ] = ()


class UniswapV4(Concentrated):
    """One pool. It lives in the PoolManager, under the hash of its key.

    fee           As in the key: parts of a million, or `DYNAMIC`.
    hooks         As in the key; the zero address: none.
    lp_fee        What swaps pay to liquidity; below 0 where that is not known yet: hooks set it without a log, and the
                  first swap shows it.
    protocol_fee  What they pay to the protocol, 12 bits for each direction.
    native        Whether it holds the chain's own coin.
    """

    deadline_s: ClassVar[int] = 30
    singleton: ClassVar[bool] = True
    max_amount: ClassVar[int] = 2**127 - 1
    swap_gas: ClassVar[int] = 130_000

    config: UniswapV4Config
    fee: int
    hooks: str
    lp_fee: int
    protocol_fee: int = 0
    native: bool = False

    @classmethod
    async def load(cls, address: str, chain: Chain, config: UniswapV4Config) -> Found[Self]:
        """The key is asked of the PositionManager, which knows it where it ever made a position in the pool."""
        key = await _key(address, chain, config)
        coin0, coin1, fee, spacing, hooks = key
        for manager in config.factories:
            if (await read_slot0(chain, manager, address)).sqrt_price_x96:
                slot0, liquidity, ticks = await read_pool(chain, manager, address, spacing)
                break
        else:
            raise NoLiquidity(f"no PoolManager in [amm.uniswap-v4] factories has a pool {address}")
        pool = cls(
            config=config,
            fee=fee,
            hooks=hooks,
            lp_fee=slot0.lp_fee,
            protocol_fee=slot0.protocol_fee,
            tick_spacing=spacing,
            sqrt_price_x96=slot0.sqrt_price_x96,
            tick=slot0.tick,
            liquidity=liquidity,
            ticks=ticks,
            native=coin0 == NATIVE,
        )
        if pool.refusal():
            raise NoLiquidity(pool.refusal())
        return Found(pool=address, coins=(coin0, coin1), amm=pool)

    @classmethod
    @on_creation(
        "Initialize(bytes32 indexed id, address indexed currency0, address indexed currency1, uint24 fee,"
        " int24 tickSpacing, address hooks, uint160 sqrtPriceX96, int24 tick)"
    )
    def created(
        cls,
        config: UniswapV4Config,
        pool: bytes,
        coin0: str,
        coin1: str,
        fee: int,
        tick_spacing: int,
        hooks: str,
        sqrt_price_x96: int,
        tick: int,
    ) -> Found[Self] | None:
        amm = cls(
            config=config,
            fee=fee,
            hooks=hooks,
            lp_fee=_UNKNOWN if fee == DYNAMIC else fee,
            tick_spacing=tick_spacing,
            sqrt_price_x96=sqrt_price_x96,
            tick=tick,
            native=coin0 == NATIVE,
        )
        return Found(pool="0x" + pool.hex(), coins=(coin0, coin1), amm=amm)

    @on_log(
        "ModifyLiquidity(bytes32 indexed id, address indexed sender, int24 tickLower, int24 tickUpper,"
        " int256 liquidityDelta, bytes32 salt)"
    )
    def liquidity_modified(
        self, pool: bytes, sender: str, lower: int, upper: int, liquidity: int, salt: bytes
    ) -> Change:
        """The log says no amounts: they are those of ``Pool.modifyLiquidity``, without the fees that it pays out."""
        if not liquidity:
            return None
        self._change_position(lower, upper, liquidity)
        grows, depth = liquidity > 0, abs(liquidity)
        low, high = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
        # The side is the tick's: after a swap that ended on a boundary the price may be that of the tick above.
        price = low if self.tick < lower else high if self.tick >= upper else self.sqrt_price_x96
        moved0, moved1 = amount0(price, high, depth, up=grows), amount1(low, price, depth, up=grows)
        return (moved0, moved1) if grows else (-moved0, -moved1)

    @on_log(
        "Swap(bytes32 indexed id, address indexed sender, int128 amount0, int128 amount1, uint160 sqrtPriceX96,"
        " uint128 liquidity, int24 tick, uint24 fee)"
    )
    def swapped(
        self,
        pool: bytes,
        sender: str,
        change0: int,
        change1: int,
        sqrt_price_x96: int,
        liquidity: int,
        tick: int,
        fee: int,
    ) -> Change:
        """``change0`` and ``change1`` are the trader's: what is paid is negative."""
        self.sqrt_price_x96, self.liquidity, self.tick = sqrt_price_x96, liquidity, tick
        downwards = change0 < 0 or change1 > 0
        if self.fee == DYNAMIC and (self.lp_fee < 0 or self.swap_fee(downwards) != fee):
            self.lp_fee = lp_fee(self.protocol_fee, fee, downwards)
            self._fee_changed()
        return None

    @on_log("ProtocolFeeUpdated(bytes32 indexed id, uint24 protocolFee)")
    def protocol_fee_updated(self, pool: bytes, protocol_fee: int) -> Change:
        self.protocol_fee = protocol_fee
        self._fee_changed()
        return None

    def swap_fee(self, downwards: bool) -> int:
        return swap_fee(self.protocol_fee, self.lp_fee, downwards)

    def refusal(self) -> str:
        if self.hooks not in self.config.harmless_hooks:
            remedy = "if you know them to be harmless, list them in [amm.uniswap-v4] harmless_hooks"
            permissions = touching_swaps(self.hooks)
            if permissions:
                return f"the hooks {self.hooks} may change or refuse swaps ({', '.join(permissions)}): {remedy}"
            if self.fee == DYNAMIC:
                return f"the hooks {self.hooks} may set another fee at any time, without a log: {remedy}"
        if self.lp_fee < 0:
            return f"the fee that the hooks {self.hooks} set is not known before the first swap"
        return ""

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        if self.swap_fee(i < j) < ONE:
            return super().amount_out(i, j, amount_in)
        if not 0 < amount_in <= self.most_in(i, j):
            raise NoLiquidity(f"the pool does not take {amount_in} of coin {i}")
        return 0

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        if self.swap_fee(i < j) >= ONE:
            raise NoLiquidity("the fee takes all that is paid: nothing can be bought")
        return super().amount_in(i, j, amount_out)

    def most_in(self, i: int, j: int) -> int:
        if self.swap_fee(i < j) < ONE or self.refusal():
            return super().most_in(i, j)
        return self.max_amount if any(liquidity for _, _, liquidity in self._ranges(i < j)) else 0

    def venue_data(self, i: int, j: int) -> int:
        """What the key has beside the coins, highest first: whether the pool holds the chain's own coin, which a swap
        names by its wrapped token (1 bit), fee (24 bits), tick spacing (24 bits), hooks (160 bits)."""
        return self.native << 208 | self.fee << 184 | self.tick_spacing << 160 | int(self.hooks, 16)

    def _fee_changed(self) -> None:
        if max(self.swap_fee(True), self.swap_fee(False)) < ONE:
            super()._fee_changed()
        else:
            self.down = self.up = None


async def _key(pool: str, chain: Chain, config: UniswapV4Config) -> PoolKey:
    if not config.position_manager:
        raise NoLiquidity(
            f"pool {pool} cannot be read: its key is in no storage of the PoolManager; set position_manager in "
            "[amm.uniswap-v4]"
        )
    signature = "poolKeys(bytes25)(address,address,uint24,int24,address)"
    coin0, coin1, fee, spacing, hooks = await chain.read(config.position_manager, signature, bytes.fromhex(pool[2:52]))
    words = (int(coin0, 16), int(coin1, 16), fee, spacing, int(hooks, 16))
    if not spacing or "0x" + keccak256(b"".join(word.to_bytes(32, "big") for word in words)).hex() != pool:
        raise NoLiquidity(
            f"pool {pool} cannot be read: the PositionManager {config.position_manager} never made a position in it, "
            "so it does not know its key; follow the pool from its creation"
        )
    return coin0, coin1, fee, spacing, hooks
