"""Positions in contracts: what an exchange says of them, what covers them, and what they pay.

Any: ccxt's structures ("Position structure", "Leverage Tiers structure", "Funding History structure").
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from sniper.exchange_orders import ContractState, Funding, Tier
from sniper.instrument import COIN, Instrument, from_decimal
from sniper_venue_ccxt.capabilities import Capabilities
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.errors import NotOffered, Unanswered
from sniper_venue_ccxt.told import balances_told

MILLION: Final = 10**6
MILLISECOND: Final = 10**6
FUNDING_POLL_S: Final = 60
HOUR_MS: Final = 3_600_000
FRESH_MS: Final = 120_000
"""How long after an hour began a payment may still be missing in what an exchange tells."""
OVERLAP_MS: Final = 600_000
"""How far back funding is asked for again: an exchange books it some time after it fell due."""
NEEDED: Final = ("fetchPositions",)
BINANCE: Final = ("binance", "binanceusdm")


class Contracts:
    """Of one sub-account. ``instruments``: those that are traded, by id."""

    def __init__(
        self, client: Any, place: str, config: CcxtConfig, can: Capabilities, instruments: Mapping[str, Instrument]
    ) -> None:
        self.client = client
        self.place = place
        self.config = config
        self.can = can
        self._instruments = instruments
        self._symbols = list(config.symbols) or None
        self._tiers: dict[str, tuple[Tier, ...]] = {}
        self._begun = time.time_ns() // MILLISECOND
        """When this process, or the newest stream, began to tell of funding, ms."""

    async def prepare(self, *, change: bool) -> None:
        """Once, before anything is traded: positions are one-way, leverage and margin are what the config says, where
        that may be changed.

        Raises `NotOffered` where the exchange cannot be brought to that.
        """
        missing = [each for each in NEEDED if each not in self.can.methods]
        if missing:
            raise NotOffered(f"{self.can.exchange} does not tell positions ({', '.join(missing)})")
        await self._demand_one_way()
        for symbol in self._symbols or () if change else ():
            if self.config.margin:
                await self._set_margin(symbol)
            if self.config.leverage:
                if "setLeverage" not in self.can.methods:
                    raise NotOffered(f"{self.can.exchange} takes no leverage; set leverage = 0, and set it there")
                await self.client.set_leverage(self.config.leverage, symbol)
        self._tiers = await self._read_tiers()

    async def positions(self) -> list[Mapping[str, Any]]:
        """Those with something in them."""
        found = await self.client.fetch_positions(self._symbols)
        return [each for each in found if _decimal(each.get("contracts"))]

    async def states(self, positions: Sequence[Mapping[str, Any]]) -> tuple[ContractState, ...]:
        """Of each instrument that is named in the config or held. Raises `Unanswered` where something is missing, and
        for positions on both sides."""
        held: dict[str, Mapping[str, Any]] = {}
        for each in positions:
            if each["symbol"] in held:
                raise Unanswered(f"{self.place}: {each['symbol']} has a position on each side; set it to one-way")
            held[each["symbol"]] = each
        leverages = await self._leverages()
        named = [self._instruments.get(f"{self.place}:{symbol}") for symbol in {*held, *(self._symbols or ())}]
        return tuple(
            self._state(instrument, held.get(instrument.symbol), leverages.get(instrument.symbol))
            for instrument in sorted((each for each in named if each is not None), key=lambda each: each.id)
        )

    def balances(
        self, balance: Mapping[str, Any], positions: Iterable[Mapping[str, Any]]
    ) -> tuple[tuple[str, int, int], ...]:
        """(asset id, free, held): what is owned without the unrealised profit of positions. Nothing counts as held, for
        the kernel reserves margin itself. Where an exchange tells no such thing, what covers a position is left out."""
        wallets = _wallets(self.can.exchange, balance.get("info"))
        if wallets is not None:
            return tuple(
                (f"{self.place}:{self.client.safe_currency_code(code)}", amount, 0)
                for code, text in sorted(wallets.items())
                if (amount := from_decimal(text))
            )
        covering = {self.client.market(each["symbol"])["settle"] for each in positions}
        told = balances_told(balance, self.place)
        return tuple((asset, free + held, 0) for asset, free, held in told if asset.partition(":")[2] not in covering)

    async def funding(self, since: int) -> tuple[Funding, ...]:
        """All that was paid from ``since`` (ms) on, and somewhat before."""
        if self.can.kind != "swap" or "fetchFundingHistory" not in self.can.methods:
            return ()
        found: list[Funding] = []
        for symbol in self._symbols or (None,):
            for each in await self.client.fetch_funding_history(symbol, since - OVERLAP_MS):
                instrument = self._instruments.get(f"{self.place}:{each.get('symbol')}")
                if instrument is not None:
                    found.append(funding_told(each, instrument))
        return tuple(sorted(found, key=lambda each: (each.time, each.id)))

    async def funding_again(self, since: int, asked: int) -> tuple[tuple[Funding, ...], int]:
        """The same since it was asked the last time, and when that is now, ms.

        asked  What the newest reading that arrived said; 0: none did. What was told by one that did not is told again.

        Not again in the middle of an hour: it is dear (Binance: a weight of 30), falls due at whole hours, and what
        comes at other times is told in between.
        """
        now = time.time_ns() // MILLISECOND
        if asked >= self._begun and now // HOUR_MS == asked // HOUR_MS and now % HOUR_MS >= FRESH_MS:
            return (), asked
        return await self.funding(min(since, asked or since)), now

    async def funded(self, now: int) -> AsyncIterator[Sequence[Funding]]:
        """What is paid from now (ms) on; no exchange of ccxt has a stream for it. The next reading tells of what was
        paid before."""
        self._begun = now
        seen = {each.id for each in await self.funding(now)}
        while True:
            await asyncio.sleep(FUNDING_POLL_S)
            fresh = [each for each in await self.funding(now) if each.id not in seen]
            seen.update(each.id for each in fresh)
            now = max([now, *(each.time // MILLISECOND for each in fresh)])
            if fresh:
                yield fresh

    # ---- what an account is set to ----

    async def _demand_one_way(self) -> None:
        if "fetchPositionMode" not in self.can.methods:
            return
        told = await self.client.fetch_position_mode(self._symbols[0] if self._symbols else None)
        if told.get("hedged"):
            raise NotOffered(
                f"{self.place}: this account holds a long and a short position of one contract apart (hedge mode); set "
                "it to one-way"
            )

    async def _set_margin(self, symbol: str) -> None:
        if "setMarginMode" not in self.can.methods:
            raise NotOffered(f'{self.can.exchange} takes no margin mode; set margin = "", and set it there')
        leverage = {"leverage": self.config.leverage} if self.config.leverage else {}
        try:
            await self.client.set_margin_mode(self.config.margin, symbol, leverage)
        except Exception as error:
            if type(error).__name__ not in ("MarginModeAlreadySet", "NoChange"):
                raise

    async def _leverages(self) -> dict[str, int]:
        """By symbol, as far as the exchange tells without a position."""
        if "fetchLeverages" in self.can.methods:
            told = await self.client.fetch_leverages(self._symbols)
        elif "fetchLeverage" in self.can.methods and self._symbols:
            told = {symbol: await self.client.fetch_leverage(symbol, self._mode()) for symbol in self._symbols}
        else:
            return {}
        found = {}
        for symbol, each in told.items():
            sides = [number for side in ("longLeverage", "shortLeverage") if (number := _decimal(each.get(side)))]
            if sides:
                found[symbol] = max(1, int(min(sides)))
        return found

    def _mode(self) -> dict[str, str]:
        return {"marginMode": self.config.margin} if self.config.margin else {}

    async def _read_tiers(self) -> dict[str, tuple[Tier, ...]]:
        if "fetchLeverageTiers" in self.can.methods:
            told = await self.client.fetch_leverage_tiers(self._symbols)
        elif "fetchMarketLeverageTiers" in self.can.methods and self._symbols:
            ask, mode = self.client.fetch_market_leverage_tiers, self._mode()
            told = {symbol: await ask(symbol, mode) for symbol in self._symbols}
        else:
            return {}
        return {symbol: tiers_told(each) for symbol, each in told.items()}

    def _state(self, instrument: Instrument, position: Mapping[str, Any] | None, leverage: int | None) -> ContractState:
        tiers = self._tiers.get(instrument.symbol, ())
        if position is None:
            return ContractState(instrument=instrument, size=0, cost=0, leverage=leverage or 1, tiers=tiers)
        return position_told(position, instrument, leverage, tiers)


def position_told(
    position: Mapping[str, Any], instrument: Instrument, leverage: int | None, tiers: tuple[Tier, ...]
) -> ContractState:
    """A position. ``leverage``: where it is told apart. Raises `Unanswered` where side or price are missing."""
    side, entry = position.get("side"), _decimal(position.get("entryPrice"))
    if side not in ("long", "short") or entry is None:
        raise Unanswered(f"{instrument.id}: a position comes without its side or price: {side!r}, {entry!r}")
    lots = instrument.lots(str(position["contracts"]))
    if not instrument.linear:
        raise Unanswered(f"{instrument.id} is no contract, and has a position")
    worth = _units(entry) * lots * instrument.lot // COIN
    sign = 1 if side == "long" else -1
    told, liquidation = _decimal(position.get("leverage")), _decimal(position.get("liquidationPrice"))
    isolated = _isolated(position) if position.get("marginMode") == "isolated" else None
    return ContractState(
        instrument=instrument,
        size=sign * lots,
        cost=sign * worth,
        leverage=leverage or max(1, int(told or 1)),
        isolated=isolated,
        tiers=tiers,
        liquidation=_ticks(liquidation, instrument) if liquidation and not tiers else 0,
    )


def tiers_told(tiers: Sequence[Mapping[str, Any]]) -> tuple[Tier, ...]:
    """From the lowest on; () where one says not enough. A deduction that is not told counts as none, so margins are
    larger, never smaller (Binance: ``cum``; Bybit: ``mmDeduction``)."""
    found = []
    for each in sorted(tiers, key=lambda tier: _decimal(tier.get("minNotional")) or Decimal(0)):
        rate, floor = _decimal(each.get("maintenanceMarginRate")), _decimal(each.get("minNotional"))
        if rate is None or floor is None:
            return ()
        info = each.get("info") or {}
        deduction = _decimal(info.get("cum") or info.get("mmDeduction")) or Decimal(0)
        found.append(
            Tier(
                floor=_units(floor),
                rate=int((rate * MILLION).to_integral_value(ROUND_CEILING)),
                deduction=_units(deduction),
            )
        )
    return tuple(found)


def funding_told(told: Mapping[str, Any], instrument: Instrument) -> Funding:
    """One payment. Raises `Unanswered` where something is missing."""
    missing = [name for name in ("amount", "timestamp") if told.get(name) is None]
    if missing:
        raise Unanswered(f"{instrument.id}: funding comes without its {', '.join(missing)}")
    amount = _decimal(told["amount"]) or Decimal(0)
    return Funding(
        id=f"{instrument.symbol}/{told.get('id') or told['timestamp']}",
        instrument=instrument.id,
        asset=f"{instrument.venue}:{told.get('code') or instrument.settle.partition(':')[2]}",
        amount=_units(amount),
        time=int(told["timestamp"]) * MILLISECOND,
    )


def forced(trade: Mapping[str, Any], client_id: str) -> str:
    """Why the exchange itself made a trade; empty: it did not.

    Binance: client ids of the user stream's "Event: Order Update"; Bybit: ``execType``; OKX: ``category`` of an
    order, ``subType`` of a fill ("Get transaction details").
    """
    info = trade.get("info") or {}
    for prefix, reason in _PREFIXES.items():
        if client_id.startswith(prefix):
            return reason
    told = str(info.get("execType") or info.get("category") or info.get("subType") or "")
    return _REASONS.get(told, "")


_PREFIXES: Final = {"autoclose-": "liquidation", "adl_autoclose": "adl", "settlement_autoclose": "settlement"}
_REASONS: Final = {
    "BustTrade": "liquidation",
    "AdlTrade": "adl",
    "Settle": "settlement",
    "Delivery": "settlement",
    "full_liquidation": "liquidation",
    "partial_liquidation": "liquidation",
    "adl": "adl",
    "delivery": "settlement",
    **dict.fromkeys(("100", "101", "102", "103", "104", "105", "106", "107"), "liquidation"),
    **dict.fromkeys(("125", "126", "127", "128"), "adl"),
    **dict.fromkeys(("112", "113"), "settlement"),
}
"""The numbers are OKX's, of longs and shorts, bought and sold."""


def _wallets(exchange: str, info: Any) -> dict[str, str] | None:
    """By code, what is owned without unrealised profit, as each exchange calls it; None of one that nobody looked at.

    Binance: "Account Information V3"; Bybit: "Get Wallet Balance"; OKX: "Get balance" (``cashBal``).
    """
    if exchange in BINANCE:
        return {each["asset"]: each["walletBalance"] for each in info["assets"]}
    if exchange in ("bybit", "bybiteu"):
        coins = info["result"]["list"][0]["coin"]
        return {each["coin"]: each["walletBalance"] or "0" for each in coins}
    if exchange in ("okx", "myokx", "okxus"):
        return {each["ccy"]: each["cashBal"] or "0" for each in info["data"][0]["details"]}
    return None


def _isolated(position: Mapping[str, Any]) -> int:
    """Without unrealised profit, which ccxt counts in on Binance ("isolatedWallet") and OKX ("margin")."""
    info = position.get("info") or {}
    told = info.get("isolatedWallet") or info.get("margin") or position.get("collateral")
    return _units(_decimal(told) or Decimal(0))


def _ticks(price: Decimal, instrument: Instrument) -> int:
    return _units(price) // instrument.tick


def _units(number: Decimal) -> int:
    """Base units of what may have more decimals than an amount has, rounded down."""
    numerator, denominator = number.as_integer_ratio()
    return numerator * COIN // denominator


def _decimal(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))
