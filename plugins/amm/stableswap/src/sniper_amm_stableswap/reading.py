"""Reading a pool whose version nobody says: by what it offers, and by letting it quote."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final

from sniper.amm import Chain, NoLiquidity
from sniper.errors import CallReverted
from sniper_amm_stableswap.config import StableswapConfig
from sniper_amm_stableswap.curve import E18, FEE_ONE, Curve, Ramp

ETHER: Final = "0x" + "ee" * 20
_MOST_COINS: Final = 8
_ORACLE, _REBASING, _VAULT = 1, 2, 3
"""NG's asset types that matter."""
_NUMBERS: Final = (
    "A()(uint256)",
    "A_precise()(uint256)",
    "initial_A()(uint256)",
    "future_A()(uint256)",
    "initial_A_time()(uint256)",
    "future_A_time()(uint256)",
    "fee()(uint256)",
    "admin_fee()(uint256)",
    "offpeg_fee_multiplier()(uint256)",
    "totalSupply()(uint256)",
    "N_COINS()(uint256)",
)


@dataclass(frozen=True)
class Read:
    """A pool as it stands on the chain."""

    coins: tuple[str, ...]
    curve: Curve
    base_address: str | None
    base: Curve | None
    moving: bool


async def read_pool(address: str, chain: Chain, config: StableswapConfig) -> Read:
    """Raises `NoLiquidity` with the reason where the pool must not be priced."""
    offered = await _Offered.read(address, chain, config)
    base_address = offered.base_address
    if offered.is_ng:
        if base_address:
            raise NoLiquidity(f"{address} is a metapool of NG, which is not known here")
        moving = await _moving_rates(address, chain, config)
        return Read(offered.coins, offered.curve(offered.stored_rates, divide_last=True), None, None, moving)
    base: Curve | None = None
    rates = await _by_decimals(offered.coins, chain)
    if base_address:
        base = await _read_base(base_address, chain, config)
        rates = (rates[0], base.d * E18 // base.supply)
    versions = [offered.curve(rates, divide_last=last) for last in (False, True)]
    curve = await _that_quotes_alike(address, chain, versions)
    return Read(offered.coins, curve, base_address, base, False)


async def _read_base(address: str, chain: Chain, config: StableswapConfig) -> Curve:
    read = await read_pool(address, chain, config)
    if read.base is not None or read.moving or not read.curve.supply:
        raise NoLiquidity(f"the base pool {address} is a metapool, has moving rates or is empty")
    (price,) = await chain.read(address, "get_virtual_price()(uint256)")
    if price != read.curve.d * E18 // read.curve.supply:
        raise NoLiquidity(f"the base pool {address} has a virtual price of {price}, which its balances do not give")
    return read.curve


async def _maybe(chain: Chain, address: str, signature: str, *arguments: object) -> Any:  # Any: of ABI types
    """What a view returns; None where the contract has no such view."""
    try:
        (answer,) = await chain.read(address, signature, *arguments)
    except CallReverted:
        return None
    return answer


@dataclass(frozen=True)
class _Offered:
    """What one pool answered. ``numbers`` by the name of the view; None: it has no such view."""

    coins: tuple[str, ...]
    balances: tuple[int, ...]
    numbers: dict[str, int | None]
    stored_rates: tuple[int, ...]
    base_address: str | None

    @classmethod
    async def read(cls, address: str, chain: Chain, config: StableswapConfig) -> "_Offered":
        share = config.shares.get(address.lower())
        answers = await asyncio.gather(
            *(_maybe(chain, address, signature) for signature in _NUMBERS),
            *(_maybe(chain, address, "coins(uint256)(address)", k) for k in range(_MOST_COINS)),
            *(_maybe(chain, address, "balances(uint256)(uint256)", k) for k in range(_MOST_COINS)),
            _maybe(chain, address, "BASE_POOL()(address)"),
            _maybe(chain, address, "base_pool()(address)"),
            _maybe(chain, address, "stored_rates()(uint256[])"),
            _maybe(chain, share or address, "totalSupply()(uint256)"),
        )
        numbers = dict(zip((signature.partition("(")[0] for signature in _NUMBERS), answers, strict=False))
        rest = answers[len(_NUMBERS) :]
        coins = [coin for coin in rest[:_MOST_COINS] if coin and int(coin, 16)]
        balances = rest[_MOST_COINS : _MOST_COINS + len(coins)]
        base, other, stored, numbers["totalSupply"] = rest[2 * _MOST_COINS :]
        if len(coins) < 2 or None in balances:
            raise NoLiquidity(f"{address} is no stable pool that is known here: it names {len(coins)} coins")
        missing = [name for name in ("A", "future_A", "fee", "admin_fee", "totalSupply") if numbers[name] is None]
        if missing:
            raise NoLiquidity(f"{address} does not say {', '.join(missing)}; see `shares` for one without totalSupply")
        return cls(tuple(coins), tuple(balances), numbers, tuple(stored or ()), base or other)

    @property
    def is_ng(self) -> bool:
        return bool(self.stored_rates) and self.numbers["N_COINS"] is not None

    def number(self, name: str) -> int:
        return self.numbers[name] or 0

    def curve(self, rates: tuple[int, ...], *, divide_last: bool) -> Curve:
        precise = self.numbers["A_precise"] is not None
        return Curve(
            balances=self.balances,
            rates=rates,
            amplifier=self.number("A_precise" if precise else "A"),
            ramp=Ramp(
                begin=self.number("initial_A"),
                end=self.number("future_A"),
                since=self.number("initial_A_time"),
                until=self.number("future_A_time"),
            ),
            precision=100 if precise else 1,
            divide_last=divide_last,
            fee=self.number("fee"),
            admin_fee=self.number("admin_fee"),
            offpeg=self.number("offpeg_fee_multiplier") if self.is_ng else 0,
            supply=self.number("totalSupply"),
        ).at_rest()


async def _by_decimals(coins: Sequence[str], chain: Chain) -> tuple[int, ...]:
    """``10 ** (36 - decimals)``, for pools whose coins are worth one another."""
    found = await asyncio.gather(*(_maybe(chain, coin, "decimals()(uint8)") for coin in coins if coin.lower() != ETHER))
    places = iter(found)
    decimals = [18 if coin.lower() == ETHER else next(places) for coin in coins]
    if any(place is None or place > 18 for place in decimals):
        raise NoLiquidity(f"coins with {decimals} decimals cannot be scaled to 18")
    return tuple(10 ** (36 - place) for place in decimals)


async def _moving_rates(address: str, chain: Chain, config: StableswapConfig) -> bool:
    """Whether an NG pool's rates come from elsewhere. Only its factory says so."""
    answers = await asyncio.gather(
        *(_maybe(chain, factory, "get_pool_asset_types(address)(uint8[])", address) for factory in config.factories)
    )
    types = next((answer for answer in answers if answer), None)
    if types is None:
        raise NoLiquidity(f"no factory of [amm.stableswap] knows {address}: the types of its coins are unknown")
    if _REBASING in types:
        raise NoLiquidity(f"{address} holds a rebasing coin, whose balance changes without a log")
    return _ORACLE in types or _VAULT in types


async def _that_quotes_alike(address: str, chain: Chain, versions: Sequence[Curve]) -> Curve:
    """The first of ``versions`` that quotes as the pool does, on amounts from dust to more than there is,
    and on such as tell the versions apart, where there are any."""
    curve = versions[0]
    if not curve.d:
        return versions[0]
    pairs = [(0, 1), (1, 0), (0, len(curve.balances) - 1)]
    asked = [(i, j, max(1, curve.balances[i] * part // 1000)) for i, j in pairs for part in (1, 137, 1990)]
    telling = ((i, j, curve.balances[i] * part // 100) for i, j in pairs for part in range(1, 200))
    asked += islice((question for question in telling if len({*map(partial(_out, *question), versions)}) > 1), 2)
    quotes = await asyncio.gather(
        *(_maybe(chain, address, "get_dy(int128,int128,uint256)(uint256)", i, j, amount) for i, j, amount in asked)
    )
    for version in versions:
        if all(quote in _quotes(version, *question) for question, quote in zip(asked, quotes, strict=True)):
            return version
    raise NoLiquidity(f"{address} quotes otherwise than every version that is known here: {quotes} for {asked}")


def _out(i: int, j: int, amount: int, curve: Curve) -> int | None:
    try:
        return curve.out(i, j, amount)
    except NoLiquidity:
        return None


def _quotes(curve: Curve, i: int, j: int, amount: int) -> set[int | None]:
    """What ``get_dy`` may say: the first pools took the fee after scaling, a unit beside what ``exchange`` gives."""
    try:
        out, gross = curve.out(i, j, amount), curve.bought(i, j, amount)[0] * E18 // curve.rates[j]
    except NoLiquidity:
        return {None}
    return {out, gross - gross * curve.fee // FEE_ONE}
