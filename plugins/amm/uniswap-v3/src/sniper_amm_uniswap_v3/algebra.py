"""One Algebra pool (@cryptoalgebra/integral-core 1.2.10): Uniswap V3's arithmetic without words, a fee that logs set.

Initialised ticks form a list, so steps end at these alone (``SwapCalculation``); a plugin contract may take part.
"""

import asyncio
from typing import Annotated, ClassVar, Final

from pydantic import Field

from sniper.amm import Chain, Change, Found, Self, on_creation, on_log
from sniper_amm_uniswap_v3.followed import Address, FactoriesConfig, Followed, read_scalars
from sniper_amm_uniswap_v3.tick import MAX_TICK, MIN_TICK, Ticks

_ZERO: Final = "0x" + "00" * 20
_SWAP_FLAGS: Final = {1: "beforeSwap", 2: "afterSwap"}
"""``Plugins``: calls by which the plugin can change a fee or refuse a swap."""


class AlgebraConfig(FactoriesConfig):
    """``[amm.algebra]``"""

    harmless_plugins: Annotated[
        tuple[Address, ...],
        Field(
            description="Plugins of pools that you know to refuse no swap, and to change the fee only by Fee logs of"
            " earlier blocks. Pools that call another plugin around swaps are not priced."
        ),
    ] = ()


class Algebra(Followed):
    """One pool.

    fee            Parts of a million, taken from the amount in.
    plugin         The contract that the pool calls; the zero address: none.
    plugin_config  When it is called, as bits.
    """

    words: ClassVar[bool] = False

    config: AlgebraConfig
    fee: int
    plugin: str = _ZERO
    plugin_config: int = 0

    @classmethod
    async def load(cls, address: str, chain: Chain, config: AlgebraConfig) -> Found[Self]:
        token0, token1, liquidity, spacing, plugin = await read_scalars(
            address,
            chain,
            "token0()(address)",
            "token1()(address)",
            "liquidity()(uint128)",
            "tickSpacing()(int24)",
            "plugin()(address)",
        )
        (price, tick, fee, plugin_config, _, _), ticks = await asyncio.gather(
            chain.read(address, "globalState()(uint160,int24,uint16,uint8,uint16,bool)"), _read_ticks(address, chain)
        )
        pool = cls(
            config=config,
            fee=fee,
            plugin=plugin,
            plugin_config=plugin_config,
            tick_spacing=spacing,
            sqrt_price_x96=price,
            tick=tick,
            liquidity=liquidity,
            ticks=ticks,
        )
        return Found(pool=address, coins=(token0, token1), amm=pool)

    @classmethod
    @on_creation("Pool(address indexed token0, address indexed token1, address pool)")
    def created(cls, config: AlgebraConfig, token0: str, token1: str, pool: str) -> Found[Self] | None:
        """The log does not say the fee and the plugin, which the factory decides: they are read."""
        return Found(pool=pool, coins=(token0, token1))

    @classmethod
    @on_creation("CustomPool(address indexed deployer, address indexed token0, address indexed token1, address pool)")
    def custom_created(
        cls, config: AlgebraConfig, deployer: str, token0: str, token1: str, pool: str
    ) -> Found[Self] | None:
        return Found(pool=pool, coins=(token0, token1))

    @on_log(
        "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 price,"
        " uint128 liquidity, int24 tick)"
    )
    def swapped(
        self, sender: str, recipient: str, change0: int, change1: int, price: int, liquidity: int, tick: int
    ) -> Change:
        return self._move(price, liquidity, tick)

    @on_log("Fee(uint16 fee)")
    def fee_set(self, fee: int) -> Change:
        self.fee = fee
        self._fee_changed()
        return None

    @on_log("Plugin(address newPluginAddress)")
    def plugin_set(self, plugin: str) -> Change:
        self.plugin = plugin
        self.down = self.up = None
        return None

    @on_log("PluginConfig(uint8 newPluginConfig)")
    def plugin_config_set(self, plugin_config: int) -> Change:
        self.plugin_config = plugin_config
        self.down = self.up = None
        return None

    @on_log("TickSpacing(int24 newTickSpacing)")
    def tick_spacing_set(self, tick_spacing: int) -> Change:
        self.tick_spacing = tick_spacing
        return None

    def swap_fee(self, downwards: bool) -> int:
        return self.fee

    def refusal(self) -> str:
        called = [name for flag, name in _SWAP_FLAGS.items() if self.plugin_config & flag]
        if called and self.plugin not in self.config.harmless_plugins:
            return (
                f"the plugin {self.plugin} may change the fee of swaps or refuse them ({', '.join(called)}): if you "
                "know it to be harmless, list it in [amm.algebra] harmless_plugins"
            )
        return ""


async def _read_ticks(address: str, chain: Chain) -> Ticks:
    """``TickTree``: a root of subtrees, their words of leaves, and leaves of 256 ticks each."""
    offset = -(MIN_TICK // 256)
    (root,) = await chain.read(address, "tickTreeRoot()(uint32)")
    trees = [n for n in range(32) if root >> n & 1]
    words = await asyncio.gather(*(chain.read(address, "tickTreeSecondLayer(int16)(uint256)", n) for n in trees))
    leaves = [n * 256 + bit - offset for n, (word,) in zip(trees, words, strict=True) for bit in _bits(word)]
    marks = await asyncio.gather(*(chain.read(address, "tickTable(int16)(uint256)", leaf) for leaf in leaves))
    indices = [leaf * 256 + bit for leaf, (mark,) in zip(leaves, marks, strict=True) for bit in _bits(mark)]
    signature = "ticks(int24)(uint256,int128,int24,int24,uint256,uint256)"
    found = await asyncio.gather(*(chain.read(address, signature, index) for index in indices))
    return tuple(
        (index, each[0], each[1])
        for index, each in zip(indices, found, strict=True)
        if each[0] and MIN_TICK <= index <= MAX_TICK
    )


def _bits(word: int) -> list[int]:
    return [bit for bit in range(256) if word >> bit & 1]
