"""What people ask of the market of a run: its pools, quotes and routes. It decides nothing, so none is on record."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sniper.amm import NoLiquidity
from sniper.amounts import LARGEST, in_coins
from sniper.errors import SniperError, told
from sniper.evm.abi import function
from sniper.kernel.chain import ChainState
from sniper.kernel.pool import Pool
from sniper.router import NoRoute, RouteAsk
from sniper.routing import Refused, Route, direct_routes, explain, worth
from sniper.types import NATIVE

if TYPE_CHECKING:
    from sniper.runtime.run import Run

DECIMALS = function("decimals()(uint8)")
SYMBOL = function("symbol()(string)")
SUPPLY = function("totalSupply()(uint256)")
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
MOST_SHOWN: Final = 1_000
"""Pools in one answer."""

MOST_LEGS: Final = 16
"""Legs and hops of one question: its exact quotes are made between two batches of events."""

Asked = Mapping[str, Any]  # Any: JSON, checked where it is read


class BadQuestion(SniperError, ValueError):
    """What is asked of the market makes no sense."""

    code = "bad-question"


class Coin:
    """A token of the question, and how its amounts are written. ``supply``: base units of it that there are; 0: nobody
    says."""

    def __init__(self, address: str, symbol: str, decimals: int, supply: int = 0) -> None:
        self.address, self.symbol, self.decimals, self.supply = address, symbol, decimals, supply

    def parse(self, text: str, *, base: bool) -> int:
        """Base units of ``text``; exact. Raises `BadQuestion`."""
        written = _NUMBER.fullmatch(text.replace("_", ""))
        if written is None:
            raise BadQuestion(f"the amount {text!r} is no number above 0, such as 1.5")
        fraction = (written[2] or "").rstrip("0")
        places = 0 if base else self.decimals
        if len(fraction) > places:
            unit = "base units are whole" if base else f"{self.symbol} has {self.decimals} decimals"
            raise BadQuestion(f"the amount {text} has {len(fraction)} decimals, but {unit}")
        amount = int(written[1] + fraction.ljust(places, "0"))
        if not 0 < amount <= LARGEST:
            raise BadQuestion(f"the amount {text} must be above 0 and at most 2**256 - 1 base units")
        if 0 < self.supply < amount:
            raise BadQuestion(
                f"the amount {self.written(amount)} is more than there is of it, {self.written(self.supply)}"
            )
        return amount

    def written(self, amount: int) -> str:
        return f"{in_coins(amount, self.decimals)} {self.symbol}"

    def plain(self) -> dict[str, Any]:
        return {"address": self.address, "symbol": self.symbol, "decimals": self.decimals}


async def pools(run: "Run", asked: Asked) -> dict[str, Any]:
    """The listed pools, of one coin or all; why one cannot be quoted."""
    chain = _chain(run, asked)
    coin = asked.get("coin")
    found = chain.trading(_address(chain, coin)) if coin else tuple(chain.pools.values())
    shown = sorted(found, key=lambda pool: (pool.section, pool.address))[:MOST_SHOWN]
    return {"count": len(found), "pools": [_pool(pool) for pool in shown]}


async def quote(run: "Run", asked: Asked) -> dict[str, Any]:
    """What each pool between two coins gives."""
    chain, coin_in, coin_out, ask = await _question(run, asked)
    routes, refused = direct_routes(chain, ask)
    if not routes:
        raise NoRoute(_nothing(ask, refused))
    return {
        **_head(coin_in, coin_out),
        "routes": [_route(chain, route) for route in routes],
        "refused": _plain(refused),
    }


async def route(run: "Run", asked: Asked) -> dict[str, Any]:
    """The best route, split and over several hops where that pays."""
    chain, coin_in, coin_out, ask = await _question(run, asked)
    found, refused = await run.routing.best(ask)
    coins = {coin.address: coin for coin in (coin_in, coin_out)}
    for hop in found.hops:
        for address in (hop.leg.token_in, hop.leg.token_out):
            if address not in coins:
                coins[address] = await _coin(run, chain, address)
    return {
        **_head(coin_in, coin_out),
        "route": _route(chain, found),
        "coins": {address: coin.plain() for address, coin in coins.items()},
        "explained": explain(found, lambda coin, amount: coins[coin].written(amount), lambda pool: _name(chain, pool)),
        "refused": _plain(refused),
    }


async def _question(run: "Run", asked: Asked) -> tuple[ChainState, Coin, Coin, RouteAsk]:
    chain = _chain(run, asked)
    coin_in = await _coin(run, chain, _address(chain, asked.get("in")))
    coin_out = await _coin(run, chain, _address(chain, asked.get("out")))
    if coin_in.address == coin_out.address:
        raise BadQuestion(f"{coin_in.address} is both what is sold and what is bought; name two coins")
    exact_out = bool(asked.get("exact_out"))
    for coin in (coin_in, coin_out):
        if not chain.trading(coin.address):
            raise NoRoute(
                f"no pool that this run knows trades {coin.address}; one that is older than the run is known once it "
                "stands under pools of its chain in the config"
            )
    amount = (coin_out if exact_out else coin_in).parse(str(asked.get("amount")), base=bool(asked.get("base")))
    counted = coin_in if exact_out else coin_out
    return (
        chain,
        coin_in,
        coin_out,
        RouteAsk(
            chain_id=chain.id,
            token_in=coin_in.address,
            token_out=coin_out.address,
            amount=amount,
            exact_out=exact_out,
            max_hops=_count(asked, "max_hops", 3),
            max_legs=_count(asked, "max_legs", 8),
            without_pools=tuple(str(pool).lower() for pool in asked.get("without_pools", ())),
            without_coins=tuple(str(coin).lower() for coin in asked.get("without_coins", ())),
            gas_price=chain.bid(urgent=False, blocks_waited=0).max_fee if asked.get("gas", True) else 0,
            wei_worth=worth(chain, chain.wiring.wrapped_native, counted.address),
        ),
    )


async def _coin(run: "Run", chain: ChainState, address: str) -> Coin:
    """Decimals, symbol and supply as the token says them. Raises `BadQuestion` where no token is there."""
    if address == chain.wiring.wrapped_native:
        return Coin(address, "WETH", 18)  # more of it is there as soon as somebody wraps it
    decimals, symbol, supply = await run.endpoints[chain.id].read(
        [(address, each.encode()) for each in (DECIMALS, SYMBOL, SUPPLY)], chain.number
    )
    if not isinstance(decimals, bytes) or len(decimals) != 32:
        raise BadQuestion(f"{address} is no token on chain {chain.id}: it does not say its decimals")
    try:
        name = str(SYMBOL.decode(symbol)[0]) if isinstance(symbol, bytes) else ""
    except (SniperError, ValueError):
        name = ""
    there = int.from_bytes(supply, "big") if isinstance(supply, bytes) and len(supply) == 32 else 0
    return Coin(address, name if name.isprintable() and 0 < len(name) <= 16 else address[:8], decimals[-1], there)


def _chain(run: "Run", asked: Asked) -> ChainState:
    chains, wanted = run.kernel.market.chains, asked.get("chain")
    if wanted is None and len(chains) == 1:
        return next(iter(chains.values()))
    if wanted not in chains:
        raise BadQuestion(f"say which chain is meant with --chain: {', '.join(str(known) for known in chains)}")
    return chains[wanted]


def _address(chain: ChainState, text: object) -> str:
    word = str(text or "").lower()
    if word in ("eth", "native", NATIVE):
        return chain.wiring.wrapped_native
    if not _ADDRESS.fullmatch(word):
        raise BadQuestion(
            f"{text!r} is no token: give its address (0x and 40 hex digits), or native for the chain's coin"
        )
    return word


def _count(asked: Asked, key: str, default: int) -> int:
    value = asked.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_LEGS:
        raise BadQuestion(f"{key} is {value!r}; give a number from 1 to {MOST_LEGS}")
    return value


def _nothing(ask: RouteAsk, refused: tuple[Refused, ...]) -> str:
    why = "; ".join(f"{each.pool}: {each.reason}" for each in refused[:5])
    return f"no pool leads from {ask.token_in} to {ask.token_out} for this amount{f' ({why})' if why else ''}"


def _head(coin_in: Coin, coin_out: Coin) -> dict[str, Any]:
    return {"in": coin_in.plain(), "out": coin_out.plain()}


def _plain(refused: tuple[Refused, ...]) -> list[dict[str, str]]:
    return [{"pool": each.pool, "reason": each.reason} for each in refused]


def _pool(pool: Pool) -> dict[str, Any]:
    try:
        reserves: list[str] | None = [str(pool.impl.reserve(i)) for i in range(len(pool.coins))]
        reason = ""
        pool.impl.price(0, 1)
    except NoLiquidity as error:
        reserves, reason = None, str(error)
    except Exception as error:  # a plugin's code: what it raises is what people want to know
        reserves, reason = None, f"its AMM failed: {told(error)}"
    return {
        "pool": pool.address,
        "amm": pool.section,
        "coins": list(pool.coins),
        "reserves": reserves,
        "unquotable": reason,
    }


def _route(chain: ChainState, found: Route) -> dict[str, Any]:
    """Amounts as text: they do not fit the numbers of JSON."""
    return {
        "amount_in": str(found.amount_in),
        "amount_out": str(found.amount_out),
        "gas": found.gas,
        "impact": float(found.impact),
        "method": found.method,
        "bound": None if found.bound is None else str(found.bound),
        "gap": None if found.gap is None else float(found.gap),
        "legs": [
            {
                "pool": hop.leg.pool,
                "amm": _name(chain, hop.leg.pool),
                "in": hop.leg.token_in,
                "out": hop.leg.token_out,
                "share": hop.leg.share,
                "amount_in": str(hop.amount_in),
                "amount_out": str(hop.amount_out),
            }
            for hop in found.hops
        ],
    }


def _name(chain: ChainState, address: str) -> str:
    pool = chain.find(address)
    return f"{pool.section if pool else '?'} {address[:10]}"
